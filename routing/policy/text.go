package policy

import (
	"slices"
	"strconv"
	"strings"
)

// Strengths of binding, the weakest first.
const (
	bindIf = iota
	bindOr
	bindAnd
	bindRelation
	bindNot
	bindAll
)

var symbols = [...]string{opAnd: "&&", opOr: "||", opEq: "==", opNe: "!=", opLt: "<", opLe: "<=", opGt: ">", opGe: ">=", opIn: "in"}

// write gives the expression as CEL, in one line and with no more parentheses than needed. Skills are named by names.
func (n *node) write(names []string) string {
	var b strings.Builder
	n.put(&b, names, bindIf)
	return b.String()
}

func (n *node) put(b *strings.Builder, names []string, outer int) {
	inner := n.bind()
	if inner < outer {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch n.op {
	case opConst, opFact, opSkill:
		b.WriteString(n.atom(names))
	case opList:
		b.WriteByte('[')
		n.join(b, names, ", ", bindIf)
		b.WriteByte(']')
	case opAnd, opOr:
		n.join(b, names, " "+symbols[n.op]+" ", inner+1)
	case opNot:
		b.WriteByte('!')
		n.kids[0].put(b, names, bindNot)
	case opIf:
		n.kids[0].put(b, names, bindOr)
		b.WriteString(" ? ")
		n.kids[1].put(b, names, bindOr)
		b.WriteString(" : ")
		n.kids[2].put(b, names, bindIf)
	case opEq, opNe, opLt, opLe, opGt, opGe, opIn:
		n.join(b, names, " "+symbols[n.op]+" ", inner+1)
	case opStarts, opEnds, opContains, opSize:
		n.kids[0].put(b, names, bindAll)
		b.WriteString("." + n.function() + "(")
		for _, k := range n.kids[1:] {
			k.put(b, names, bindIf)
		}
		b.WriteByte(')')
	}
}

func (n *node) join(b *strings.Builder, names []string, between string, outer int) {
	for i, k := range n.kids {
		if i > 0 {
			b.WriteString(between)
		}
		k.put(b, names, outer)
	}
}

func (n *node) bind() int {
	switch n.op {
	case opIf:
		return bindIf
	case opOr:
		return bindOr
	case opAnd:
		return bindAnd
	case opEq, opNe, opLt, opLe, opGt, opGe, opIn:
		return bindRelation
	case opNot:
		return bindNot
	case opConst, opFact, opSkill, opList, opStarts, opEnds, opContains, opSize:
	}
	return bindAll
}

func (n *node) atom(names []string) string {
	switch {
	case n.op == opFact:
		return "contact." + factNames[n.fact]
	case n.op == opSkill:
		return skillText(names[n.skill])
	case n.kind == kindString:
		return strconv.Quote(n.text)
	case n.kind == kindBool:
		return strconv.FormatBool(n.number != 0)
	default:
		return strconv.FormatInt(n.number, 10)
	}
}

func (n *node) function() string {
	switch n.op { //nolint:exhaustive // the others are no functions
	case opStarts:
		return "startsWith"
	case opEnds:
		return "endsWith"
	case opContains:
		return "contains"
	default:
		return "size"
	}
}

// reserved are words that CEL does not take as names.
var reserved = []string{
	"as", "break", "const", "contact", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
	"namespace", "null", "package", "return", "skill", "true", "var", "void", "while",
}

// skillText is how an expression names a skill: its id, or skill("the-id") where CEL would read the id otherwise.
func skillText(id string) string {
	plain := id != "" && !slices.Contains(reserved, id)
	for i, r := range id {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		plain = plain && (letter || i > 0 && r >= '0' && r <= '9')
	}
	if plain {
		return id
	}
	return "skill(" + strconv.Quote(id) + ")"
}
