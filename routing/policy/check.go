package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"

	"github.com/tributary-cc/tributary/stream/event"
)

// Limits of a policy.
const (
	MaxRules      = 500
	MaxSteps      = 10
	MaxExpression = 2000       // runes of an expression
	MaxName       = 100        // runes of a rule's name
	MaxPriority   = 1000       // either way
	MaxSkills     = 200        // that one policy asks about
	MaxNeed       = 300        // parts of a need once it is settled, so that its key stays short
	MaxMs         = 86_400_000 // a day, for each length of time
)

// Known is what the configuration has. What is nil is not known, and not checked.
type Known struct {
	Queues, Skills, EntryPoints, Intents []string
}

// Problem is one thing wrong with a policy.
//
//nolint:errname // a problem of a policy, not an error of ours
type Problem struct {
	// Path is where, as rules[2].steps[0].need.
	Path string
	// Offset is how many runes of the expression stand before it; 0 where it is the whole.
	Offset int
	Text   string
	rule   int  // the rule it is about; -1 for the policy as a whole
	blocks bool // it keeps the policy from deciding
}

// Error gives path: text.
func (p Problem) Error() string { return p.Path + ": " + p.Text }

// Check finds all that is wrong with a policy, in the order of its rules.
func Check(p *event.Policy, known Known) []Problem {
	c := newCompiler(p, known)
	if err := c.run(); err != nil {
		c.fail("rules", "%v", err)
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return a.rule - b.rule })
	return c.problems
}

type compiler struct {
	policy   *event.Policy
	known    Known
	base     language
	out      *Compiled
	problems []Problem
	current  int // the rule that is looked at
	needs    []pending
	whens    map[string]int // by their canonical text
}

// pending is an expression that waits for all names to be known before its types are checked.
type pending struct {
	rule   int
	path   string
	text   string
	parsed *cel.Ast
	node   *node
}

func newCompiler(p *event.Policy, known Known) *compiler {
	return &compiler{
		policy: p, known: known, current: -1, whens: make(map[string]int),
		out: &Compiled{domain: p.GetDomain(), fallback: p.GetFallback(), index: make(map[string]int)},
	}
}

func (c *compiler) fail(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{Path: path, Text: fmt.Sprintf(format, args...), rule: c.current})
}

// block reports what keeps the policy from deciding; fail, what a person should put right.
func (c *compiler) block(path, format string, args ...any) {
	c.fail(path, format, args...)
	c.problems[len(c.problems)-1].blocks = true
}

func (c *compiler) run() (err error) {
	if c.base, err = newLanguage(nil); err != nil {
		return err
	}
	c.queue("fallback", c.policy.GetFallback())
	rules := c.policy.GetRules()
	if len(rules) > MaxRules {
		c.block("rules", "%d rules are more than %d; join those that differ by a text with `in`", len(rules), MaxRules)
		rules = rules[:MaxRules]
	}
	for i, r := range rules {
		c.current = i
		c.rule(i, r)
	}
	c.current = -1
	if len(c.out.skills) > MaxSkills {
		c.block("rules", "the needs ask about %d skills, more than %d", len(c.out.skills), MaxSkills)
		return nil
	}
	c.reach(rules)
	return c.types()
}

func (c *compiler) queue(path, id string) {
	if id != "" && c.known.Queues != nil && !slices.Contains(c.known.Queues, id) {
		c.fail(path, "there is no queue %q; %s", id, choices(c.known.Queues))
	}
}

// choices lists what there is, shortened.
func choices(list []string) string {
	switch n := len(list); {
	case n == 0:
		return "there is none"
	case n > 12:
		return fmt.Sprintf("there are %s and %d more", strings.Join(list[:12], ", "), n-12)
	default:
		return "there are " + strings.Join(list, ", ")
	}
}

func (c *compiler) rule(i int, r *event.PolicyRule) {
	path := rulePath(i)
	c.name(path+".name", i, r.GetName())
	c.queue(path+".queue", r.GetQueue())
	if p := r.GetPriority(); p > MaxPriority || p < -MaxPriority {
		c.fail(path+".priority", "priority is %d; it is from %d to %d", p, -MaxPriority, MaxPriority)
	}
	c.length(path+".head_start", r.GetHeadStartMs())
	c.length(path+".last_agent", r.GetLastAgentMs())
	out := rule{
		name: r.GetName(), queue: r.GetQueue(), priority: r.GetPriority(), headStartMs: r.GetHeadStartMs(), lastAgentMs: r.GetLastAgentMs(),
		when: c.expression(path+".when", r.GetWhen(), false),
	}
	c.steps(path, r.GetSteps(), &out)
	c.out.rules = append(c.out.rules, out)
}

func (c *compiler) name(path string, i int, name string) {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		c.fail(path, "a rule needs a name that says what it is for")
	case n > MaxName:
		c.fail(path, "the name has %d letters, more than %d", n, MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		c.fail(path, "a name is one line of text")
	}
	for j, other := range c.policy.GetRules()[:i] {
		if name != "" && other.GetName() == name {
			c.fail(path, "rule %d is called %q too; names tell rules apart in reports", j+1, name)
			return
		}
	}
}

