package local

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models"
)

func texts(from, to int) (out []models.Example) {
	for i := from; i < to; i++ {
		out = append(out, models.Example{Text: fmt.Sprintf("question number %d", i)})
	}
	return out
}

func TestAModelKnowsWhatItWasTrainedOn(t *testing.T) {
	m := teach(t, "oos")
	file, err := m.Encode()
	require.NoError(t, err)
	again, err := Decode(file)
	require.NoError(t, err)
	require.True(t, again.SaysSeen())
	share, compared := again.Overlap(lessons())
	require.InDelta(t, 1, share, 0)
	require.Equal(t, len(lessons()), compared)
	share, _ = again.Overlap([]models.Example{{Text: "  MY card  is lost please"}, {Text: "another thing"}})
	require.InDelta(t, 0.5, share, 0)

	// Of many examples a sample says it.
	m.seen = seenOf(texts(0, 20_000))
	require.Len(t, m.seen, maxSeen)
	share, _ = m.Overlap(texts(0, 10_000))
	require.InDelta(t, 1, share, 0)
	share, _ = m.Overlap(texts(15_000, 25_000))
	require.InDelta(t, 0.5, share, 0.05)
	share, compared = m.Overlap(texts(20_000, 30_000))
	require.Zero(t, share)
	require.Greater(t, compared, 500)
}

// TestAModelMadeBeforeIsReadAndSaysNothing of what it was trained on.
func TestAModelMadeBeforeIsReadAndSaysNothing(t *testing.T) {
	m := teach(t, "oos")
	m.seen = nil
	file, err := m.encode()
	require.NoError(t, err)
	require.NotContains(t, string(file[:2000]), "seen")
	old, err := Decode(file)
	require.NoError(t, err)
	require.False(t, old.SaysSeen())
	share, compared := old.Overlap(lessons())
	require.Zero(t, share)
	require.Zero(t, compared)
}

func TestHashesThatAreNoneAreRefused(t *testing.T) {
	for _, bad := range [][]byte{{1}, bytes.Repeat([]byte{0, 0, 0, 1}, 2), {0, 0, 0, 2, 0, 0, 0, 1}, []byte(strings.Repeat("a", 4*maxSeen+4))} {
		_, err := decodeSeen(bad)
		require.Error(t, err)
	}
}
