//go:build !race

package local

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// With the race detector a pool forgets on purpose, so this is counted without it.
func TestClassifyAllocatesTheAnswerOnly(t *testing.T) {
	m := embedded(t, BankEnglish)
	ctx := t.Context()
	got := testing.AllocsPerRun(1000, func() {
		_, _ = m.Classify(ctx, "I lost my card yesterday in a shop, what should I do now?")
	})
	require.LessOrEqual(t, got, 1.0)
}