func (c *compiler) length(path string, ms int64) {
	if ms < 0 || ms > MaxMs {
		c.fail(path, "it is %d ms; it is from 0 to a day", ms)
	}
}

func (c *compiler) steps(path string, steps []*event.PolicyStep, out *rule) {
	if len(steps) > MaxSteps {
		c.block(path+".steps", "%d steps are more than %d", len(steps), MaxSteps)
		steps = steps[:MaxSteps]
	}
	for i, s := range steps {
		at := fmt.Sprintf("%s.steps[%d]", path, i)
		c.length(at+".for", s.GetForMs())
		switch last := i == len(steps)-1; {
		case last && s.GetForMs() != 0:
			c.fail(at+".for", "the last step holds for ever; leave `for` out, or add a step for what comes after it")
		case !last && s.GetForMs() == 0:
			c.fail(at+".for", "say how long this step holds with `for: 30s`; only the last holds for ever")
		}
		one := step{need: c.expression(at+".need", s.GetNeed(), true), forMs: s.GetForMs()}
		if one.need != nil {
			out.atoms = atoms(one.need, out.atoms)
		}
		out.steps = append(out.steps, one)
	}
	out.settled = make(map[string][]Step)
}

// expression reads a condition or a need; nil for an empty one and for one with faults.
func (c *compiler) expression(path, text string, need bool) *node {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return nil
	case n > MaxExpression:
		c.block(path, "the expression has %d letters, more than %d; make two rules of it", n, MaxExpression)
		return nil
	case !utf8.ValidString(text):
		c.block(path, "the expression is not UTF-8")
		return nil
	}
	parsed, faults := c.base.parse(text)
	if len(faults) > 0 {
		c.wrong(path, faults)
		return nil
	}
	l := &lowering{ast: parsed.NativeRep(), text: text}
	if need {
		l.skill, l.known = c.skill, c.known.Skills
	}
	n := l.lower(parsed.NativeRep().Expr())
	if len(l.faults) > 0 {
		c.wrong(path, l.faults)
		return nil
	}
	for _, u := range c.unknown(n) {
		c.problems = append(c.problems, Problem{path, u.offset, u.text, c.current, false})
	}
	c.needs = append(c.needs, pending{c.current, path, text, parsed, n})
	return n
}

func (c *compiler) wrong(path string, faults []wrong) {
	for _, f := range faults {
		c.problems = append(c.problems, Problem{path, f.offset, f.text, c.current, true})
	}
}

func (c *compiler) skill(id string) int {
	if i, ok := c.out.index[id]; ok {
		return i
	}
	if c.known.Skills != nil && !slices.Contains(c.known.Skills, id) {
		return -1
	}
	c.out.index[id] = len(c.out.skills)
	c.out.skills = append(c.out.skills, id)
	return len(c.out.skills) - 1
}

// unknown finds texts that a variable with a known set of values is compared with and can never be.
func (c *compiler) unknown(n *node) []wrong {
	var out []wrong
	if n.op == opEq || n.op == opNe || n.op == opIn {
		a, b := n.kids[0], n.kids[1]
		if a.op != opFact {
			a, b = b, a
		}
		if values := c.values(a); values != nil {
			for _, k := range append([]*node{b}, b.kids...) {
				if k.op == opConst && k.kind == kindString && k.text != "" && !slices.Contains(values, k.text) {
					out = append(out, wrong{k.offset, fmt.Sprintf("contact.%s is never %q; %s", factNames[a.fact], k.text, choices(values))})
				}
			}
		}
	}
	for _, k := range n.kids {
		out = append(out, c.unknown(k)...)
	}
	return out
}

func (c *compiler) values(n *node) []string {
	if n.op != opFact {
		return nil
	}
	switch n.fact {
	case factChannel:
		return Channels()
	case factQueue:
		return c.known.Queues
	case factEntryPoint:
		return c.known.EntryPoints
	case factIntent:
		return c.known.Intents
	case factConfidence, factLanguage, factTier, factTags:
	}
	return nil
}

// types checks all expressions now that the names of skills are known.
func (c *compiler) types() error {
	var plain []string
	for _, s := range c.out.skills {
		if skillText(s) == s {
			plain = append(plain, s)
		}
	}
	l, err := newLanguage(plain)
	if err != nil {
		return err
	}
	for _, p := range c.needs {
		c.current = p.rule
		checked, faults := l.check(p.text, p.parsed)
		if checked == nil {
			c.wrong(p.path, faults)
			continue
		}
		left := purse(MaxNeed)
		if left.need(p.node); left < 0 {
			c.block(p.path, "this has too many cases; make two rules or two steps of it")
		}
	}
	return nil
}

func rulePath(i int) string { return fmt.Sprintf("rules[%d]", i) }
