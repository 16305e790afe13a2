package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/env"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
)

// maxDepth bounds how deep expressions nest.
const maxDepth = 60

// included are the functions of CEL that policies have, with their overloads; none means all.
var included = []struct {
	name      string
	overloads []string
}{
	{operators.LogicalAnd, nil},
	{operators.LogicalOr, nil},
	{operators.LogicalNot, nil},
	{operators.Conditional, nil},
	{operators.Equals, nil},
	{operators.NotEquals, nil},
	{operators.Less, []string{overloads.LessInt64}},
	{operators.LessEquals, []string{overloads.LessEqualsInt64}},
	{operators.Greater, []string{overloads.GreaterInt64}},
	{operators.GreaterEquals, []string{overloads.GreaterEqualsInt64}},
	{operators.In, []string{overloads.InList}},
	{overloads.StartsWith, nil},
	{overloads.EndsWith, nil},
	{overloads.Contains, nil},
	{overloads.Size, []string{overloads.SizeString, overloads.SizeStringInst, overloads.SizeList, overloads.SizeListInst}},
}

const functionNames = "startsWith, endsWith, contains and size"

// skillFunction names a skill whose id is no name of CEL's: skill("credit-cards").
const skillFunction = "skill"

// language is the CEL of policies: of conditions about the contact, or with skills, of needs.
type language struct {
	cel *cel.Env
}

// newLanguage makes the language of conditions; skills are the ids that needs name besides.
func newLanguage(skills []string) (language, error) {
	subset := &env.LibrarySubset{DisableMacros: true}
	for _, f := range included {
		one := &env.Function{Name: f.name}
		for _, o := range f.overloads {
			one.Overloads = append(one.Overloads, &env.Overload{ID: o})
		}
		subset.IncludeFunctions = append(subset.IncludeFunctions, one)
	}
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(subset)), cel.ClearMacros(), cel.HomogeneousAggregateLiterals(),
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(MaxExpression),
		cel.Function(skillFunction, cel.Overload("skill_string", []*cel.Type{cel.StringType}, cel.IntType)),
	}
	for v, name := range factNames {
		options = append(options, cel.Variable("contact."+name, celType(fact(v).kind())))
	}
	for _, s := range skills {
		options = append(options, cel.Variable(s, cel.IntType))
	}
	e, err := cel.NewCustomEnv(options...)
	if err != nil {
		return language{}, fmt.Errorf("the language of policies cannot be made: %w", err)
	}
	return language{e}, nil
}

func celType(k kind) *cel.Type {
	switch k {
	case kindBool:
		return cel.BoolType
	case kindInt:
		return cel.IntType
	case kindString:
		return cel.StringType
	case kindList:
	}
	return cel.ListType(cel.StringType)
}

// parse reads an expression without asking what its names mean.
func (l language) parse(text string) (*cel.Ast, []wrong) {
	parsed, issues := l.cel.Parse(text)
	if issues.Err() != nil {
		return nil, wrongs(text, issues)
	}
	return parsed, nil
}

// check finds the types of an expression and refuses what has another type than bool.
func (l language) check(text string, parsed *cel.Ast) (*cel.Ast, []wrong) {
	checked, issues := l.cel.Check(parsed)
	if issues.Err() != nil {
		return nil, wrongs(text, issues)
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) {
		return nil, []wrong{{0, fmt.Sprintf("this is %s, not a condition that is true or false", typeName(t.String()))}}
	}
	return checked, nil
}

// wrong is a fault in an expression, at an offset in runes.
type wrong struct {
	offset int
	text   string
}

func wrongs(text string, issues *cel.Issues) []wrong {
	var out []wrong
	for _, e := range issues.Errors() {
		one := wrong{offsetOf(text, e.Location), plainly(e.Message)}
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// offsetOf counts the runes before a location, whose lines count from 1 and columns from 0.
func offsetOf(text string, at common.Location) int {
	offset, line := 0, 1
	for _, r := range text {
		if line >= at.Line() {
			break
		}
		if r == '\n' {
			line++
		}
		offset++
	}
	return max(offset+at.Column(), 0)
}

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	overload   = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
	expecting  = regexp.MustCompile(`(?s) expecting .*$`)
)

// plainly says what CEL reports in the words of a policy.
func plainly(message string) string {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		if name, ok := operatorName(m[1]); ok {
			return fmt.Sprintf("%s is no part of policies; there are == != < <= > >= && || ! ?: and in", name)
		}
		return fmt.Sprintf("nothing is called %s here; the functions are %s", m[1], functionNames)
	}
	if m := overload.FindStringSubmatch(message); m != nil {
		name, _ := operatorName(m[1])
		return fmt.Sprintf("%s does not take %s", name, typeNames(m[2]))
	}
	if rest, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		if strings.Contains(rest, "'<EOF>'") {
			return "the expression ends before it is complete"
		}
		return "CEL cannot read this: " + expecting.ReplaceAllString(rest, "")
	}
	if strings.HasPrefix(message, "expression recursion limit") {
		return "the expression nests too deep; make two rules of it"
	}
	return message
}

func operatorName(name string) (string, bool) {
	switch {
	case name == operators.Conditional:
		return "?:", true
	case name == operators.In:
		return "in", true
	case name == operators.Index:
		return "[ ]", true
	case strings.ContainsRune(name, '_') && strings.Trim(name, "_+-*/%<>=!&|") == "":
		return strings.Trim(name, "_"), true
	default:
		return name, false
	}
}

var typeWords = strings.NewReplacer("string", "text", "int", "whole number", "double", "fraction", "bool", "true or false", "list(", "list of (")

func typeName(t string) string { return "a " + typeWords.Replace(t) }

// typeNames says (string, int) as "a text and a whole number".
func typeNames(list string) string {
	if receiver, args, ok := strings.Cut(list, ".("); ok {
		list = receiver + ", " + args
	}
	list = strings.TrimSuffix(strings.TrimPrefix(list, "("), ")")
	parts := strings.Split(list, ", ")
	for i, p := range parts {
		parts[i] = typeName(p)
	}
	return strings.Join(parts, " and ")
}

// place is the offset of an expression in the text it was parsed from.
func place(a *ast.AST, text string, e ast.Expr) int {
	for e.Kind() == ast.SelectKind {
		e = e.AsSelect().Operand() // a.b is at a, not at its dot
	}
	return offsetOf(text, a.SourceInfo().GetStartLocation(e.ID()))
}

// literal takes a constant; ok is false for what policies have no constants of.
func literal(e ast.Expr) (n *node, ok bool) {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		n = &node{op: opConst, kind: kindBool}
		if v {
			n.number = 1
		}
	case types.Int:
		n = &node{op: opConst, kind: kindInt, number: int64(v)}
	case types.String:
		n = &node{op: opConst, kind: kindString, text: string(v)}
	default:
		return nil, false
	}
	return n, true
}
