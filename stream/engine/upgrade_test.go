package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// built is a host of one build, with advice by the test.
func (s *sim) built(id string, version int) *advised {
	h := &advised{change: make(chan engine.Assignment), ended: make(chan error, 1)}
	h.Host = engine.NewHost(engine.Config{Log: s.log, Store: s.store, Build: fmt.Sprint("b", version), Writer: id, Now: time.Now},
		[]engine.Processor{scatterProcessor(version)}, func(ctx context.Context, change func(engine.Assignment)) error {
			for {
				select {
				case a := <-h.change:
					change(a)
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		})
	ctx, cancel := context.WithCancel(s.t.Context())
	h.stop = cancel
	go func() { h.ended <- h.Run(ctx) }()
	return h
}

func (s *sim) epochs(partition int) (builds []string) {
	epochs, err := engine.Epochs(s.t.Context(), s.log, event.TopicIdentityIn, partition)
	require.NoError(s.t, err)
	for _, e := range epochs {
		builds = append(builds, e.Epoch.GetBuild())
	}
	return builds
}

// foldedTo requires that a host's partitions are folded to their ends, by a build.
func (s *sim) foldedTo(h *advised, partitions ...int) {
	s.t.Helper()
	for _, st := range h.Status() {
		for _, p := range partitions {
			if st.Partition == p {
				require.Empty(s.t, st.Halted)
				require.Equal(s.t, st.End, st.Next)
				_, end, err := s.log.Bounds(s.t.Context(), event.TopicIdentityIn, p)
				require.NoError(s.t, err)
				require.GreaterOrEqual(s.t, st.Acked, end-2, "what was put is folded and out")
			}
		}
	}
}

// In a rolling upgrade an old process that is given a partition leaves it to the new build, whatever the group advises.
func TestAnOldProcessLeavesPartitionsToTheNewBuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		p0, p1 := engine.Place{Topic: event.TopicIdentityIn}, engine.Place{Topic: event.TopicIdentityIn, Partition: 1}
		x1, x2, x3 := s.built("x1", 0), s.built("x2", 0), s.built("x3", 0)
		x1.change <- engine.Assignment{Own: []engine.Place{p0}}
		x2.change <- engine.Assignment{Own: []engine.Place{p1}}
		work := func(n int) {
			for range n {
				s.fill(0, 3, "abc")
				s.fill(1, 3, "abcde")
				time.Sleep(200 * time.Millisecond)
			}
		}
		work(30)
		y := s.built("y", 1)
		y.change <- engine.Assignment{Own: []engine.Place{p0, p1}}
		work(30)
		require.ErrorIs(t, x1.Ready(), engine.ErrSuperseded)
		// The group gives what it likes to whom it likes.
		x1.change <- engine.Assignment{Own: []engine.Place{p0, p1}} // superseded on one, never had the other
		x3.change <- engine.Assignment{Own: []engine.Place{p1}}     // never had any
		y.change <- engine.Assignment{Standby: []engine.Place{p0, p1}}
		work(300)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b0", "b1"}, s.epochs(0))
		require.Equal(t, []string{"b0", "b1"}, s.epochs(1))
		s.foldedTo(y, 0, 1)
		s.put("1", "") // decides nothing that is seen outside, and still somebody must be heard to have folded it
		time.Sleep(2 * time.Minute)
		require.Equal(t, []string{"b0", "b1"}, s.epochs(0))

		// The new build goes away for good: who is left takes the partitions back when there is something to do.
		y.stop()
		require.NoError(t, <-y.ended)
		time.Sleep(2 * time.Minute)
		require.Equal(t, []string{"b0", "b1"}, s.epochs(0), "nothing waits")
		work(10)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b0", "b1", "b0"}, s.epochs(0))
		require.Equal(t, []string{"b0", "b1", "b0"}, s.epochs(1))
		s.foldedTo(x1, 0, 1)
		require.NoError(t, x1.Ready())

		// A process that begins now is the newest, whatever was before.
		y = s.built("z", 1)
		y.change <- engine.Assignment{Own: []engine.Place{p0, p1}}
		work(30)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b0", "b1", "b0", "b1"}, s.epochs(0))
		s.foldedTo(y, 0, 1)
		for _, h := range []*advised{x1, x2, x3, y} {
			h.stop()
			require.NoError(t, <-h.ended)
		}
		s.noGaps()
	})
}

// A superseded process whose advice is taken away and given again does not come back as if it were new.
func TestASupersededPartitionLapsesAndYieldsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		own := engine.Assignment{Own: []engine.Place{place}}
		x, y := s.built("x", 0), s.built("y", 1)
		x.change <- own
		s.fill(0, 3, "abc")
		time.Sleep(10 * time.Second)
		y.change <- own
		s.fill(0, 3, "abc")
		time.Sleep(10 * time.Second)
		x.change <- engine.Assignment{}
		time.Sleep(time.Minute)
		require.Empty(t, x.Status())
		x.change <- own
		s.fill(0, 3, "abc")
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b0", "b1"}, s.epochs(0))
		require.NotEmpty(t, x.Status()[0].Halted)
		s.foldedTo(y, 0)
		x.stop()
		y.stop()
		require.NoError(t, <-x.ended)
		require.NoError(t, <-y.ended)
	})
}

// deaf is a log whose readers hear nothing for a while, and then fail.
type deaf struct {
	engine.Log
	deaf atomic.Bool
	over chan struct{}
}

func (l *deaf) Read(ctx context.Context, t event.Topic, n int, from int64, handle func([]event.Record, int64) error) error {
	return l.Log.Read(ctx, t, n, from, func(b []event.Record, end int64) error {
		if l.deaf.Load() {
			<-l.over
			return errEnd
		}
		return handle(b, end)
	})
}

// A run that fails while another build takes over starts again as the older one that it is.
func TestAPartitionThatStartsAgainBeginsNoUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		log := &deaf{Log: s.log, over: make(chan struct{})}
		x := engine.NewHost(engine.Config{Log: log, Store: s.store, Build: "b0", Writer: "x", Now: time.Now}, []engine.Processor{scatterProcessor(0)}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- x.Run(ctx) }()
		s.fill(0, 3, "abc")
		time.Sleep(10 * time.Second)
		log.deaf.Store(true)
		y := s.built("y", 1)
		y.change <- engine.Assignment{Own: []engine.Place{place}}
		s.fill(0, 3, "abc")
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"b0", "b1"}, s.epochs(0))
		log.deaf.Store(false)
		close(log.over)
		s.fill(0, 3, "abc")
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b0", "b1"}, s.epochs(0))
		require.ErrorIs(t, x.Ready(), engine.ErrSuperseded)
		s.foldedTo(y, 0)
		cancel()
		y.stop()
		require.NoError(t, <-ended)
		require.NoError(t, <-y.ended)
	})
}
