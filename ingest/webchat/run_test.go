package webchat

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// failing is a log that does not answer at first, and that later does not hold what comes next.
type failing struct {
	live.Reader
	faults atomic.Int32
	fall   chan struct{}
}

func (l *failing) Bounds(ctx context.Context, topic event.Topic, partition int) (first, end int64, err error) {
	if l.faults.Add(-1) >= 0 {
		return 0, 0, errors.New("no leader")
	}
	return l.Reader.Bounds(ctx, topic, partition)
}

func (l *failing) Read(ctx context.Context, topic event.Topic, partition int, from int64, handle func([]event.Record, int64) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-l.fall:
			cancel(&engine.RangeError{Topic: topic, Partition: partition, Offset: 5, First: 9, End: 9})
		case <-ctx.Done():
		}
	}()
	return l.Reader.Read(ctx, topic, partition, from, handle)
}

// A log that does not answer for a moment at the start is asked again. One that has lost what the view lacks ends Run,
// for ever: the process is to end with it.
func TestRunEndsOnlyForGood(t *testing.T) {
	w := newWorld(t)
	log := &failing{Reader: w.log, fall: make(chan struct{})}
	log.faults.Store(2)
	p := w.process(func(c *Config) { c.Log = log })
	require.ErrorIs(t, p.adapter.Run(t.Context()), live.ErrRanBefore)
	require.NoError(t, p.adapter.Ready(), "it runs on")
	close(log.fall)
	require.Eventually(t, func() bool { return p.adapter.Ready() != nil }, patience, time.Millisecond)
	require.ErrorContains(t, p.adapter.Ready(), "holds offsets 9 to 9")
}
