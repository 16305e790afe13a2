package policy

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is the type of an expression.
type kind uint8

const (
	kindBool kind = iota
	kindInt
	kindString
	kindList
)

// op is what a node does with its kids.
type op uint8

const (
	opConst op = iota
	opFact
	opSkill
	opList
	opAnd
	opOr
	opNot
	opIf
	opEq
	opNe
	opLt
	opLe
	opGt
	opGe
	opIn
	opStarts
	opEnds
	opContains
	opSize
)

// node is an expression, lowered from CEL and of a type that CEL has checked.
type node struct {
	op   op
	kind kind
	kids []*node
	// text is a constant of kind string; number one of kind int, or of kind bool as 0 and 1.
	text   string
	number int64
	fact   fact
	// skill is the index among the policy's skills; skills is true where the value depends on any.
	skill  int
	skills bool
	// offset is the place in the expression, in runes.
	offset int
}

// truth is the value of a bool that depends on no skill.
func (n *node) truth(f *Facts) bool {
	switch n.op {
	case opConst:
		return n.number != 0
	case opAnd:
		for _, k := range n.kids {
			if !k.truth(f) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range n.kids {
			if k.truth(f) {
				return true
			}
		}
		return false
	case opNot:
		return !n.kids[0].truth(f)
	case opIf:
		return n.branch(f).truth(f)
	case opEq:
		return n.equal(f)
	case opNe:
		return !n.equal(f)
	case opLt, opLe, opGt, opGe:
		return compare(n.op, n.kids[0].count(f), n.kids[1].count(f))
	case opIn:
		return n.contained(f)
	case opStarts:
		return strings.HasPrefix(n.kids[0].word(f), n.kids[1].word(f))
	case opEnds:
		return strings.HasSuffix(n.kids[0].word(f), n.kids[1].word(f))
	case opContains:
		return strings.Contains(n.kids[0].word(f), n.kids[1].word(f))
	case opFact, opSkill, opList, opSize: // of another kind
	}
	return false
}

// count is the value of an int that depends on no skill.
func (n *node) count(f *Facts) int64 {
	switch n.op { //nolint:exhaustive // the others are no ints
	case opConst:
		return n.number
	case opFact:
		return f.Confidence
	case opIf:
		return n.branch(f).count(f)
	case opSize:
		return n.kids[0].size(f)
	default:
		return 0
	}
}

// word is the value of a string.
func (n *node) word(f *Facts) string {
	switch n.op { //nolint:exhaustive // the others are no strings
	case opConst:
		return n.text
	case opFact:
		return f.text(n.fact)
	case opIf:
		return n.branch(f).word(f)
	default:
		return ""
	}
}

func (n *node) branch(f *Facts) *node {
	if n.kids[0].truth(f) {
		return n.kids[1]
	}
	return n.kids[2]
}

func (n *node) size(f *Facts) int64 {
	switch {
	case n.kind == kindString:
		return int64(utf8.RuneCountInString(n.word(f)))
	case n.op == opList:
		return int64(len(n.kids))
	default:
		return int64(len(f.Tags))
	}
}

func (n *node) equal(f *Facts) bool {
	a, b := n.kids[0], n.kids[1]
	switch a.kind {
	case kindBool:
		return a.truth(f) == b.truth(f)
	case kindInt:
		return a.count(f) == b.count(f)
	case kindString:
		return a.word(f) == b.word(f)
	case kindList: // refused by lowering
	}
	return false
}

// contained is whether the first kid is in the second, which is a list or the tags.
func (n *node) contained(f *Facts) bool {
	a, list := n.kids[0], n.kids[1]
	switch {
	case list.op == opFact:
		return slices.Contains(f.Tags, a.word(f))
	case a.kind == kindInt:
		v := a.count(f)
		return slices.ContainsFunc(list.kids, func(k *node) bool { return k.count(f) == v })
	default:
		v := a.word(f)
		return slices.ContainsFunc(list.kids, func(k *node) bool { return k.word(f) == v })
	}
}

func compare(o op, a, b int64) bool {
	switch o { //nolint:exhaustive // the others compare nothing
	case opEq:
		return a == b
	case opNe:
		return a != b
	case opLt:
		return a < b
	case opLe:
		return a <= b
	case opGt:
		return a > b
	case opGe:
		return a >= b
	default:
		return false
	}
}

// value writes the value of a variable as CEL would.
func (n *node) value(f *Facts) string {
	switch n.kind {
	case kindInt:
		return strconv.FormatInt(n.count(f), 10)
	case kindString:
		return strconv.Quote(n.word(f))
	case kindList, kindBool:
	}
	quoted := make([]string, len(f.Tags))
	for i, t := range f.Tags {
		quoted[i] = strconv.Quote(t)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
