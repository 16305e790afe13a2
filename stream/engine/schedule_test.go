package engine_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
)

// seeds is how many schedules a property is tried with: SEEDS sets it for a long run.
func seeds(t *testing.T, n uint64) uint64 {
	t.Helper()
	if v, err := strconv.ParseUint(os.Getenv("SEEDS"), 10, 64); err == nil {
		return v
	}
	if testing.Short() {
		return max(3, n/5)
	}
	return n
}

// each tries a property with many schedules, each in a bubble of its own time.
func each(t *testing.T, n uint64, f func(t *testing.T, s *sim)) {
	t.Helper()
	for seed := range seeds(t, n) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSim(t, seed)
				defer s.end()
				f(t, s)
			})
		})
	}
}

// chaos runs an owner and a standby that crash and freeze, under load; after is called after each message.
func (s *sim) chaos(messages int, mutant string, after func(a, b *process)) {
	a, b := s.spawn(spawned{owner: true, mutant: mutant}), s.spawn(spawned{mutant: mutant})
	time.Sleep(3 * time.Second) // the first epoch stands
	for i := range messages {
		s.load(i)
		if after != nil {
			after(a, b)
		}
		switch x := s.rnd.Float64(); {
		case x < .04:
			a.kill()
			a = s.spawn(spawned{owner: true, mutant: mutant})
		case x < .08:
			b.kill()
			b = s.spawn(spawned{owner: s.rnd.IntN(2) == 0, mutant: mutant})
		case x < .12:
			[]*process{a, b}[s.rnd.IntN(2)].freeze(time.Duration(s.rnd.IntN(4000)) * time.Millisecond)
		}
	}
	a.kill()
	b.kill()
}

func TestSchedulesTakeEachOutputOnceAndInOrder(t *testing.T) {
	each(t, 20, func(t *testing.T, s *sim) {
		s.chaos(120, "", nil)
		s.drain(spawned{})
		wrong, stopped := s.compare()
		require.False(t, wrong, "a destination holds what the fold did not decide")
		require.False(t, stopped, "a lane is not complete")

		names, err := checkpoint.Open(s.store, "scatter", 0).Names(t.Context())
		require.NoError(t, err)
		for _, name := range append(names, "") {
			r := s.replay(spawned{}, name)
			require.NoError(t, r.Err(), "replayed from %q", name)
			require.Zero(t, r.Pending+r.Foreign)
			require.Equal(t, r.Outputs, r.Equal)
		}
	})
}

// Each mutant breaks one rule of section "emitting" or "position"; lane numbers must turn each loss into a visible stop.
func TestMutantsAreSeenAndNeverSilent(t *testing.T) {
	for _, mutant := range []string{"early", "ckfolded", "globalmax", "pipelined"} {
		t.Run(mutant, func(t *testing.T) {
			stops := 0
			for seed := range seeds(t, 10) {
				synctest.Test(t, func(t *testing.T) {
					s := newSim(t, seed)
					s.chaos(120, mutant, nil)
					s.drain(spawned{})
					s.end()
					wrong, stopped := s.compare()
					require.False(t, wrong, "a loss must be a visible stop: seed %d", seed)
					if stopped {
						stops++
						require.Error(t, s.replay(spawned{}, "").Err(), "a replay must find it: seed %d", seed)
					}
				})
			}
			require.Positive(t, stops, "no schedule caught the mutant")
		})
	}
}
