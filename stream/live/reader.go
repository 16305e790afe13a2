package live

import (
	"context"
	"errors"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Reader is the log for who shows facts: it cannot append, so that the guard is the only way in. Every [engine.Log] is one.
type Reader interface {
	Partitions(topic event.Topic) int
	Bounds(ctx context.Context, topic event.Topic, partition int) (first, end int64, err error)
	Read(ctx context.Context, topic event.Topic, partition int, from int64, handle func(batch []event.Record, end int64) error) error
	At(ctx context.Context, topic event.Topic, partition int, offsets []int64) ([]event.Record, error)
}

var errReadOnly = errors.New("this log is only read: append through the guard")

// readOnly is a reader where an [engine.Log] is asked for.
type readOnly struct{ Reader }

var (
	_ engine.Log       = readOnly{}
	_ engine.GapHearer = readOnly{}
)

// Append refuses.
func (readOnly) Append(_ context.Context, _ event.Topic, _ int, _ []event.Record, done func(error)) {
	go done(errReadOnly)
}

// HearGap passes on what a log wants to hear.
func (r readOnly) HearGap(topic event.Topic, partition int, offset int64, origin *event.Origin, first bool) {
	if h, ok := r.Reader.(engine.GapHearer); ok {
		h.HearGap(topic, partition, offset, origin, first)
	}
}
