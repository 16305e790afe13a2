package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

func bank() *event.Policy {
	return &event.Policy{
		Domain: "main", Fallback: "service",
		Rules: []*event.PolicyRule{
			{
				Name: "Lost cards go first", When: `contact.intent == "card_lost" && contact.confidence >= 600`,
				Queue: "cards", Priority: 10, HeadStartMs: 60_000, LastAgentMs: 20_000,
				Steps: []*event.PolicyStep{
					{Need: `cards >= 4 && (contact.language == 'zh' ? chinese >= 3 : english >= 3)`, ForMs: 30_000},
					{Need: `cards >= 2`},
				},
			},
			{Name: "Gold to experts", When: `contact.tier == "gold" || "vip" in contact.tags`, Priority: 5, Steps: []*event.PolicyStep{{Need: `skill("private-banking") >= 4`}}},
			{Name: "Unsure", When: `contact.confidence < 300`, Queue: "service"},
		},
	}
}

func compiled(t testing.TB, p *event.Policy) *policy.Compiled {
	t.Helper()
	c, err := policy.Compile(p)
	require.NoError(t, err)
	return c
}

func TestTheFirstRuleThatMatchesDecides(t *testing.T) {
	c := compiled(t, bank())
	require.Equal(t, []string{"cards", "chinese", "english", "private-banking"}, c.Skills())

	d := c.Decide(policy.Facts{Intent: "card_lost", Confidence: 900, Language: "zh", Tier: "gold", Queue: "web"})
	require.Equal(t, "Lost cards go first", d.Name)
	require.Equal(t, "cards", d.Queue)
	require.Equal(t, []any{int32(10), int64(60_000), int64(20_000)}, []any{d.Priority, d.HeadStartMs, d.LastAgentMs})
	require.Equal(t, "cards >= 4 && chinese >= 3", d.Steps[0].Need.Key())
	require.Equal(t, int64(30_000), d.Steps[0].ForMs)

	amy := c.Levels([]*event.AgentSkill{{Skill: "cards", Level: 5}, {Skill: "chinese", Level: 4}, {Skill: "unasked", Level: 3}})
	bo := c.Levels([]*event.AgentSkill{{Skill: "cards", Level: 2}})
	require.True(t, d.Steps[0].Need.Fits(amy))
	require.False(t, d.Steps[0].Need.Fits(bo))
	require.True(t, d.Steps[1].Need.Fits(bo))
	require.Equal(t, []string{"cards >= 4 (has 2)", "chinese >= 3 (has 0)"}, d.Steps[0].Need.Lacks(bo))

	d = c.Decide(policy.Facts{Intent: "card_lost", Confidence: 900, Language: "en"})
	require.Equal(t, "cards >= 4 && english >= 3", d.Steps[0].Need.Key())

	d = c.Decide(policy.Facts{Intent: "card_lost", Confidence: 500, Tags: []string{"vip"}, Queue: "web"})
	require.Equal(t, "Gold to experts", d.Name)
	require.Equal(t, "web", d.Queue, "a rule without a queue leaves the one asked for")
	require.Equal(t, `skill("private-banking") >= 4`, d.Steps[0].Need.Key())

	d = c.Decide(policy.Facts{Confidence: 500, Queue: "web"})
	require.Equal(t, policy.Decision{Rule: -1, Queue: "service"}, d)
}

func TestAQueueThatWasChosenStays(t *testing.T) {
	c := compiled(t, bank())
	lost := policy.Facts{Intent: "card_lost", Confidence: 900, Language: "en", Chosen: true}

	lost.Queue = "cards"
	require.Equal(t, "Lost cards go first", c.Decide(lost).Name)
	lost.Queue = "loans"
	d := c.Decide(lost)
	require.Equal(t, -1, d.Rule)
	require.Equal(t, "loans", d.Queue)
	lost.Tier = "gold"
	d = c.Decide(lost)
	require.Equal(t, "Gold to experts", d.Name)
	require.Equal(t, "loans", d.Queue)
}

