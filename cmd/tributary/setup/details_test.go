package setup_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/cmd/tributary/setup"
	"github.com/tributary-cc/tributary/stream/event"
)

const manyRules = `tenant: bank
skills: [{id: cards}]
queues: [{id: cards, target: 20s, hours: ""}, {id: service}]
agents: [{id: amy, name: Amy Chen, queues: [cards], skills: [{skill: cards, level: 5}]}]
entry_points: [{id: bank, channel: webchat, queue: service, secret: a secret of the site}]
policy:
  fallback: service
  rules:
    - {name: A, when: contact.intent == "a", queue: cards, steps: [{need: cards >= 4, for: 30s}, {}]}
    - {name: B, when: contact.intent == "b"}
    - {name: C, when: contact.intent == "c"}
    - {name: D, when: contact.intent == "d"}
  tests:
    - {name: a, given: {intent: a}, expect: {rule: A}}
    - {name: b, given: {intent: b}, expect: {rule: B}}
`

// TestTheDifferenceOfAPolicyIsToldRuleByRule is what a person reads before a change of routing goes live.
func TestTheDifferenceOfAPolicyIsToldRuleByRule(t *testing.T) {
	k := keys(t)
	inForce := wanted(t, k, manyRules, nil, today)
	change := func(pairs ...string) []setup.Change {
		return setup.Difference(inForce, wanted(t, k, strings.NewReplacer(pairs...).Replace(manyRules), inForce, today))
	}
	got := change("  fallback: service\n", "", "need: cards >= 4, for: 30s}, {}]", "need: cards >= 3, for: 1m}, {need: cards >= 1, for: 9s}, {}]", "queue: cards, steps", "queue: service, priority: 3, steps",
		"    - {name: B, when: contact.intent == \"b\"}\n", "",
		"    - {name: D, when: contact.intent == \"d\"}\n", "",
		"    - {name: A, when", "    - {name: D, when: contact.intent == \"d\"}\n    - {name: E, when: contact.intent == \"e\", last_agent: 5s}\n    - {name: A, when",
		"    - {name: b, given: {intent: b}, expect: {rule: B}}\n", "    - {name: e, given: {intent: e}, expect: {rule: E}}\n",
		"{name: a, given: {intent: a}, expect: {rule: A}}", "{name: a, given: {intent: a}, expect: {queue: service}}")
	require.Len(t, got, 1)
	require.Equal(t, "change policy main", got[0].Verb+" "+got[0].What)
	require.Equal(t, []string{
		"fallback: service -> none",
		`remove rule 2 "B"`,
		`move rule "D" from 4 to 1`,
		`add rule 2 "E"`,
		`  when: none -> contact.intent == "e"`,
		"  last_agent: 0s -> 5s",
		`change rule 3 "A"`,
		"  queue: cards -> service",
		"  priority: 0 -> 3",
		"  step 1",
		"    need: cards >= 4 -> cards >= 3",
		"    for: 30s -> 1m0s",
		"  step 2",
		"    need: none -> cards >= 1",
		"    for: 0s -> 9s",
		"  step 3: added",
		`change test "a": {"given":{"intent":"a"},"expect":{"rule":"A"}} -> {"given":{"intent":"a"},"expect":{"queue":"service"}}`,
		`add test "e"`,
		`remove test "b"`,
	}, got[0].Details)
	require.Equal(t, []string{"tests in another order"}, change(
		"    - {name: a, given: {intent: a}, expect: {rule: A}}\n", "",
		"expect: {rule: B}}\n", "expect: {rule: B}}\n    - {name: a, given: {intent: a}, expect: {rule: A}}\n")[0].Details)
}

// TestTheDifferenceShowsNothingSealed but that it changes.
func TestTheDifferenceShowsNothingSealed(t *testing.T) {
	k := keys(t)
	inForce := wanted(t, k, manyRules, nil, today)
	got := setup.Difference(inForce, wanted(t, k, strings.NewReplacer("Amy Chen", "Bea Dorn", "level: 5", "level: 4", "queues: [cards]", "queues: [cards, service]",
		"a secret of the site", "another secret now", "target: 20s", "target: 2m").Replace(manyRules), inForce, today))
	var lines []string
	for _, c := range got {
		require.NotContains(t, strings.Join(c.Details, " "), "Bea")
		lines = append(append(lines, c.Verb+" "+c.What), c.Details...)
	}
	require.Equal(t, []string{
		"change queue cards", "target: 20s -> 2m0s",
		"change agent amy", "queues: [cards] -> [cards, service]", "skills: [{cards 5}] -> [{cards 4}]", "name: changed (sealed)",
		"change entry point bank", "secret: changed (sealed)",
	}, lines)
	for _, none := range []*event.ConfigObject{{}, {Object: &event.ConfigObject_Settings{Settings: &event.TenantSettings{}}}} {
		require.NotPanics(t, func() { setup.Difference([]*event.ConfigObject{none}, inForce) })
	}
}
