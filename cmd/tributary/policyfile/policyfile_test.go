package policyfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/cmd/tributary/policyfile"
	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

func TestTheTestsBesideThePolicyPass(t *testing.T) {
	p, f := policyfile.Parse("bank.yaml", []byte(bank), policy.Known{})
	require.NoError(t, f.Err())
	c, err := policy.Compile(p.Event())
	require.NoError(t, err)
	for _, r := range p.Run(c) {
		require.True(t, r.Passed, "%s: %v", r.Name, r.Differences)
	}
	again, err := policyfile.Of(p.Event())
	require.NoError(t, err)
	require.Equal(t, p, again, "with its tests")
	require.True(t, proto.Equal(p.Event(), again.Event()))
}

// TestTestsGoToTheLogAndBack with texts that YAML would write otherwise.
func TestTestsGoToTheLogAndBack(t *testing.T) {
	for _, odd := range []string{"? a", "a\nb\n", "\n", "- ", "'\"", "null", "1e3", "#", "王 <&>", ""} {
		p := &policyfile.Policy{Tests: []policyfile.Test{{
			Name: odd, Given: policyfile.Given{Tags: []string{odd}}, Expect: policyfile.Expect{Rule: &odd},
			Agents: map[string]map[string]uint32{odd: {"a": 1}, "b": {}}, Fits: [][]string{{odd}, {}},
		}}}
		again, err := policyfile.Of(p.Event())
		require.NoError(t, err)
		require.Equal(t, p, again)
		require.Equal(t, p.Event().GetTests(), again.Event().GetTests())
	}
	_, err := policyfile.Of(&event.Policy{Tests: "[{"})
	require.ErrorContains(t, err, "cannot be read")
}

func TestATestThatFailsSaysHow(t *testing.T) {
	wrong := strings.NewReplacer(
		"priority: 10, head_start: 1m", "priority: 9, head_start: 2m",
		"fits: [[amy], [amy, bo]]", "fits: [[bo], [amy]]",
		`{rule: "", queue: service}`, "{rule: Chinese speakers}",
	).Replace(bank)
	p, f := policyfile.Parse("bank.yaml", []byte(wrong), policy.Known{})
	require.NoError(t, f.Err())
	c, err := policy.Compile(p.Event())
	require.NoError(t, err)
	got := p.Run(c)
	require.Equal(t, []string{
		"priority is 10, not 9", "head_start is 1m0s, not 2m0s",
		"step 1: amy fits: cards >= 4 && english >= 3",
		"step 1: bo does not fit: cards >= 4 (has 2), english >= 3 (has 0)",
		"step 2: bo fits: cards >= 2",
	}, got[0].Differences)
	require.Equal(t, []string{`rule is none, not "Chinese speakers"`}, got[1].Differences)
	require.Equal(t, []string{`contact.language == "zh" is false: contact.language is ""`}, got[1].Trace[1].Why)
}

func TestAllFaultsAtOnceWithLineAndColumn(t *testing.T) {
	_, f := policyfile.Parse("bank.yaml", []byte(`tenant: bank
queues: [{id: cards}, {id: service}]
skills: [{id: cards}, {id: english}]
policy:
  fallbak: service
  rules:
    - name: Lost cards
      when: >-
        contact.intent == "card_lost" &&
        contact.confidence >= 0.6
      queue: crads
      priority: high
      steps:
        - {need: "crads >= 4 && contact.nme == 'x'", for: 30s}
        - {need: 'cards >= "2"', for: 99h}
    - name: Lost cards
    - name: Gold
      when: "contact.tier \u003d= 'gold' && contact.tags.all(t, t)"
  tests:
    - given: {confidence: 2000, channel: fax}
      expect: {rule: Lots, queue: crads}
      agents: {amy: {chinese: 3, cards: 9}}
      fits: [[bo]]
`), policy.Known{})
	var got []string
	for _, one := range f.Faults() {
		got = append(got, one.Error())
	}
	require.Equal(t, []string{
		`bank.yaml:5:3: nothing is called "fallbak" here; there are domain, fallback, rules, tests`,
		`bank.yaml:10:31: there are only whole numbers, texts, true and false; confidence is in thousandths: 600 for 0.6`,
		`bank.yaml:11:7: there is no queue "crads"; there are cards, service`,
		`bank.yaml:12:17: policy.rules[0].priority is a whole number, not high`,
		`bank.yaml:14:19: there is no skill "crads"; there are cards, english`,
		`bank.yaml:14:33: there is no contact.nme; there are intent, confidence, language, tier, tags, channel, entry_point, queue`,
		`bank.yaml:15:25: >= does not take a whole number and a text`,
		`bank.yaml:15:34: it is 356400000 ms; it is from 0 to a day`,
		"bank.yaml:15:34: the last step holds for ever; leave `for` out, or add a step for what comes after it",
		`bank.yaml:16:7: rule 1 is called "Lost cards" too; names tell rules apart in reports`,
		`bank.yaml:17:7: no contact comes here: rule 2 (Lost cards) before it matches all; move it to the end`,
		`bank.yaml:18:61: there is no function all; there are startsWith, endsWith, contains and size`,
		`bank.yaml:20:7: a test needs a name that says what it shows`,
		`bank.yaml:20:15: confidence is 2000; it is in thousandths, from 0 to 1000`,
		`bank.yaml:20:33: there is no channel "fax"`,
		`bank.yaml:21:16: there is no rule "Lots"`,
		`bank.yaml:21:28: there is no queue "crads"`,
		`bank.yaml:22:7: agent amy: the level of cards is 9; it is from 0 to 5`,
		`bank.yaml:22:7: agent amy: there is no skill "chinese"`,
		`bank.yaml:23:14: this test has no agent "bo"`,
	}, got)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(bank))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, file := policyfile.Parse("x", data, policy.Known{})
		if file.Err() != nil {
			return
		}
		again, err := policyfile.Of(p.Event())
		require.NoError(t, err)
		require.True(t, proto.Equal(p.Event(), again.Event()), "%s\n%s", p.Event().GetTests(), again.Event().GetTests())
		if c, err := policy.Compile(p.Event()); err == nil {
			p.Run(c)
		}
	})
}

// What takes more than one event of the log could never be applied.
func TestAPolicyFitsAnEvent(t *testing.T) {
	tests := strings.Repeat("    - {name: \"a contact without an intent, nobody is asked\", given: {intent: lost_card}, expect: {queue: cards, rule: all}}\n", 2000)
	_, f := policyfile.Parse("bank.yaml", []byte("policy:\n  rules:\n    - {name: all, queue: cards}\n  tests:\n"+tests), policy.Known{})
	var got []string
	for _, one := range f.Faults() {
		got = append(got, one.Error())
	}
	require.Len(t, got, 1)
	require.Contains(t, got[0], "KiB on the log; at most 192 are taken")
}
