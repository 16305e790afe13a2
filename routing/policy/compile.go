package policy

import (
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
)

// Compiled is a policy ready to decide. It remembers needs that it has settled, so it serves one goroutine at a time; what it
// decides does not depend on what it remembers.
type Compiled struct {
	domain   string
	fallback string
	skills   []string
	index    map[string]int
	rules    []rule
	// by has the rules that may match a contact of an intent, in their order; others, those that ask for no certain intent.
	by     map[string][]int
	others []int
	key    []byte // room for the key of settled steps
}

type rule struct {
	name, queue string
	priority    int32
	headStartMs int64
	lastAgentMs int64
	when        *node // nil for always
	steps       []step
	// atoms are the parts of the needs that depend on the contact and on no skill: equal atoms, equal settled steps.
	atoms   []*node
	settled map[string][]Step
	only    []Step
}

type step struct {
	need  *node // nil for anyone
	forMs int64
}

// maxSettled bounds how many settled forms of a rule's steps are remembered.
const maxSettled = 4096

// Compile makes a policy ready. It refuses only what cannot decide: expressions that are none, and sizes above the limits.
// What else [Check] finds is for people, before the policy is in force; a fold takes what was accepted once, also when it
// names queues and skills that are gone by now. Nobody has a skill that is gone.
func Compile(p *event.Policy) (*Compiled, error) {
	c := newCompiler(p, Known{})
	if err := c.run(); err != nil {
		return nil, err
	}
	var errs []error
	for _, one := range c.problems {
		if one.blocks {
			errs = append(errs, one)
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("the policy of domain %q: %w", p.GetDomain(), errors.Join(errs...))
	}
	c.out.sort()
	return c.out, nil
}

// Skills are the ids that needs name, in the order of the levels that [Need.Fits] takes.
func (c *Compiled) Skills() []string { return c.skills }

// Domain is the policy's domain as it was given.
func (c *Compiled) Domain() string { return c.domain }

// Levels puts an agent's skills in the order of [Compiled.Skills]. Agents with equal levels fit the same needs of this policy.
func (c *Compiled) Levels(skills []*event.AgentSkill) []uint8 {
	levels := make([]uint8, len(c.skills))
	for _, s := range skills {
		if i, ok := c.index[s.GetSkill()]; ok {
			levels[i] = uint8(min(s.GetLevel(), MaxLevel))
		}
	}
	return levels
}

// Decision is what becomes of a contact.
type Decision struct {
	// Rule is the index of the rule that matched, and Name its name; -1 and empty where none did.
	Rule int
	Name string
	// Queue it goes to. It may be one that is not there any more.
	Queue string
	// Priority is added to the queue's, head start to the wait.
	Priority    int32
	HeadStartMs int64
	// LastAgentMs: for so long it is kept for the agent who held the customer's last contact.
	LastAgentMs int64
	// Steps of the agents' abilities, in order of time. None: any member of the queue will do. The slice is shared: read it only.
	Steps []Step
}

// Step is what an agent must be able to do, for a while.
type Step struct {
	Need *Need
	// ForMs is 0 in the last step, which holds for ever.
	ForMs int64
}

// Decide finds the first rule that matches. Where the queue was chosen before, that queue stays and the first rule that
// matches and leads to it gives the rest; a rule without a queue leads to the one asked for.
func (c *Compiled) Decide(facts Facts) Decision {
	f := &facts
	for _, i := range c.candidates(f.Intent) {
		r := &c.rules[i]
		if r.leadsTo(f) && (r.when == nil || r.when.truth(f)) {
			d := Decision{
				Rule: i, Name: r.name, Queue: r.queue, Priority: r.priority, HeadStartMs: r.headStartMs, LastAgentMs: r.lastAgentMs,
				Steps: c.settle(r, f),
			}
			if d.Queue == "" {
				d.Queue = f.Queue
			}
			return d
		}
	}
	d := Decision{Rule: -1, Queue: c.fallback}
	if f.Chosen || d.Queue == "" {
		d.Queue = f.Queue
	}
	return d
}

func (r *rule) leadsTo(f *Facts) bool { return !f.Chosen || r.queue == "" || r.queue == f.Queue }

// settle gives a rule's steps with the contact's part settled.
func (c *Compiled) settle(r *rule, f *Facts) []Step {
	if len(r.steps) == 0 {
		return nil
	}
	if len(r.atoms) == 0 && r.only != nil {
		return r.only // no contact's steps are others
	}
	c.key = c.key[:0]
	for _, a := range r.atoms {
		c.key = a.remember(c.key, f)
	}
	if steps, ok := r.settled[string(c.key)]; ok {
		return steps
	}
	s := settler{f, c.skills}
	steps := make([]Step, len(r.steps))
	for i, one := range r.steps {
		steps[i] = Step{anyone, one.forMs}
		if one.need != nil {
			steps[i].Need = s.settle(one.need, false)
		}
	}
	if len(r.settled) >= maxSettled {
		clear(r.settled)
	}
	r.settled[string(c.key)] = steps
	if len(r.atoms) == 0 {
		r.only = steps
	}
	return steps
}

// remember appends the value of an atom.
func (n *node) remember(key []byte, f *Facts) []byte {
	if n.kind == kindBool {
		if n.truth(f) {
			return append(key, 1)
		}
		return append(key, 0)
	}
	v := uint64(n.count(f)) //nolint:gosec // the bits are meant
	for range 8 {
		key, v = append(key, byte(v)), v>>8
	}
	return key
}

// atoms lists the largest parts that depend on the contact and on no skill.
func atoms(n *node, into []*node) []*node {
	switch {
	case n.skills || n.op == opList:
		for _, k := range n.kids {
			into = atoms(k, into)
		}
		return into
	case n.constant():
		return into
	default:
		return append(into, n)
	}
}

// constant is whether the value depends on nothing.
func (n *node) constant() bool {
	if n.op == opFact || n.op == opSkill {
		return false
	}
	for _, k := range n.kids {
		if !k.constant() {
			return false
		}
	}
	return true
}
