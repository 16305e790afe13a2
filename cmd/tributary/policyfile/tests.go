package policyfile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

// Test is a contact and what the policy is meant to do with it.
type Test struct {
	Name  string `yaml:"name" json:"name,omitempty"`
	Given Given  `yaml:"given,omitempty" json:"given,omitempty"`
	// Expect says what must come out; what it leaves out may be anything.
	Expect Expect `yaml:"expect,omitempty" json:"expect,omitempty"`
	// Agents have levels of skills; Fits names who can be offered the contact in each step, in any order.
	Agents map[string]map[string]uint32 `yaml:"agents,omitempty" json:"agents,omitempty"`
	Fits   [][]string                   `yaml:"fits,omitempty" json:"fits,omitempty"`
}

// Given are a contact's facts.
type Given struct {
	Intent     string   `yaml:"intent,omitempty" json:"intent,omitempty"`
	Confidence int64    `yaml:"confidence,omitempty" json:"confidence,omitempty"`
	Language   string   `yaml:"language,omitempty" json:"language,omitempty"`
	Tier       string   `yaml:"tier,omitempty" json:"tier,omitempty"`
	Tags       []string `yaml:"tags,omitempty" json:"tags,omitempty"`
	Channel    string   `yaml:"channel,omitempty" json:"channel,omitempty"`
	EntryPoint string   `yaml:"entry_point,omitempty" json:"entry_point,omitempty"`
	Queue      string   `yaml:"queue,omitempty" json:"queue,omitempty"`
	Chosen     bool     `yaml:"chosen,omitempty" json:"chosen,omitempty"`
}

// Facts are what the policy sees.
func (g Given) Facts() policy.Facts { return policy.Facts(g) }

// Expect is a decision, as far as it matters. An empty rule means that none may match.
type Expect struct {
	Rule      *string            `yaml:"rule,omitempty" json:"rule,omitempty"`
	Queue     *string            `yaml:"queue,omitempty" json:"queue,omitempty"`
	Priority  *int32             `yaml:"priority,omitempty" json:"priority,omitempty"`
	HeadStart *yamlfile.Duration `yaml:"head_start,omitempty" json:"head_start,omitempty"`
	LastAgent *yamlfile.Duration `yaml:"last_agent,omitempty" json:"last_agent,omitempty"`
}

// String is the test without its name, as the log keeps it.
func (t Test) String() string {
	t.Name = ""
	out, err := json.Marshal(t)
	if err != nil {
		return "" // texts, numbers and lists always can be written
	}
	return string(out)
}

// textOf writes tests as the log keeps them: a list in JSON, which holds any text. The same tests give the same text.
func textOf(tests []Test) string {
	if len(tests) == 0 {
		return ""
	}
	out, err := json.Marshal(tests)
	if err != nil {
		return "" // texts, numbers and lists always can be written
	}
	return string(out)
}

// testsOf reads what textOf wrote. What a later version wrote beside it is left.
func testsOf(text string) ([]Test, error) {
	if text == "" {
		return nil, nil
	}
	var out []Test
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("the tests of the policy in force cannot be read: %w", err)
	}
	return out, nil
}

// Prove runs the tests and reports to f each that fails, at its place. It says nothing of a policy that has other faults: what
// it would decide is not known.
func (p *Policy) Prove(f *yamlfile.File, at string) {
	if slices.ContainsFunc(f.Faults(), func(one yamlfile.Fault) bool {
		return one.File == f.Name() && (one.Path == at || strings.HasPrefix(one.Path, at+"."))
	}) {
		return
	}
	c, err := policy.Compile(p.Event())
	if err != nil {
		return // policy.Check has said why
	}
	wrong := wrongIn(f)
	for i, r := range p.Run(c) {
		if !r.Passed {
			wrong(fmt.Sprintf("%s.tests[%d]", at, i), "the test %q fails: %s", r.Name, strings.Join(r.Differences, "; "))
		}
	}
}

func (p *Policy) checkTests(f *yamlfile.File, at string, known policy.Known) {
	names := make(map[string]int)
	wrong := wrongIn(f)
	for i, t := range p.Tests {
		path := fmt.Sprintf("%s.tests[%d]", at, i)
		if t.Name == "" {
			wrong(path, "a test needs a name that says what it shows")
		} else if j, twice := names[t.Name]; twice {
			wrong(path+".name", "test %d is called %q too", j+1, t.Name)
		}
		names[t.Name] = i
		if c := t.Given.Confidence; c < 0 || c > 1000 {
			wrong(path+".given.confidence", "confidence is %d; it is in thousandths, from 0 to 1000", c)
		}
		one := func(key, what, value string, among []string) {
			if value != "" && among != nil && !slices.Contains(among, value) {
				wrong(path+"."+key, "there is no %s %q", what, value)
			}
		}
		one("given.channel", "channel", t.Given.Channel, policy.Channels())
		one("given.queue", "queue", t.Given.Queue, known.Queues)
		one("given.entry_point", "entry point", t.Given.EntryPoint, known.EntryPoints)
		if r := t.Expect.Rule; r != nil && *r != "" && !slices.ContainsFunc(p.Rules, func(x Rule) bool { return x.Name == *r }) {
			wrong(path+".expect.rule", "there is no rule %q", *r)
		}
		if q := t.Expect.Queue; q != nil {
			one("expect.queue", "queue", *q, known.Queues)
		}
		t.checkAgents(f, path, known)
	}
}

