package floor

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/models"
	"github.com/tributary-cc/tributary/models/local"
)

func TestThePlanIsTheSameForASeed(t *testing.T) {
	b, err := lines()
	require.NoError(t, err)
	entries := map[string]bool{"bank": true, "travel": true}
	one, again, other := newPlanner(1, b, 3, entries), newPlanner(1, b, 3, entries), newPlanner(2, b, 3, entries)
	same := true
	for range 200 {
		v := one.next()
		require.Equal(t, v, again.next())
		same = same && v.After == other.next().After
	}
	require.False(t, same)
}

func TestThePlanHasAllThatHappensOnAFloor(t *testing.T) {
	b, err := lines()
	require.NoError(t, err)
	p := newPlanner(7, b, 6, map[string]bool{"bank": true, "travel": true})
	var all time.Duration
	seen := map[string]int{}
	const n = 2000
	for range n {
		v := p.next()
		all += v.After
		require.NotEmpty(t, v.Lines)
		require.NotEmpty(t, v.Thanks)
		seen[v.Entry]++
		for name, is := range map[string]bool{
			"leaves": v.Leaves, "drops": v.Drops, "returns": v.Returns != nil, "gold": v.Gold, "scores": v.Score > 0, "impatient": v.Patience < 20*time.Second,
		} {
			if is {
				seen[name]++
			}
		}
	}
	require.InDelta(t, 10, (all / n).Seconds(), 1, "six a minute")
	for _, name := range []string{"bank", "travel", "leaves", "drops", "returns", "gold", "scores", "impatient"} {
		require.Greater(t, seen[name], n/100, name)
	}

	shop := newPlanner(7, b, 6, map[string]bool{"travel": true})
	for range 50 {
		require.Equal(t, "travel", shop.next().Entry, "nobody comes where there is nothing")
	}
}

// TestTheLinesMeanWhatTheySay keeps the floor lively: a first line that its model does not read ends in the fall-back queue.
func TestTheLinesMeanWhatTheySay(t *testing.T) {
	b, err := lines()
	require.NoError(t, err)
	names := map[string]string{"bank": local.BankEnglish, "travel": local.TravelChinese}
	asked, right := 0, 0
	for _, c := range b.Customers {
		m, err := local.Embedded(names[c.Entry])
		require.NoError(t, err)
		require.NotEmpty(t, c.Insist)
		for _, s := range c.Scripts {
			if s.Intent == "" {
				continue
			}
			a, err := m.Classify(context.Background(), models.Question{Text: s.Lines[0]})
			require.NoError(t, err)
			if asked++; a.Intent == s.Intent && !a.Unsure {
				right++
			} else {
				t.Logf("%q is read as %s (%d, unsure %t), not %s", s.Lines[0], a.Intent, a.Confidence, a.Unsure, s.Intent)
			}
		}
	}
	require.GreaterOrEqual(t, right*100, asked*85, "%d of %d", right, asked)
}

func TestAFloorNeedsItsParts(t *testing.T) {
	whole := Config{PerMinute: 1, Speed: 1, Entries: []string{"bank"}, Codes: []string{"solved"}, Reasons: []string{"lunch"}}
	_, err := New(whole)
	require.NoError(t, err)
	for _, broken := range []func(*Config){
		func(c *Config) { c.Speed = 0 }, func(c *Config) { c.Speed = 1e6 }, func(c *Config) { c.PerMinute = -1 },
		func(c *Config) { c.Entries = nil }, func(c *Config) { c.Codes = nil }, func(c *Config) { c.Reasons = nil },
	} {
		c := whole
		broken(&c)
		_, err := New(c)
		require.Error(t, err)
	}
}
