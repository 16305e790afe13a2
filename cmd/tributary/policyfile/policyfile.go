// Package policyfile reads a routing policy as people keep it under version control: one YAML file with the rules and, beside
// them, the tests that say what they are for. It reports every fault at once with its line and column, also those within an
// expression, and runs the tests.
//
// The policy stands under the key `policy`, in a file of its own or in a tenant's file, whose queues, skills and entry points
// are then what its rules may name.
package policyfile

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

// Policy is the rules of a domain with their tests.
type Policy struct {
	Domain   string `yaml:"domain,omitempty"`
	Fallback string `yaml:"fallback,omitempty"`
	Rules    []Rule `yaml:"rules"`
	Tests    []Test `yaml:"tests,omitempty"`
}

// Rule says what becomes of contacts that it matches.
type Rule struct {
	Name      string            `yaml:"name"`
	When      string            `yaml:"when,omitempty"`
	Queue     string            `yaml:"queue,omitempty"`
	Priority  int32             `yaml:"priority,omitempty"`
	HeadStart yamlfile.Duration `yaml:"head_start,omitempty"`
	LastAgent yamlfile.Duration `yaml:"last_agent,omitempty"`
	Steps     []Step            `yaml:"steps,omitempty"`
}

// Step is what an agent must be able to do, for a while.
type Step struct {
	Need string            `yaml:"need,omitempty"`
	For  yamlfile.Duration `yaml:"for,omitempty"`
}

const (
	// maxTests bounds the tests of a file.
	maxTests = 5000
	// maxPolicy bounds what a policy takes on the log: it is one object, and its change is one event.
	maxPolicy = event.MaxSize * 3 / 4
)

// Event is the policy as it goes to the log, its tests too. Times are cut to milliseconds.
func (p *Policy) Event() *event.Policy {
	e := &event.Policy{Domain: p.Domain, Fallback: p.Fallback, Tests: textOf(p.Tests)}
	for _, r := range p.Rules {
		one := &event.PolicyRule{
			Name: r.Name, When: r.When, Queue: r.Queue, Priority: r.Priority,
			HeadStartMs: ms(r.HeadStart), LastAgentMs: ms(r.LastAgent),
		}
		for _, s := range r.Steps {
			one.Steps = append(one.Steps, &event.PolicyStep{Need: s.Need, ForMs: ms(s.For)})
		}
		e.Rules = append(e.Rules, one)
	}
	return e
}

// Of is the file's form of a policy of the log.
func Of(e *event.Policy) (*Policy, error) {
	p := &Policy{Domain: e.GetDomain(), Fallback: e.GetFallback()}
	for _, r := range e.GetRules() {
		one := Rule{
			Name: r.GetName(), When: r.GetWhen(), Queue: r.GetQueue(), Priority: r.GetPriority(),
			HeadStart: duration(r.GetHeadStartMs()), LastAgent: duration(r.GetLastAgentMs()),
		}
		for _, s := range r.GetSteps() {
			one.Steps = append(one.Steps, Step{Need: s.GetNeed(), For: duration(s.GetForMs())})
		}
		p.Rules = append(p.Rules, one)
	}
	var err error
	p.Tests, err = testsOf(e.GetTests())
	return p, err
}

func ms(d yamlfile.Duration) int64 { return time.Duration(d).Milliseconds() }

func duration(ms int64) yamlfile.Duration {
	return yamlfile.Duration(time.Duration(ms) * time.Millisecond)
}

// Check reports to f all that is wrong with the policy, which stands at a path of f: "policy".
func (p *Policy) Check(f *yamlfile.File, at string, known policy.Known) {
	if !f.Has(at) {
		f.Wrong("", "there is no %s here", at)
		return
	}
	e := p.Event()
	for _, one := range policy.Check(e, known) {
		f.WrongIn(at+"."+one.Path, one.Offset, p.expression(one.Path), one.Text)
	}
	if len(p.Tests) > maxTests {
		f.Wrong(at+".tests", "%d tests are more than %d", len(p.Tests), maxTests)
		return
	}
	if size := proto.Size(e); size > maxPolicy {
		f.Wrong(at, "the policy and its tests take %d KiB on the log; at most %d are taken: leave tests out that show the same", size>>10, maxPolicy>>10)
		return
	}
	p.checkTests(f, at, known)
}

// expression is the text at a path of the policy's, where it is one.
func (p *Policy) expression(path string) string {
	var rule, step int
	if n, _ := fmt.Sscanf(path, "rules[%d].steps[%d].need", &rule, &step); n == 2 && strings.HasSuffix(path, ".need") {
		return p.Rules[rule].Steps[step].Need
	}
	if n, _ := fmt.Sscanf(path, "rules[%d].when", &rule); n == 1 && strings.HasSuffix(path, ".when") {
		return p.Rules[rule].When
	}
	return ""
}

// document is a file of which only the policy matters, and what its rules may name.
type document struct {
	Policy        Policy           `yaml:"policy"`
	Queues        []map[string]any `yaml:"queues"`
	Skills        []map[string]any `yaml:"skills"`
	EntryPoints   []map[string]any `yaml:"entry_points"`
	Tenant        any              `yaml:"tenant"`
	Settings      any              `yaml:"settings"`
	Teams         any              `yaml:"teams"`
	Agents        any              `yaml:"agents"`
	Hours         any              `yaml:"hours"`
	WrapUpCodes   any              `yaml:"wrap_up_codes"`
	StatusReasons any              `yaml:"status_reasons"`
	QuickReplies  any              `yaml:"quick_replies"`
	PolicyFile    any              `yaml:"policy_file"`
}

func (d *document) known() policy.Known {
	return policy.Known{Queues: ids(d.Queues), Skills: ids(d.Skills), EntryPoints: ids(d.EntryPoints)}
}

func ids(list []map[string]any) []string {
	var out []string
	for _, one := range list {
		if id, ok := one["id"].(string); ok {
			out = append(out, id)
		}
	}
	return out
}

// Parse reads a policy, in a file of its own or in a tenant's. What known does not say is taken from the file. Where the file
// has faults, what is returned may be incomplete: ask [yamlfile.File.Err].
func Parse(name string, data []byte, known policy.Known) (*Policy, *yamlfile.File) {
	var d document
	f := yamlfile.Read(name, data, &d)
	own := d.known()
	if known.Queues == nil {
		known.Queues = own.Queues
	}
	if known.Skills == nil {
		known.Skills = own.Skills
	}
	if known.EntryPoints == nil {
		known.EntryPoints = own.EntryPoints
	}
	d.Policy.Check(f, "policy", known)
	return &d.Policy, f
}
