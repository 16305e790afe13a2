package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
	"github.com/tributary-cc/tributary/cmd/tributary/yamlfile"
	"github.com/tributary-cc/tributary/routing/policy"
)

const policyHelp = `Test and explain routing policies.

A policy is rules in one YAML file, under the key "policy". The first rule that matches a contact decides:

  policy:
    domain: main                # the routing domain
    fallback: service           # the queue for what no rule matches; without it, the one asked for
    rules:
      - name: Lost cards go first
        when: contact.intent == "card_lost" && contact.confidence >= 600
        queue: cards            # without it, the one asked for
        priority: 10            # added to the queue's
        head_start: 60s         # added to the time waited
        last_agent: 20s         # for so long only for who held the customer's last contact
        steps:                  # what an agent must be able to do, less as time goes by
          - {need: "cards >= 4 && (contact.language == 'zh' ? chinese >= 3 : english >= 3)", for: 30s}
          - {need: "cards >= 2"}
    tests:
      - name: a lost card in English
        given: {intent: card_lost, confidence: 900, language: en, tier: gold}
        expect: {rule: Lost cards go first, queue: cards, priority: 10}
        agents: {amy: {cards: 5, english: 4}, bo: {cards: 2}}
        fits: [[amy], [amy, bo]] # in each step

Conditions are CEL over contact.intent, confidence (thousandths), language, tier, tags, channel, entry_point and queue (the
one asked for); needs know the levels of skills besides, 0 to 5, by their ids: cards, or skill("credit-cards"). There are
== != < <= > >= && || ! ?: in, startsWith, endsWith, contains and size. What customers write is not to be asked about.

"tributary check" and "tributary apply" run the tests too, and refuse a policy of which one fails. They are kept with the rules, and
"tributary export" gives them back.`

func policyCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Test and explain routing policies", Long: policyHelp}
	cmd.AddCommand(policyTestCommand(g), policyExplainCommand(g))
	return cmd
}

func policyTestCommand(g *globals) *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "test FILE…", Short: "Run the tests that stand beside a policy; ends with 3 where one fails or the file has faults", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			type outcome struct {
				File   string              `json:"file"`
				Faults []yamlfile.Fault    `json:"faults"`
				Tests  []policyfile.Result `json:"tests"`
				// Against are the tenant's files that the names in the rules were compared with; none where there is none.
				Against []string `json:"against"`
				checked string
			}
			var all []outcome
			found := false
			for _, name := range args {
				one := outcome{File: name, Faults: []yamlfile.Fault{}, Tests: []policyfile.Result{}, Against: []string{}}
				p, faults, err := g.readPolicy(name, tenant)
				switch {
				case errors.Is(err, errFaults):
					one.Faults, found = faults, true
				case err != nil:
					return err
				default:
					one.Tests, one.checked = p.policy.Run(p.compiled), p.checked()
					one.Against = append(one.Against, p.against...)
				}
				for _, t := range one.Tests {
					found = found || !t.Passed
				}
				all = append(all, one)
			}
			if err := g.print(cmd.OutOrStdout(), all, func(w io.Writer) {
				for _, one := range all {
					for _, f := range one.Faults {
						fmt.Fprintln(w, f.Error())
					}
					if len(one.Faults) > 0 {
						fmt.Fprintf(w, "%s: %s; its tests were not run\n", one.File, counted(len(one.Faults), "fault"))
						continue
					}
					printResults(w, one.File, one.Tests)
					fmt.Fprintf(w, "%s: %s\n", one.File, one.checked)
				}
			}); err != nil {
				return err
			}
			if found {
				return errFound
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant-file", "", "the tenant's file, whose queues, skills and entry points the rules may name (default: one near the policy that names it)")
	return cmd
}

func printResults(w io.Writer, file string, results []policyfile.Result) {
	passed := 0
	for _, r := range results {
		if r.Passed {
			passed++
			fmt.Fprintf(w, "pass  %s\n", r.Name)
			continue
		}
		fmt.Fprintf(w, "FAIL  %s\n", r.Name)
		for _, d := range r.Differences {
			fmt.Fprintf(w, "      %s\n", d)
		}
		for _, t := range r.Trace {
			printTrace(w, "        ", t)
		}
	}
	fmt.Fprintf(w, "%s: %d of %d tests passed\n", file, passed, len(results))
}

func printTrace(w io.Writer, indent string, t policy.Trace) {
	mark := "no "
	switch {
	case t.Decides:
		mark = "YES"
	case t.Matches:
		mark = "too" // it would match, but an earlier one decides
	}
	fmt.Fprintf(w, "%s%s %s\n", indent, mark, t.Name)
	for _, why := range t.Why {
		fmt.Fprintf(w, "%s    %s\n", indent, why)
	}
}

// explained is what `policy explain` tells.
type explained struct {
	Rules     []policy.Trace  `json:"rules"`
	Rule      string          `json:"rule"`
	Queue     string          `json:"queue"`
	Priority  int32           `json:"priority"`
	HeadStart string          `json:"head_start"`
	LastAgent string          `json:"last_agent"`
	Steps     []explainedStep `json:"steps"`
}

