package openai

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBreaker(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBreaker(func() time.Time { return now })
	ask := func(v verdict) bool {
		done, ok := b.allow()
		if ok {
			done(v)
		}
		return ok
	}
	for range maxFailures - 1 {
		require.True(t, ask(failed))
	}
	require.True(t, ask(alive), "one answer, and it counts from the beginning")
	for range maxFailures - 1 {
		require.True(t, ask(failed))
	}
	require.True(t, ask(unknown), "who goes away says nothing")
	late, ok := b.allow()
	require.True(t, ok)
	require.True(t, ask(failed))
	require.Equal(t, Open, b.State())
	require.False(t, ask(alive))
	late(alive)
	require.Equal(t, Open, b.State(), "the end of a question from before says nothing")

	now = now.Add(firstRest)
	probe, ok := b.allow()
	require.True(t, ok)
	require.Equal(t, HalfOpen, b.State())
	require.False(t, ask(alive), "one question at a time")
	probe(unknown)
	probe, ok = b.allow()
	require.True(t, ok, "the probe was given back")
	probe(failed)
	require.Equal(t, Open, b.State())
	now = now.Add(firstRest)
	require.False(t, ask(alive), "it rests twice as long")
	now = now.Add(firstRest)
	require.True(t, ask(alive))
	require.Equal(t, Closed, b.State())

	for rest := firstRest; ; rest = min(2*rest, maxRest) {
		for b.State() == Closed {
			ask(failed)
		}
		now = now.Add(rest - 1)
		require.False(t, ask(failed))
		now = now.Add(1)
		require.True(t, ask(failed))
		if rest == maxRest {
			break
		}
	}
}
