//go:build !race

package local

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models"
)

// With the race detector a pool forgets on purpose, so this is counted without it.
func TestClassifyAllocatesTheAnswerOnly(t *testing.T) {
	ctx := t.Context()
	for name, text := range map[string]string{
		BankEnglish:   "I lost my card yesterday in a shop, what should I do now?",
		TravelChinese: "你好，我想找一个评分４.5分以上的景点，给我推荐一个吧。 OK？",
	} {
		m := embedded(t, name)
		got := testing.AllocsPerRun(1000, func() {
			_, _ = m.Classify(ctx, models.Question{Text: text})
		})
		require.LessOrEqual(t, got, 1.0, name)
		before := []string{"你好，帮我推荐一家酒店", text}
		got = testing.AllocsPerRun(1000, func() {
			_, _ = m.Classify(ctx, models.Question{Text: text, Before: before})
		})
		require.LessOrEqual(t, got, 1.0, name)
	}
}