func TestNeedsThatAskTheSameHaveOneKey(t *testing.T) {
	for _, same := range [][]string{
		{"cards >= 4", "!(cards < 4)", "4 <= cards", "cards > 3", "cards in [5, 4]", "cards >= 2 && cards >= 4", `skill("cards") >= 4`, "cards >= 4 && contact.language == 'zh'"},
		{"a >= 1 && b >= 2", "b >= 2 && a >= 1", "!(a < 1 || b < 2)", "(a >= 1 ? b : 0) >= 2", "b >= 2 && (a >= 1 && b > 1)"},
		{"true", "cards >= 0", "cards >= 3 || cards < 3", "contact.language.startsWith('z') || a > 2", ""},
		{"false", "cards > 5", "cards >= 3 && cards < 3", "contact.language == 'en' && a > 2"},
		{"a == 3 || a == 4", "a in [3, 4]", "a >= 3 && a <= 4", "a == 3 || a == size('four')"},
	} {
		keys := map[string]bool{}
		for _, need := range same {
			c := compiled(t, &event.Policy{Rules: []*event.PolicyRule{{Name: "r", Steps: []*event.PolicyStep{{Need: need}}}}})
			keys[c.Decide(policy.Facts{Language: "zh"}).Steps[0].Need.Key()] = true
		}
		require.Len(t, keys, 1, "%v", keys)
	}
}

func problems(p *event.Policy, known policy.Known) []string {
	var out []string
	for _, one := range policy.Check(p, known) {
		out = append(out, one.Error())
	}
	return out
}

func TestAllFaultsAtOnce(t *testing.T) {
	known := policy.Known{Queues: []string{"cards", "service"}, Skills: []string{"cards", "english"}, EntryPoints: []string{"shop"}, Intents: []string{"card_lost"}}
	steps := func(needs ...string) []*event.PolicyStep {
		var out []*event.PolicyStep
		for i, n := range needs {
			s := &event.PolicyStep{Need: n, ForMs: 1}
			if i == len(needs)-1 {
				s.ForMs = 0
			}
			out = append(out, s)
		}
		return out
	}
	got := problems(&event.Policy{Fallback: "sevrice", Rules: []*event.PolicyRule{
		{Name: "a", When: `contact.intent == "card_losst" && contact.channel in ["webchatt"]`, Queue: "crads"},
		{Name: "a", When: `contact.confidence >= 0.6`, Priority: 2000, HeadStartMs: -1},
		{Name: "", When: `contact.tags.exists(t, t == "x")`, Steps: []*event.PolicyStep{{ForMs: 0}, {ForMs: 3}}},
		{Name: "d", When: `cards >= 3`, Steps: steps("crads >= 3", "cards >= ", "cards", `cards == "4"`, `cards + 1 > 3`)},
		{Name: "e", When: `contact.intent.matches("x") && contact.name == "y"`, Steps: steps(`(cards > 2 ? "a" : "b") == contact.tier`)},
		{Name: "f", When: `size(contact.tags) > 2 && size(contact.tags) < "x"`},
		{Name: "g", When: `1 > 2`},
		{Name: "h", When: `contact.tier=='gold'`},
		{Name: "i", When: `contact.tier == "gold"`},
		{Name: "j"},
		{Name: "k", When: `contact.tier == "silver"`},
		{Name: "l"},
	}}, known)
	require.Equal(t, []string{
		`fallback: there is no queue "sevrice"; there are cards, service`,
		`rules[0].queue: there is no queue "crads"; there are cards, service`,
		`rules[0].when: contact.intent is never "card_losst"; there are card_lost`,
		`rules[0].when: contact.channel is never "webchatt"; there are ` + strings.Join(policy.Channels(), ", "),
		`rules[1].name: rule 1 is called "a" too; names tell rules apart in reports`,
		`rules[1].priority: priority is 2000; it is from -1000 to 1000`,
		`rules[1].head_start: it is -1 ms; it is from 0 to a day`,
		`rules[1].when: there are only whole numbers, texts, true and false; confidence is in thousandths: 600 for 0.6`,
		`rules[2].name: a rule needs a name that says what it is for`,
		`rules[2].when: there is no function exists; there are startsWith, endsWith, contains and size`,
		"rules[2].steps[0].for: say how long this step holds with `for: 30s`; only the last holds for ever",
		"rules[2].steps[1].for: the last step holds for ever; leave `for` out, or add a step for what comes after it",
		"rules[3].when: `when` knows only contact.…, not \"cards\"; skills are asked about in the need of a step",
		`rules[3].steps[0].need: there is no skill "crads"; there are cards, english`,
		`rules[3].steps[1].need: the expression ends before it is complete`,
		`rules[3].steps[4].need: + is no part of policies; there are == != < <= > >= && || ! ?: and in`,
		`rules[3].steps[2].need: this is a whole number, not a condition that is true or false`,
		`rules[3].steps[3].need: == does not take a whole number and a text`,
		`rules[4].when: there is no function matches; there are startsWith, endsWith, contains and size`,
		`rules[4].when: there is no contact.name; there are intent, confidence, language, tier, tags, channel, entry_point, queue`,
		`rules[4].steps[0].need: a text cannot depend on a skill; compare levels themselves`,
		`rules[5].when: < does not take a whole number and a text`,
		`rules[6].when: this is never true`,
		`rules[8].when: no contact comes here: rule 8 (h) asks the same`,
		`rules[10].name: no contact comes here: rule 10 (j) before it matches all; move it to the end`,
		`rules[11].name: no contact comes here: rule 10 (j) before it matches all; move it to the end`,
	}, got)
}

