package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// shaky is a log whose answers about bounds fail or are old, as its script says; behind its end they are right.
type shaky struct {
	*enginetest.Log
	mu     sync.Mutex
	script []string
}

func (s *shaky) Bounds(ctx context.Context, topic event.Topic, partition int) (first, end int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now string
	if len(s.script) > 0 {
		now, s.script = s.script[0], s.script[1:]
	}
	switch now {
	case "fail":
		return 0, 0, errors.New("no leader")
	case "old":
		return 0, 2, nil
	}
	return s.Log.Bounds(ctx, topic, partition)
}

func audits(t *testing.T, log *enginetest.Log, count int) {
	for i := range count {
		value, err := event.Marshal(&event.Event{Body: &event.Event_Audit{Audit: &event.Audit{Subject: fmt.Sprint(i)}}})
		require.NoError(t, err)
		done := make(chan error, 1)
		log.Append(t.Context(), event.TopicAudit, 0, []event.Record{{Value: value}}, func(err error) { done <- err })
		require.NoError(t, <-done)
	}
}

// What passes by itself while a follower begins keeps it from being ready, and from nothing else.
func TestFollowerTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &shaky{Log: enginetest.NewLog(1), script: strings.Fields("fail fail fail fail fail fail old old right fail right")}
		audits(t, log.Log, 5)
		log.Trim(event.TopicAudit, 0, 3)
		var f Follower
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var seen atomic.Int64
		var run sync.WaitGroup
		run.Go(func() {
			require.ErrorIs(t, f.Run(ctx, log, []event.Topic{event.TopicAudit}, func(_ event.Topic, batch []engine.Delivered) { seen.Add(int64(len(batch))) }),
				context.Canceled)
		})
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		require.ErrorContains(t, f.Ready(), "no leader")
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
		require.NoError(t, f.Ready())
		require.EqualValues(t, 2, seen.Load())
		require.ErrorIs(t, f.Run(ctx, log, nil, nil), ErrRanBefore)
		require.NoError(t, f.Ready(), "the second run changes nothing")
		cancel()
		run.Wait()
		require.Error(t, f.Ready())
	})
}

// fallen is a log that does not hold what comes next, from some moment on.
type fallen struct {
	*enginetest.Log
	fall chan struct{}
}

func (l *fallen) Read(ctx context.Context, topic event.Topic, partition int, from int64, handle func([]event.Record, int64) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-l.fall:
			cancel(&engine.RangeError{Topic: topic, Partition: partition, Offset: 5, First: 9, End: 9})
		case <-ctx.Done():
		}
	}()
	return l.Log.Read(ctx, topic, partition, from, handle)
}

// A log that has lost what the view lacks ends it with that reason: reading on would leave a gap.
func TestFollowerEndsAtAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fallen{enginetest.NewLog(1), make(chan struct{})}
		audits(t, log.Log, 5)
		var f Follower
		var run sync.WaitGroup
		run.Go(func() {
			err := f.Run(t.Context(), log, []event.Topic{event.TopicAudit}, func(event.Topic, []engine.Delivered) {})
			require.ErrorAs(t, err, new(*engine.RangeError))
		})
		synctest.Wait()
		require.NoError(t, f.Ready())
		close(log.fall)
		run.Wait()
		require.ErrorContains(t, f.Ready(), "holds offsets 9 to 9, not 5")
	})
}

// hearer is a log that hears of gaps.
type hearer struct {
	*enginetest.Log
	heard []int64
}

func (h *hearer) HearGap(_ event.Topic, _ int, offset int64, _ *event.Origin, _ bool) {
	h.heard = append(h.heard, offset)
}

func TestGapsAreHeardThroughTheReader(t *testing.T) {
	h := &hearer{Log: enginetest.NewLog(1)}
	readOnly{h}.HearGap(event.TopicAudit, 0, 7, nil, true)
	require.Equal(t, []int64{7}, h.heard)
	readOnly{struct{ Reader }{h}}.HearGap(event.TopicAudit, 0, 8, nil, true)
	require.Equal(t, []int64{7}, h.heard, "who does not want to hear is left alone")
}

func TestReadersDoNotAppend(t *testing.T) {
	done := make(chan error, 1)
	readOnly{enginetest.NewLog(1)}.Append(t.Context(), event.TopicAudit, 0, nil, func(err error) { done <- err })
	require.ErrorIs(t, <-done, errReadOnly)
}
