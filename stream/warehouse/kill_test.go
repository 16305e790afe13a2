package warehouse

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/event"
)

// steps are the places where a sink can die. Of the tables: events, which another goroutine inserts, the next three, and the last one;
// those between are inserted as these are.
func steps() []string {
	out := []string{"before the cut", "after the cut"}
	for i, t := range newBlock(1).tables() {
		if last := len(newBlock(1).tables()) - 1; i < 4 || i == last {
			out = append(out, "before "+t.table(), "after "+t.table())
		}
	}
	return append(out, "before the row of the cut", "before the mark", "after the mark")
}

func TestSinkKilledAtEachStep(t *testing.T) {
	for _, step := range steps() {
		t.Run(step, func(t *testing.T) {
			w, s := seeded(t)
			s.bulk(0, 30)
			runUntil(t, newTestSink(t, w, s), caughtUp)
			s.bulk(30, 30)

			victim := newTestSink(t, w, s)
			victim.fault = func(at string) error {
				if at == step {
					return errKilled
				}
				return nil
			}
			require.ErrorIs(t, victim.Run(context.Background()), errKilled)

			s.bulk(60, 30)
			var both sync.WaitGroup
			for range 2 {
				sink := newTestSink(t, w, s)
				both.Go(func() { runUntil(t, sink, caughtUp) })
			}
			both.Wait()
			requireWhole(t, w, 90)
		})
	}
}

// Who catches up proposes the next cut while the last one is inserted. Killed then, it leaves two cuts without a mark.
func TestSinkKilledWithTwoUnmarkedCuts(t *testing.T) {
	for _, step := range []string{"before messages", "before the row of the cut", "before the mark"} {
		t.Run(step, func(t *testing.T) {
			w, s := seeded(t)
			s.bulk(0, 60) // several cuts
			victim := newTestSink(t, w, s)
			cuts, two := 0, make(chan struct{})
			victim.fault = func(at string) error {
				switch at {
				case "after the cut": // the loop's, one after the other
					if cuts++; cuts == 2 {
						close(two)
					}
				case "before messages": // the worker's
					select {
					case <-two:
					case <-time.After(20 * time.Second): //nolint:forbidigo // a test of real time
						t.Error("no cut was proposed ahead")
					}
				}
				if at == step {
					return errKilled
				}
				return nil
			}
			require.ErrorIs(t, victim.Run(context.Background()), errKilled)
			marks := 0
			for _, r := range s.log.All(event.TopicSink, 0) {
				e, err := event.Unmarshal(r.Value)
				require.NoError(t, err)
				if e.GetCutDone() != nil {
					marks++
				}
			}
			require.Equal(t, [2]int{2, 0}, [2]int{len(s.log.All(event.TopicSink, 0)) - marks, marks})

			s.bulk(60, 30)
			var both sync.WaitGroup
			for range 2 {
				sink := newTestSink(t, w, s)
				both.Go(func() { runUntil(t, sink, caughtUp) })
			}
			both.Wait()
			requireWhole(t, w, 90)
		})
	}
}

// A server that is killed may know a token whose rows it lost. Here the rows are deleted behind its back.
func TestSinkBringsWhatATokenLost(t *testing.T) {
	for name, lose := range map[string]string{
		"all rows":        "ALTER TABLE messages DELETE WHERE cut = (SELECT max(cut) FROM messages) SETTINGS mutations_sync = 2",
		"some rows":       "ALTER TABLE messages DELETE WHERE cut = (SELECT max(cut) FROM messages) AND sequence % 2 = 0 SETTINGS mutations_sync = 2",
		"of contacts":     "ALTER TABLE contacts DELETE WHERE cut = (SELECT max(cut) FROM contacts) SETTINGS mutations_sync = 2",
		"the cut's own":   "ALTER TABLE cuts DELETE WHERE number = (SELECT max(number) FROM cuts) SETTINGS mutations_sync = 2",
		"nothing at all":  "SELECT 1",
		"rows of offers":  "ALTER TABLE offers DELETE WHERE cut = (SELECT max(cut) FROM offers) SETTINGS mutations_sync = 2",
		"rows of entries": "ALTER TABLE queue_entries DELETE WHERE cut = (SELECT max(cut) FROM queue_entries) SETTINGS mutations_sync = 2",
	} {
		t.Run(name, func(t *testing.T) {
			w, s := seeded(t)
			s.bulk(0, 30)
			victim := newTestSink(t, w, s)
			at := "before the row of the cut"
			if name == "the cut's own" {
				at = "before the mark"
			}
			victim.fault = func(step string) error {
				if step == at {
					return errKilled
				}
				return nil
			}
			require.ErrorIs(t, victim.Run(context.Background()), errKilled)
			require.NoError(t, w.exec(context.Background(), lose))
			runUntil(t, newTestSink(t, w, s), caughtUp)
			requireWhole(t, w, 30)
		})
	}
}

// Two sinks run at once and are killed again and again at any step, while facts come.
func TestTwoSinksKilledAtRandom(t *testing.T) {
	w, s := seeded(t)
	const customers = 400
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	kills := 0
	fault := func(string) error {
		mu.Lock()
		defer mu.Unlock()
		if kills < 60 && random.IntN(8) == 0 {
			kills++
			return errKilled
		}
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	var sinks [2]*Sink
	for i := range sinks {
		sinks[i] = newTestSink(t, w, s)
		sinks[i].fault = fault
		both.Go(func() {
			for ctx.Err() == nil {
				if err := sinks[i].Run(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errKilled) {
					t.Errorf("a sink ended: %v", err)
					return
				}
			}
		})
	}
	for written := 0; written < customers; written += 10 {
		s.bulk(written, 10)
		before := sinks[0].Lag().Cut
		require.Eventually(t, func() bool { return sinks[0].Lag().Cut > before || sinks[1].Lag().Cut > before }, time.Minute, time.Millisecond)
	}
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return caughtUp(sinks[0].Lag()) && caughtUp(sinks[1].Lag())
	}, time.Minute, 5*time.Millisecond)
	cancel()
	both.Wait()
	requireWhole(t, w, customers)
	require.GreaterOrEqual(t, kills, 20, "the test must kill")
}

// A warehouse that was thrown away is filled again from the log.
func TestSinkFillsANewWarehouse(t *testing.T) {
	w, s := seeded(t)
	s.bulk(0, 60)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	s.bulk(60, 30)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	marks := len(s.log.All(event.TopicSink, 0))

	fresh := openWarehouse(t, embeddedtest.ClickHouse(t))
	sink := newTestSink(t, fresh, s)
	runUntil(t, sink, func(l Lag) bool { return caughtUp(l) && l.Cut > 0 })
	requireWhole(t, fresh, 90)
	require.Len(t, s.log.All(event.TopicSink, 0), marks, "a rebuild writes no marks again")

	s.bulk(90, 10)
	runUntil(t, newTestSink(t, fresh, s), caughtUp)
	requireWhole(t, fresh, 100)
}

func TestSinkRefusesAnothersWarehouse(t *testing.T) {
	w, s := seeded(t)
	s.bulk(0, 5)
	runUntil(t, newTestSink(t, w, s), caughtUp)

	other := newScene(t, 3)
	other.bulk(0, 5)
	require.ErrorIs(t, newTestSink(t, w, other).Run(context.Background()), ErrForeign)
}
