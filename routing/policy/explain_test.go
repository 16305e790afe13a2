package policy_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

func TestExplainSaysWhichPartSettledIt(t *testing.T) {
	c := compiled(t, bank())
	require.Equal(t, []policy.Trace{
		{Rule: 0, Name: "Lost cards go first", Why: []string{`contact.confidence >= 600 is false: contact.confidence is 200`}},
		{Rule: 1, Name: "Gold to experts", Why: []string{
			`contact.tier == "gold" is false: contact.tier is ""`, `"vip" in contact.tags is false: contact.tags is ["new"]`,
		}},
		{Rule: 2, Name: "Unsure", Matches: true, Decides: true, Why: []string{`contact.confidence < 300 is true: contact.confidence is 200`}},
	}, c.Explain(policy.Facts{Intent: "card_lost", Confidence: 200, Tags: []string{"new"}}))

	chosen := c.Explain(policy.Facts{Confidence: 200, Queue: "loans", Chosen: true})
	require.Equal(t, []string{"it leads to cards, but loans was chosen for this contact"}, chosen[0].Why)
}

// large is a policy of many rules: one for each intent, with steps in two languages.
func large(rules int) *event.Policy {
	p := &event.Policy{}
	for i := range rules {
		p.Rules = append(p.Rules, &event.PolicyRule{
			Name: fmt.Sprint("intent ", i), When: fmt.Sprintf(`contact.intent == "intent_%d" && contact.confidence >= 600`, i), Queue: "q",
			Steps: []*event.PolicyStep{
				{Need: fmt.Sprintf(`s%d >= 4 && (contact.language == "zh" ? chinese >= 3 : english >= 3)`, i%20), ForMs: 30_000},
				{Need: fmt.Sprintf("s%d >= 2", i%20)},
			},
		})
	}
	return p
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 77, 500} {
		c := compiled(b, large(n))
		f := policy.Facts{Intent: fmt.Sprint("intent_", n-1), Confidence: 900, Language: "zh"}
		b.Run(fmt.Sprint("last of ", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.Decide(f).Rule != n-1 {
					b.Fatal("another rule")
				}
			}
		})
	}
}

func BenchmarkFits(b *testing.B) {
	c := compiled(b, bank())
	need := c.Decide(policy.Facts{Intent: "card_lost", Confidence: 900, Language: "zh"}).Steps[0].Need
	levels := []uint8{5, 4, 0, 0}
	b.ReportAllocs()
	for b.Loop() {
		if !need.Fits(levels) {
			b.Fatal("does not fit")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{10, 500} {
		p := large(n)
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				compiled(b, p)
			}
		})
	}
}
