package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// advised is a host whose advice the test gives.
type advised struct {
	*engine.Host
	change chan engine.Assignment
	stop   context.CancelFunc
	ended  chan error
}

func (s *sim) host(id string, deadly func(), options ...func(*engine.Config)) *advised {
	h := &advised{change: make(chan engine.Assignment), ended: make(chan error, 1)}
	cfg := engine.Config{Log: s.log, Store: s.store, Build: "b0", Writer: id, Now: time.Now}
	for _, set := range options {
		set(&cfg)
	}
	h.Host = engine.NewHost(cfg,
		[]engine.Processor{deadlyProcessor(0, deadly)}, func(ctx context.Context, change func(engine.Assignment)) error {
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

var place = engine.Place{Topic: event.TopicIdentityIn}

func TestAHostFollowsAdviceAndLetsGoOnlyLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		a, b := s.host("a", func() {}), s.host("b", func() {})
		own, standby := engine.Assignment{Own: []engine.Place{place}}, engine.Assignment{Standby: []engine.Place{place}}
		for i := range 120 { // a rebalance every few messages
			if i%10 == 0 {
				x, y := own, standby
				if i%20 == 0 {
					x, y = y, x
				}
				a.change <- x
				b.change <- y
			}
			s.load(i)
		}
		require.NoError(t, a.Ready())
		require.Len(t, a.Status(), 1)
		b.change <- own
		a.change <- engine.Assignment{}
		time.Sleep(29 * time.Second)
		require.Len(t, a.Status(), 1, "nobody stops folding for a rebalance")
		a.change <- standby
		time.Sleep(time.Minute)
		require.Len(t, a.Status(), 1, "it was named again")
		a.change <- engine.Assignment{}
		time.Sleep(31 * time.Second)
		require.Empty(t, a.Status())
		a.change <- standby
		time.Sleep(time.Second)
		require.Len(t, a.Status(), 1)
		a.stop()
		b.stop()
		require.NoError(t, <-a.ended)
		require.NoError(t, <-b.ended)
		s.drain(spawned{})
		wrong, stopped := s.compare()
		require.False(t, wrong || stopped)
		require.NoError(t, s.replay(spawned{}, "").Err())
	})
}

// What fails is started again, alone, and a partition that stands before a poisoned record goes on when it is skipped.
func TestAHostKeepsItsPartitionsGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 2)
		h := s.host("a", func() {})
		h.change <- engine.Assignment{Own: []engine.Place{place}}
		for i := range 20 {
			s.load(i)
		}
		time.Sleep(10 * time.Second)
		s.log.Truncate(event.TopicIdentityIn, 0, 10) // its reader fails, and it starts in a new epoch
		time.Sleep(5 * time.Second)
		for i := range 20 {
			s.load(i)
		}
		time.Sleep(5 * time.Second)
		require.NoError(t, h.Ready())
		st := h.Status()[0]
		require.EqualValues(t, 2, st.Epoch)
		require.Equal(t, st.End, st.Next)
		require.Empty(t, st.Halted)
		h.stop()
		require.NoError(t, <-h.ended)
		s.noGaps()
	})
}

func TestWithoutAdviceAHostOwnsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 3)
		h := engine.NewHost(engine.Config{Log: s.log, Store: s.store, Build: "b0", Writer: "a", Now: time.Now}, []engine.Processor{scatterProcessor(0)}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { require.NoError(t, h.Run(ctx)) })
		time.Sleep(time.Second)
		require.Len(t, h.Status(), 3)
		for _, st := range h.Status() {
			require.True(t, st.Emitting, fmt.Sprint(st))
		}
		cancel()
		wg.Wait()
	})
}

// A recorded trace has a span for each fold, at the owner alone and once: a start that folds it again makes none.
func TestFoldsOfRecordedTracesAreSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 3)
		var spans []string
		begin := func(id string, own bool) *advised {
			a := engine.Assignment{Standby: []engine.Place{place}}
			if own {
				a = engine.Assignment{Own: []engine.Place{place}}
			}
			h := s.host(id, func() {}, func(c *engine.Config) {
				c.Span = func(traceparent, processor string, partition int, offset int64) func() {
					spans = append(spans, fmt.Sprint(id, " ", processor, " ", partition, " ", traceparent))
					return func() { spans = append(spans, "ended") }
				}
			})
			h.change <- a
			time.Sleep(5 * time.Second)
			return h
		}
		standby := begin("b", false)
		for restarts := range 2 {
			owner := begin("a", true)
			for _, flag := range []string{"-00", "-01"} {
				s.traced = fmt.Sprint("t", restarts, flag)
				s.load(restarts)
			}
			s.traced = ""
			time.Sleep(5 * time.Second)
			owner.stop()
			require.NoError(t, <-owner.ended)
		}
		standby.stop()
		require.NoError(t, <-standby.ended)
		require.Equal(t, []string{"a scatter 0 t0-01", "ended", "a scatter 0 t1-01", "ended"}, spans)
	})
}
