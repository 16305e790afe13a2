package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// A log that cannot be made durable ends the process, at once and for the reason: trying again would prove nothing.
func TestALogThatCannotBeMadeDurableEndsTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		broken := errors.New("input/output error")
		var failing atomic.Bool
		h := engine.NewHost(engine.Config{
			Log: s.log, Store: s.store, Build: "b0", Writer: "a", Now: time.Now,
			Sync: func(context.Context) error {
				if failing.Load() {
					return broken
				}
				return nil
			},
		}, []engine.Processor{scatterProcessor(0)}, nil)
		ended := make(chan error, 1)
		go func() { ended <- h.Run(t.Context()) }()
		s.fill(0, 5, "abc")
		time.Sleep(10 * time.Second)
		require.NoError(t, h.Ready())
		failing.Store(true)
		s.fill(0, 5, "abc")
		at := time.Now()
		err := <-ended
		require.Less(t, time.Since(at), 10*time.Second)
		require.ErrorIs(t, err, engine.ErrNotDurable)
		require.ErrorIs(t, err, broken)
		require.ErrorIs(t, h.Ready(), engine.ErrNotDurable)
	})
}

// stuck is a log whose appends to outputs a test decides about: with an error, or never answered.
type stuck struct {
	engine.Log
	mu   atomic.Pointer[error]
	hang atomic.Bool
}

func (l *stuck) Append(ctx context.Context, t event.Topic, n int, recs []event.Record, done func(error)) {
	if t != event.TopicIdentityIn {
		if l.hang.Load() {
			return
		}
		if err := l.mu.Swap(nil); err != nil {
			go done(*err)
			return
		}
	}
	l.Log.Append(ctx, t, n, recs, done)
}

func TestWhatIsLeftUnfinishedIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		log := &stuck{Log: s.log}
		h := engine.NewHost(engine.Config{Log: log, Store: s.store, Build: "b0", Writer: "a", Now: time.Now}, []engine.Processor{scatterProcessor(0)}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		time.Sleep(time.Second)
		log.hang.Store(true)
		s.fill(0, 5, "abc")
		time.Sleep(time.Second)
		cancel()
		require.ErrorIs(t, <-ended, engine.ErrUnfinished)
	})
}

// An owner that starts again and comes to other outputs than it told before must not go on: its own word is the truth.
func TestAnOwnerThatRefutesItselfStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		log := &stuck{Log: s.log}
		var later atomic.Bool
		proc := scatterProcessor(0)
		proc.New = func() engine.Fold { // what a fold must not do: look at something besides its records
			if later.Load() {
				return &scatter{1, func() {}}
			}
			return &scatter{0, func() {}}
		}
		h := engine.NewHost(engine.Config{Log: log, Store: s.store, Build: "b0", Writer: "a", Now: time.Now}, []engine.Processor{proc}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		time.Sleep(time.Second)
		s.fill(0, 5, "abc")
		time.Sleep(time.Second)
		later.Store(true)
		failure := errors.New("refused")
		log.mu.Store(&failure)
		s.fill(0, 1, "abc")
		time.Sleep(10 * time.Second)
		st := h.Status()[0]
		require.Contains(t, st.Halted, engine.ErrDiverged.Error())
		require.EqualValues(t, 1, st.Diverged)
		require.ErrorIs(t, h.Ready(), engine.ErrDiverged)
		cancel()
		require.NoError(t, <-ended)
	})
}
