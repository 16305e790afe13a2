package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
)

// lowering makes a tree of ours of a CEL expression, before and regardless of CEL's check of types; it reports what policies
// do not have.
type lowering struct {
	ast  *ast.AST
	text string
	// skill gives the index of a skill by its id; nil where skills may not be asked about.
	skill  func(id string) int
	known  []string
	faults []wrong
}

func (l *lowering) fail(e ast.Expr, format string, args ...any) *node {
	l.faults = append(l.faults, wrong{place(l.ast, l.text, e), fmt.Sprintf(format, args...)})
	return &node{op: opConst, kind: kindBool}
}

func (l *lowering) lower(e ast.Expr) *node {
	n := l.expression(e)
	n.offset = place(l.ast, l.text, e)
	return n
}

func (l *lowering) expression(e ast.Expr) *node {
	switch e.Kind() {
	case ast.LiteralKind:
		n, ok := literal(e)
		if !ok {
			return l.fail(e, "there are only whole numbers, texts, true and false; confidence is in thousandths: 600 for 0.6")
		}
		return n
	case ast.IdentKind:
		return l.name(e)
	case ast.SelectKind:
		return l.variable(e)
	case ast.ListKind:
		return l.list(e)
	case ast.CallKind:
		return l.call(e)
	case ast.ComprehensionKind, ast.MapKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return l.fail(e, "policies have no maps, messages and loops")
}

func (l *lowering) name(e ast.Expr) *node {
	name := e.AsIdent()
	switch {
	case name == "contact":
		return l.fail(e, "contact is asked by its parts: contact.%s", strings.Join(factNames[:], ", contact."))
	case l.skill == nil:
		return l.fail(e, "`when` knows only contact.…, not %q; skills are asked about in the need of a step", name)
	}
	return l.ask(e, name)
}

func (l *lowering) ask(e ast.Expr, id string) *node {
	i := l.skill(id)
	if i < 0 {
		return l.fail(e, "there is no skill %q; %s", id, choices(l.known))
	}
	return &node{op: opSkill, kind: kindInt, skill: i, skills: true}
}

func (l *lowering) variable(e ast.Expr) *node {
	s := e.AsSelect()
	if s.Operand().Kind() != ast.IdentKind || s.Operand().AsIdent() != "contact" || s.IsTestOnly() {
		return l.fail(e, "only contact has parts, and one level of them")
	}
	v := slices.Index(factNames[:], s.FieldName())
	if v < 0 {
		return l.fail(e, "there is no contact.%s; there are %s", s.FieldName(), strings.Join(factNames[:], ", "))
	}
	return &node{op: opFact, kind: fact(v).kind(), fact: fact(v)} //nolint:gosec // an index of factNames
}

func (l *lowering) list(e ast.Expr) *node {
	n := &node{op: opList, kind: kindList}
	l.take(n, e.AsList().Elements())
	for _, k := range n.kids {
		if k.kind == kindBool || k.kind == kindList {
			return l.fail(e, "lists hold texts or whole numbers")
		}
	}
	return n
}

func (l *lowering) take(n *node, kids []ast.Expr) {
	for _, k := range kids {
		kid := l.lower(k)
		n.kids = append(n.kids, kid)
		n.skills = n.skills || kid.skills
	}
}

var operations = []struct {
	name string
	op   op
	kind kind
}{
	{operators.LogicalAnd, opAnd, kindBool},
	{operators.LogicalOr, opOr, kindBool},
	{operators.LogicalNot, opNot, kindBool},
	{operators.Conditional, opIf, kindBool},
	{operators.Equals, opEq, kindBool},
	{operators.NotEquals, opNe, kindBool},
	{operators.Less, opLt, kindBool},
	{operators.LessEquals, opLe, kindBool},
	{operators.Greater, opGt, kindBool},
	{operators.GreaterEquals, opGe, kindBool},
	{operators.In, opIn, kindBool},
	{overloads.StartsWith, opStarts, kindBool},
	{overloads.EndsWith, opEnds, kindBool},
	{overloads.Contains, opContains, kindBool},
	{overloads.Size, opSize, kindInt},
}

func (l *lowering) call(e ast.Expr) *node {
	c := e.AsCall()
	if c.FunctionName() == skillFunction && !c.IsMemberFunction() {
		return l.skillCall(e, c)
	}
	for _, o := range operations {
		if o.name != c.FunctionName() {
			continue
		}
		n := &node{op: o.op, kind: o.kind}
		if c.IsMemberFunction() {
			l.take(n, []ast.Expr{c.Target()})
		}
		l.take(n, c.Args())
		return l.shape(e, n)
	}
	name, symbol := operatorName(c.FunctionName())
	if symbol {
		return l.fail(e, "%s is no part of policies; there are == != < <= > >= && || ! ?: and in", name)
	}
	return l.fail(e, "there is no function %s; there are %s", name, functionNames)
}

func (l *lowering) skillCall(e ast.Expr, c ast.CallExpr) *node {
	if len(c.Args()) == 1 && c.Args()[0].Kind() == ast.LiteralKind {
		if n, ok := literal(c.Args()[0]); ok && n.kind == kindString {
			if l.skill == nil {
				return l.fail(e, "`when` knows only contact.…; skills are asked about in the need of a step")
			}
			return l.ask(e, n.text)
		}
	}
	return l.fail(e, `skill takes the id of a skill as it stands: skill("credit-cards")`)
}

// arity is how many kids each operation has.
func arity(o op) int {
	switch o { //nolint:exhaustive // most have two
	case opNot, opSize:
		return 1
	case opIf:
		return 3
	default:
		return 2
	}
}

// shape settles what a call is once its kids are known. Types are CEL's business; here is what CEL would take and we do not.
func (l *lowering) shape(e ast.Expr, n *node) *node {
	if len(n.kids) != arity(n.op) {
		return l.fail(e, "this takes %d values, not %d", arity(n.op), len(n.kids))
	}
	switch n.op { //nolint:exhaustive // the others are as they are
	case opAnd, opOr:
		n.kids = flat(n.op, n.kids)
	case opIf:
		n.kind = n.kids[1].kind
		switch {
		case n.kind == kindList:
			return l.fail(e, "?: does not choose among lists; write it as two conditions")
		case n.kind == kindString && n.skills:
			return l.fail(e, "a text cannot depend on a skill; compare levels themselves")
		}
	case opEq, opNe:
		if n.kids[0].kind == kindList || n.kids[1].kind == kindList {
			return l.fail(e, `lists are not compared; ask "x" in contact.tags, or size(contact.tags)`)
		}
	case opSize:
		n.skills = false
	}
	return n
}

// flat takes the kids of kids that do the same.
func flat(o op, kids []*node) []*node {
	var out []*node
	for _, k := range kids {
		if k.op == o {
			out = append(out, k.kids...)
		} else {
			out = append(out, k)
		}
	}
	return out
}
