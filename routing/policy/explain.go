package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Trace is what became of one rule for one contact.
type Trace struct {
	Rule int    `json:"rule"`
	Name string `json:"name"`
	// Matches tells whether its condition is true and it leads to the queue that was chosen, if one was; Decides, whether it is
	// the first that matches.
	Matches bool `json:"matches"`
	Decides bool `json:"decides"`
	// Why are the parts of the condition that settle it, each with its value and what it is made of.
	Why []string `json:"why"`
}

// Explain goes through all rules and says of each why it matches the contact or does not. It is for people: Decide costs less.
func (c *Compiled) Explain(facts Facts) []Trace {
	f, decided := &facts, false
	out := make([]Trace, 0, len(c.rules))
	for i := range c.rules {
		r := &c.rules[i]
		t := Trace{Rule: i, Name: r.name, Matches: r.when == nil || r.when.truth(f)}
		switch {
		case !r.leadsTo(f):
			t.Matches = false
			t.Why = []string{fmt.Sprintf("it leads to %s, but %s was chosen for this contact", r.queue, f.Queue)}
		case r.when == nil:
			t.Why = []string{"it has no condition"}
		default:
			t.Why = r.when.reasons(f)
		}
		t.Decides = t.Matches && !decided
		decided = decided || t.Matches
		out = append(out, t)
	}
	return out
}

// reasons lists the parts that give a bool its value.
func (n *node) reasons(f *Facts) []string {
	switch n.op { //nolint:exhaustive // the others have no parts that are bools
	case opAnd, opOr:
		var out []string
		value := n.truth(f)
		// An and is false by those that are false, and true by all; an or the other way round.
		for _, k := range n.kids {
			if k.truth(f) == value {
				out = append(out, k.reasons(f)...)
			}
		}
		return out
	case opNot:
		return n.kids[0].reasons(f)
	case opIf:
		return append(n.kids[0].reasons(f), n.branch(f).reasons(f)...)
	}
	text := fmt.Sprintf("%s is %v", n.write(nil), n.truth(f))
	if is := n.ingredients(f, nil); len(is) > 0 {
		text += ": " + strings.Join(is, ", ")
	}
	return []string{text}
}

// ingredients lists the variables in an expression with their values.
func (n *node) ingredients(f *Facts, into []string) []string {
	if n.op == opFact {
		if one := "contact." + factNames[n.fact] + " is " + n.value(f); !slices.Contains(into, one) {
			into = append(into, one)
		}
	}
	for _, k := range n.kids {
		into = k.ingredients(f, into)
	}
	return into
}
