package live

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Follower follows all partitions of topics from their first records on, and knows when it has caught up with what was
// there at the start. The zero value is ready for use.
type Follower struct {
	mu      sync.Mutex
	started bool
	waiting int
}

// Run calls apply with what comes, from one goroutine a partition, until ctx is done or a partition cannot be followed;
// it returns why.
func (f *Follower) Run(ctx context.Context, log engine.Log, topics []event.Topic, apply func(topic event.Topic, batch []engine.Delivered)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, topic := range topics {
		for p := range log.Partitions(topic) {
			f.count(1)
			all.Go(func() {
				err := f.one(ctx, log, topic, p, func(batch []engine.Delivered) { apply(topic, batch) })
				if err != nil && ctx.Err() == nil {
					cancel(fmt.Errorf("following %s/%d: %w", topic, p, err))
				}
			})
		}
	}
	f.start()
	all.Wait()
	return context.Cause(ctx)
}

func (f *Follower) one(ctx context.Context, log engine.Log, topic event.Topic, partition int, apply func([]engine.Delivered)) error {
	first, end, err := log.Bounds(ctx, topic, partition)
	if err != nil {
		return fmt.Errorf("asking for the bounds: %w", err)
	}
	behind := first < end
	if !behind {
		f.count(-1)
	}
	return engine.Follow(ctx, log, topic, partition, first, new(engine.Lanes), func(batch []engine.Delivered, next, _ int64) error {
		apply(batch)
		if behind && next >= end {
			behind = false
			f.count(-1)
		}
		return nil
	})
}

func (f *Follower) count(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting += n
}

func (f *Follower) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started = true
}

// Ready is nil once all partitions have caught up with the ends they had at the start.
func (f *Follower) Ready() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !f.started:
		return errors.New("the view does not run yet")
	case f.waiting > 0:
		return fmt.Errorf("the view is catching up on %d partitions", f.waiting)
	}
	return nil
}
