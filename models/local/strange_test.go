package local

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAStrangeTextHasNoHighConfidence: where most of a text says nothing to a model, the little that does is no certainty.
func TestAStrangeTextHasNoHighConfidence(t *testing.T) {
	m := embedded(t, BankEnglish)
	scores := make([]float64, m.columns)
	for i := range scores {
		scores[i] = -3
	}
	scores[7] = 3 // as sure as scores come
	plain := m.answer(scores, m.cal.Unknown)
	require.False(t, plain.Unsure)
	require.Greater(t, plain.Confidence, 950)
	before := plain.Confidence
	for unknown := m.cal.Unknown + 1; unknown < 1000; unknown += 7 {
		a := m.answer(scores, unknown)
		require.True(t, a.Unsure)
		require.Equal(t, plain.Intent, a.Intent)
		require.Equal(t, a.Confidence, a.Guesses[0].Confidence)
		require.Less(t, a.Confidence, m.cal.Unsure)
		require.LessOrEqual(t, a.Confidence, before, "the less it knows the less it says")
		before = a.Confidence
	}
	require.Less(t, before, 50)

	for _, name := range Names() {
		m := embedded(t, name)
		for _, text := range append([]string{
			"xqzvk wjfpq zzkx card", "refund wxyzqk pqrstuvw zzzkkk qqqwww jjjxxx", "Сколько стоит перевод card fee", "asdkjh qweoiu top up zmxncb",
			"vrijgezel statement kwartaaloverzicht ontvangstbewijs", "xqzvk 酒店 wjfpq zzkx", "訂房確認書 酒店 寄送繳費憑證",
		}, hostile...) {
			if a := ask(t, m, text); a.Unsure && len(a.Guesses) > 0 {
				require.Less(t, a.Guesses[0].Confidence, m.cal.Unsure, "%s: %q", name, text)
			}
		}
	}
	outside := teach(t, "oos")
	scores = []float64{-3, -3, -3, 3}
	a := outside.answer(scores, 999)
	require.True(t, a.OutOfScope)
	require.True(t, a.Unsure)
	require.Less(t, a.Confidence, outside.cal.Unsure)
}