func TestLimits(t *testing.T) {
	many := &event.Policy{Rules: make([]*event.PolicyRule, policy.MaxRules+1)}
	for i := range many.Rules {
		many.Rules[i] = &event.PolicyRule{Name: fmt.Sprint(i), When: fmt.Sprintf("contact.confidence == %d", i)}
	}
	require.Equal(t, []string{"rules: 501 rules are more than 500; join those that differ by a text with `in`"}, problems(many, policy.Known{}))

	long := &event.Policy{Rules: []*event.PolicyRule{{
		Name: strings.Repeat("n", 101), When: strings.Repeat(" ", 1990) + `contact.tier == "gold"`,
		Steps: make([]*event.PolicyStep, 11),
	}, {
		Name: "deep", When: strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200),
	}, {
		Name: "cases", Steps: []*event.PolicyStep{{Need: strings.Repeat("(a == b) == (", 12) + "c == d" + strings.Repeat(")", 12)}},
	}}}
	for i := range long.Rules[0].Steps {
		long.Rules[0].Steps[i] = &event.PolicyStep{Need: "a >= 1", ForMs: 1}
	}
	got := problems(long, policy.Known{})
	require.Equal(t, []string{
		"rules[0].name: the name has 101 letters, more than 100",
		"rules[0].when: the expression has 2012 letters, more than 2000; make two rules of it",
		"rules[0].steps: 11 steps are more than 10",
		"rules[0].steps[9].for: the last step holds for ever; leave `for` out, or add a step for what comes after it",
		"rules[1].when: the expression nests too deep; make two rules of it",
		"rules[2].steps[0].need: this has too many cases; make two rules or two steps of it",
	}, got)
}

func TestSkillsWithNamesThatCELHasOtherUsesFor(t *testing.T) {
	for _, name := range []string{"int", "string", "size", "list", "type", "bool", "startsWith", "null_type", "dyn", "contact_x", "_"} {
		c := compiled(t, &event.Policy{Rules: []*event.PolicyRule{{Name: "r", Steps: []*event.PolicyStep{{Need: name + " >= 2"}}}}})
		require.Equal(t, []string{name}, c.Skills())
	}
}

func TestASkillThatIsGoneIsHadByNobody(t *testing.T) {
	c := compiled(t, bank())
	d := c.Decide(policy.Facts{Tier: "gold"})
	require.False(t, d.Steps[0].Need.Fits(nil))
}

// FuzzCheck shows that no expression makes the reader fail otherwise than by a problem, and that what has none compiles.
func FuzzCheck(f *testing.F) {
	f.Add(`contact.intent == "a" && !(contact.confidence < 3)`, `cards >= 4 ? a in [1, b] : size(contact.tags) > 3`)
	f.Add(`contact.tags == [""]`, `(a == b) != ("x" in contact.tags)`)
	f.Fuzz(func(t *testing.T, when, need string) {
		p := &event.Policy{Rules: []*event.PolicyRule{{Name: "r", When: when, Steps: []*event.PolicyStep{{Need: need}}}}}
		found := policy.Check(p, policy.Known{})
		c, err := policy.Compile(p)
		if len(found) == 0 {
			require.NoError(t, err)
		}
		for _, one := range found {
			require.GreaterOrEqual(t, one.Offset, 0)
			require.LessOrEqual(t, one.Offset, max(len([]rune(when)), len([]rune(need))))
		}
		if err != nil {
			return
		}
		for _, facts := range []policy.Facts{{}, {Intent: "a", Confidence: 900, Tags: []string{"x"}}} {
			for _, s := range c.Decide(facts).Steps {
				s.Need.Lacks(make([]uint8, len(c.Skills())))
			}
		}
	})
}