type explainedStep struct {
	Need string `json:"need"`
	For  string `json:"for,omitempty"`
	// Lacks is what the agent of --skill is short of; nil without one.
	Lacks []string `json:"lacks,omitempty"`
	Fits  *bool    `json:"fits,omitempty"`
}

func policyExplainCommand(g *globals) *cobra.Command {
	var tenant string
	var given policyfile.Given
	var skills []string
	cmd := &cobra.Command{
		Use: "explain FILE", Short: "Say of each rule why it matches a contact or does not, and what the first that matches decides", Args: cobra.ExactArgs(1),
		Example: "  tributary policy explain bank.yaml --intent card_lost --confidence 540 --language en --skill cards=4",
		RunE: func(cmd *cobra.Command, args []string) error {
			if given.Confidence < 0 || given.Confidence > 1000 {
				return fmt.Errorf("--confidence is in thousandths, from 0 to 1000; %w", errUsage)
			}
			levels, err := skillLevels(skills)
			if err != nil {
				return err
			}
			p, faults, err := g.readPolicy(args[0], tenant)
			if errors.Is(err, errFaults) {
				printFaults(cmd.ErrOrStderr(), faults, 1)
				return errFound
			}
			if err != nil {
				return err
			}
			e := p.explain(given, levels)
			return g.print(cmd.OutOrStdout(), e, func(w io.Writer) { e.print(w) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&given.Intent, "intent", "", "what the contact is about")
	f.Int64Var(&given.Confidence, "confidence", 0, "how sure that is, in thousandths")
	f.StringVar(&given.Language, "language", "", "the contact's language")
	f.StringVar(&given.Tier, "tier", "", "the customer's tier")
	f.StringSliceVar(&given.Tags, "tag", nil, "a tag of the customer; may be given again")
	f.StringVar(&given.Channel, "channel", "", "the channel: webchat, voice")
	f.StringVar(&given.EntryPoint, "entry-point", "", "where the customer arrived")
	f.StringVar(&given.Queue, "queue", "", "the queue asked for")
	f.BoolVar(&given.Chosen, "chosen", false, "a person or an earlier decision named the queue")
	f.StringSliceVar(&skills, "skill", nil, "a skill of an agent with its level, as cards=4; may be given again")
	f.StringVar(&tenant, "tenant-file", "", "the tenant's file, whose queues, skills and entry points the rules may name (default: one near the policy that names it)")
	return cmd
}

func skillLevels(list []string) (map[string]uint32, error) {
	if list == nil {
		return nil, nil //nolint:nilnil // no agent was asked about
	}
	levels := make(map[string]uint32)
	for _, one := range list {
		id, text, _ := strings.Cut(one, "=")
		level, err := strconv.ParseUint(text, 10, 32)
		if err != nil || level > policy.MaxLevel {
			return nil, fmt.Errorf("--skill is an id and a level from 0 to %d, as cards=4, not %s; %w", policy.MaxLevel, one, errUsage)
		}
		levels[id] = uint32(level)
	}
	return levels, nil
}

func (p *policyFile) explain(given policyfile.Given, levels map[string]uint32) explained {
	d := p.compiled.Decide(given.Facts())
	e := explained{
		Rules: p.compiled.Explain(given.Facts()), Rule: d.Name, Queue: d.Queue, Priority: d.Priority,
		HeadStart: milliseconds(d.HeadStartMs), LastAgent: milliseconds(d.LastAgentMs), Steps: []explainedStep{},
	}
	for _, s := range d.Steps {
		one := explainedStep{Need: s.Need.Key()}
		if s.ForMs > 0 {
			one.For = milliseconds(s.ForMs)
		}
		if levels != nil {
			agent := p.compiled.Levels(policyfile.Skills(levels))
			fits := s.Need.Fits(agent)
			one.Fits, one.Lacks = &fits, s.Need.Lacks(agent)
		}
		e.Steps = append(e.Steps, one)
	}
	return e
}

func (e explained) print(w io.Writer) {
	for _, t := range e.Rules {
		printTrace(w, "", t)
	}
	if e.Rule == "" {
		fmt.Fprintf(w, "\nno rule matches: queue %s, any member\n", e.Queue)
		return
	}
	fmt.Fprintf(w, "\n%s: queue %s, priority %d, head start %s, last agent %s\n", e.Rule, e.Queue, e.Priority, e.HeadStart, e.LastAgent)
	for i, s := range e.Steps {
		fmt.Fprintf(w, "  step %d: %s", i+1, s.Need)
		if s.For != "" {
			fmt.Fprintf(w, " for %s", s.For)
		}
		switch {
		case s.Fits == nil:
		case *s.Fits:
			fmt.Fprint(w, "; the agent fits")
		default:
			fmt.Fprintf(w, "; the agent does not: %s", strings.Join(s.Lacks, ", "))
		}
		fmt.Fprintln(w)
	}
}

func milliseconds(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }
