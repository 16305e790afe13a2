package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/event"
)

var (
	testSkills = []string{"cards", "english", "chinese", "private-banking"}
	testTexts  = []string{"", "gold", "go", "zh", "en", "vip", "card_lost", "王博", "é"}
)

// writer draws expressions by their type.
type writer struct {
	t      *rapid.T
	skills bool
}

func (w writer) pick(list ...string) string { return rapid.SampledFrom(list).Draw(w.t, "pick") }

func (w writer) bool(depth int) string {
	n := rapid.IntRange(0, 11).Draw(w.t, "bool")
	if depth == 0 {
		n = rapid.IntRange(0, 4).Draw(w.t, "leaf")
	}
	switch d := depth - 1; n {
	case 0:
		return w.pick("true", "false", `("vip" in contact.tags)`, `(contact.tags.size() > 1)`)
	case 1, 2, 3:
		return "(" + w.int(min(depth, 1)) + " " + w.pick("==", "!=", "<", "<=", ">", ">=") + " " + w.int(min(depth, 1)) + ")"
	case 4:
		return "(" + w.text(min(depth, 1)) + " " + w.pick("==", "!=") + " " + w.text(min(depth, 1)) + ")"
	case 5, 6:
		return "(" + w.bool(d) + w.pick(" && ", " || ") + w.bool(d) + ")"
	case 7:
		return "!" + w.bool(d)
	case 8:
		return "(" + w.bool(d) + " ? " + w.bool(d) + " : " + w.bool(d) + ")"
	case 9:
		return "(" + w.bool(d) + w.pick(" == ", " != ") + w.bool(d) + ")"
	case 10:
		if rapid.Bool().Draw(w.t, "ints") {
			return "(" + w.int(0) + " in [" + w.int(0) + ", " + w.int(d) + "])"
		}
		return "(" + w.text(0) + " in " + w.pick("contact.tags", "["+w.text(0)+", "+w.text(0)+"]", "[]") + ")"
	default:
		return w.text(0) + "." + w.pick("startsWith", "endsWith", "contains") + "(" + w.text(0) + ")"
	}
}

func (w writer) int(depth int) string {
	n := rapid.IntRange(0, 4).Draw(w.t, "int")
	switch {
	case n == 0 && depth > 0:
		return "(" + w.bool(depth-1) + " ? " + w.int(depth-1) + " : " + w.int(depth-1) + ")"
	case n == 1:
		return w.pick("contact.confidence", "size(contact.tags)", "contact.intent.size()", "size(["+w.int(0)+"])")
	case n <= 3 && w.skills:
		return w.pick("cards", "english", "chinese", `skill("private-banking")`, `skill("cards")`)
	default:
		return fmt.Sprint(rapid.IntRange(-1, 7).Draw(w.t, "number"))
	}
}

func (w writer) text(depth int) string {
	n := rapid.IntRange(0, 3).Draw(w.t, "text")
	switch {
	case n == 0 && depth > 0:
		w.skills = false
		return "(" + w.bool(depth-1) + " ? " + w.text(depth-1) + " : " + w.text(depth-1) + ")"
	case n == 1:
		return fmt.Sprintf("%q", w.pick(testTexts...))
	default:
		return "contact." + w.pick("intent", "language", "tier", "channel", "entry_point", "queue")
	}
}

func drawFacts(t *rapid.T) Facts {
	text := func(name string) string { return rapid.SampledFrom(testTexts).Draw(t, name) }
	return Facts{
		Intent: text("intent"), Confidence: rapid.Int64Range(-1, 9).Draw(t, "confidence"), Language: text("language"), Tier: text("tier"),
		Tags: rapid.SliceOfN(rapid.SampledFrom(testTexts), 0, 3).Draw(t, "tags"), Channel: text("channel"), EntryPoint: text("entry_point"), Queue: text("queue"),
	}
}

// byCEL evaluates as cel-go does.
func byCEL(t *rapid.T, text string, facts Facts, levels map[string]int64) bool {
	l, err := newLanguage([]string{"cards", "english", "chinese"})
	require.NoError(t, err)
	e, err := l.cel.Extend(cel.Function(skillFunction, cel.Overload("skill_string", []*cel.Type{cel.StringType}, cel.IntType,
		cel.UnaryBinding(func(id ref.Val) ref.Val { return types.Int(levels[fmt.Sprint(id.Value())]) }))))
	require.NoError(t, err)
	checked, issues := e.Compile(text)
	require.NoError(t, issues.Err(), text)
	program, err := e.Program(checked)
	require.NoError(t, err)
	tags := facts.Tags
	if tags == nil {
		tags = []string{}
	}
	vars := map[string]any{
		"contact.intent": facts.Intent, "contact.confidence": facts.Confidence, "contact.language": facts.Language, "contact.tier": facts.Tier,
		"contact.tags": tags, "contact.channel": facts.Channel, "contact.entry_point": facts.EntryPoint, "contact.queue": facts.Queue,
	}
	for id, level := range levels {
		vars[id] = level
	}
	out, _, err := program.Eval(vars)
	require.NoError(t, err, text)
	return out == types.True
}

func TestConditionsAreWhatCELMakesOfThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := writer{t, false}.bool(3)
		facts := drawFacts(t)
		want := byCEL(t, text, facts, nil)
		c, err := Compile(&event.Policy{Rules: []*event.PolicyRule{{Name: "r", When: text}}})
		require.NoError(t, err, text)
		require.Equal(t, want, c.Decide(facts).Rule == 0, text)

		// What is written of the tree reads as the same tree.
		again := c.rules[0].when.write(nil)
		twice, err := Compile(&event.Policy{Rules: []*event.PolicyRule{{Name: "r", When: again}}})
		require.NoError(t, err, again)
		require.Equal(t, again, twice.rules[0].when.write(nil))
		require.Equal(t, want, twice.Decide(facts).Rule == 0, again)
	})
}

func TestNeedsAreWhatCELMakesOfThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := writer{t, true}.bool(3)
		c, err := Compile(&event.Policy{Rules: []*event.PolicyRule{{Name: "r", Steps: []*event.PolicyStep{{Need: text}}}}})
		if err != nil && strings.Contains(err.Error(), "too many cases") {
			return
		}
		require.NoError(t, err, text)
		for range 3 {
			facts := drawFacts(t)
			need := c.Decide(facts).Steps[0].Need
			if len(need.Key()) > MaxExpression {
				continue
			}
			known, err := Compile(&event.Policy{Rules: []*event.PolicyRule{{Name: "r", Steps: []*event.PolicyStep{{Need: need.Key()}}}}})
			require.NoError(t, err, "the key of %s", text)
			again := known.Decide(Facts{}).Steps[0].Need
			require.Equal(t, need.Key(), again.Key(), "a key is its own key")
			for range 3 {
				levels := map[string]int64{}
				var skills []*event.AgentSkill
				for _, id := range testSkills {
					levels[id] = rapid.Int64Range(0, MaxLevel).Draw(t, id)
					skills = append(skills, &event.AgentSkill{Skill: id, Level: uint32(levels[id])})
				}
				want := byCEL(t, text, facts, levels)
				require.Equal(t, want, need.Fits(c.Levels(skills)), "%s is %s", text, need.Key())
				require.Equal(t, want, again.Fits(known.Levels(skills)), "%s is %s", text, need.Key())
				require.Equal(t, want, len(need.Lacks(c.Levels(skills))) == 0)
			}
		}
	})
}

func TestSortedRulesDecideAsTriedInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := writer{t, false}
		p := &event.Policy{Fallback: "f"}
		for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
			when := w.bool(1)
			switch rapid.IntRange(0, 3).Draw(t, "asks") {
			case 0:
				when = fmt.Sprintf("contact.intent == %q && %s", w.pick(testTexts...), when)
			case 1:
				when = fmt.Sprintf("contact.intent in [%q, %q] || %q == contact.intent && %s", w.pick(testTexts...), w.pick(testTexts...), w.pick(testTexts...), when)
			}
			p.Rules = append(p.Rules, &event.PolicyRule{Name: fmt.Sprint(i), When: when, Queue: w.pick("", "gold", "zh")})
		}
		c, err := Compile(p)
		require.NoError(t, err)
		for range 5 {
			facts := drawFacts(t)
			facts.Chosen = rapid.Bool().Draw(t, "chosen")
			want := -1
			for _, r := range c.Explain(facts) {
				if r.Decides {
					want = r.Rule
				}
			}
			require.Equal(t, want, c.Decide(facts).Rule)
		}
	})
}
