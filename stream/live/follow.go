package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// ErrRanBefore says that something was run a second time that runs once.
var ErrRanBefore = errors.New("it was run before: it runs once, make a new one")

// Pauses between questions for a partition's bounds that fail.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// Follower follows all partitions of topics from their first records on, and knows when it has caught up with what was
// there at the start. The zero value is ready for use.
type Follower struct {
	mu      sync.Mutex
	started bool
	ended   error
	waiting int
	last    error
	ran     atomic.Bool
}

// Run calls apply with what comes, from one goroutine a partition, until ctx is done or a partition cannot be followed;
// it returns why. What passes by itself is tried again, so another error than ctx's means that the log does not hold what
// the view lacks. Run may be called once: a second run would apply everything twice.
func (f *Follower) Run(ctx context.Context, log Reader, topics []event.Topic, apply func(topic event.Topic, batch []engine.Delivered)) error {
	if !f.ran.CompareAndSwap(false, true) {
		return ErrRanBefore
	}
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
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = context.Cause(ctx)
	return f.ended
}

func (f *Follower) one(ctx context.Context, log Reader, topic event.Topic, partition int, apply func([]engine.Delivered)) error {
	behind := true
	for {
		first, end, err := f.bounds(ctx, log, topic, partition)
		if err != nil {
			return err
		}
		caughtUp := func(next int64) {
			if behind && next >= end {
				behind = false
				f.count(-1)
			}
		}
		caughtUp(first)
		begun := false
		err = engine.Follow(ctx, readOnly{log}, topic, partition, first, new(engine.Lanes), func(batch []engine.Delivered, next, _ int64) error {
			begun = true
			apply(batch)
			caughtUp(next)
			return nil
		})
		// As long as nothing was applied all can begin again: the log does not answer, or retention passed by meanwhile.
		if begun || ctx.Err() != nil {
			return err
		}
		if err = f.wait(ctx, firstPause, err); err != nil {
			return err
		}
	}
}

// bounds asks until there is an answer or ctx is done.
func (f *Follower) bounds(ctx context.Context, log Reader, topic event.Topic, partition int) (first, end int64, err error) {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		if first, end, err = log.Bounds(ctx, topic, partition); err == nil {
			return first, end, nil
		}
		if err = f.wait(ctx, pause, fmt.Errorf("asking for the bounds of %s/%d: %w", topic, partition, err)); err != nil {
			return 0, 0, err
		}
	}
}

// wait keeps why it waits, for Ready.
func (f *Follower) wait(ctx context.Context, d time.Duration, why error) error {
	f.mu.Lock()
	f.last = why
	f.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
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

// Ready is nil once all partitions have caught up with the ends they had at the start, until Run ends.
func (f *Follower) Ready() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.ended != nil:
		return fmt.Errorf("the view is not kept any more: %w", f.ended)
	case !f.started:
		return errors.New("the view does not run yet")
	case f.waiting > 0 && f.last != nil:
		return fmt.Errorf("the view is catching up on %d partitions; lately: %w", f.waiting, f.last)
	case f.waiting > 0:
		return fmt.Errorf("the view is catching up on %d partitions", f.waiting)
	}
	return nil
}