// wrongIn reports beside what else is wrong in a line: tests are written in few.
func wrongIn(f *yamlfile.File) func(path, format string, args ...any) {
	return func(path, format string, args ...any) { f.WrongIn(path, 0, "", fmt.Sprintf(format, args...)) }
}

func (t *Test) checkAgents(f *yamlfile.File, path string, known policy.Known) {
	wrong := wrongIn(f)
	for _, agent := range sorted(t.Agents) {
		for _, skill := range sorted(t.Agents[agent]) {
			switch level := t.Agents[agent][skill]; {
			case known.Skills != nil && !slices.Contains(known.Skills, skill):
				wrong(path+".agents", "agent %s: there is no skill %q", agent, skill)
			case level > policy.MaxLevel:
				wrong(path+".agents", "agent %s: the level of %s is %d; it is from 0 to %d", agent, skill, level, policy.MaxLevel)
			}
		}
	}
	for i, step := range t.Fits {
		for _, agent := range step {
			if _, ok := t.Agents[agent]; !ok {
				wrong(fmt.Sprintf("%s.fits[%d]", path, i), "this test has no agent %q", agent)
			}
		}
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Result is what came of a test.
type Result struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	// Differences say what was expected and what came.
	Differences []string `json:"differences"`
	// Trace is how the rules came to it, where the test failed by another rule than expected.
	Trace []policy.Trace `json:"trace,omitempty"`
}

// Run runs the tests against the policy compiled.
func (p *Policy) Run(c *policy.Compiled) []Result {
	out := make([]Result, 0, len(p.Tests))
	for _, t := range p.Tests {
		out = append(out, t.run(c))
	}
	return out
}

func (t *Test) run(c *policy.Compiled) Result {
	r := Result{Name: t.Name, Differences: []string{}}
	d := c.Decide(t.Given.Facts())
	differ := func(what string, want, got any) {
		r.Differences = append(r.Differences, fmt.Sprintf("%s is %v, not %v", what, got, want))
	}
	if w := t.Expect.Rule; w != nil && *w != d.Name {
		differ("rule", quoted(*w), quoted(d.Name))
		r.Trace = c.Explain(t.Given.Facts())
	}
	if w := t.Expect.Queue; w != nil && *w != d.Queue {
		differ("queue", quoted(*w), quoted(d.Queue))
	}
	if w := t.Expect.Priority; w != nil && *w != d.Priority {
		differ("priority", *w, d.Priority)
	}
	if w := t.Expect.HeadStart; w != nil && ms(*w) != d.HeadStartMs {
		differ("head_start", time.Duration(*w), time.Duration(duration(d.HeadStartMs)))
	}
	if w := t.Expect.LastAgent; w != nil && ms(*w) != d.LastAgentMs {
		differ("last_agent", time.Duration(*w), time.Duration(duration(d.LastAgentMs)))
	}
	if t.Fits != nil {
		r.Differences = append(r.Differences, t.fits(c, d.Steps)...)
	}
	r.Passed = len(r.Differences) == 0
	return r
}

func quoted(s string) string {
	if s == "" {
		return "none"
	}
	return fmt.Sprintf("%q", s)
}

// fits compares who can be offered the contact in each step. A rule without steps has one, in which everybody can.
func (t *Test) fits(c *policy.Compiled, steps []policy.Step) []string {
	if len(steps) == 0 {
		steps = []policy.Step{{Need: policy.Anyone()}}
	}
	if len(t.Fits) != len(steps) {
		return []string{fmt.Sprintf("there are %d steps, not %d", len(steps), len(t.Fits))}
	}
	var out []string
	for i, s := range steps {
		for _, agent := range sorted(t.Agents) {
			levels := c.Levels(Skills(t.Agents[agent]))
			wanted, fits := slices.Contains(t.Fits[i], agent), s.Need.Fits(levels)
			switch {
			case wanted && !fits:
				out = append(out, fmt.Sprintf("step %d: %s does not fit: %s", i+1, agent, strings.Join(s.Need.Lacks(levels), ", ")))
			case fits && !wanted:
				out = append(out, fmt.Sprintf("step %d: %s fits: %s", i+1, agent, s.Need.Key()))
			}
		}
	}
	return out
}

// Skills are levels as the configuration has them, in the order of their ids.
func Skills(levels map[string]uint32) []*event.AgentSkill {
	var out []*event.AgentSkill
	for _, id := range sorted(levels) {
		out = append(out, &event.AgentSkill{Skill: id, Level: levels[id]})
	}
	return out
}
