package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// maxWaiting bounds the captures that wait while the store is away or outputs are not acknowledged: each holds a state. Beyond it
// the newest takes the place of the one before it, with the changes of both.
const maxWaiting = 8

// ErrNotDurable says that what was acknowledged may not be on the disk, and nobody knows what is. The process must end, and the log be
// read anew.
var ErrNotDurable = errors.New("the log cannot be made durable")

// saver publishes captures in order, each only when the outputs up to it are acknowledged, off the folding goroutine.
type saver struct {
	points    *checkpoints
	sync      func(context.Context) error
	mu        sync.Mutex
	waiting   []capture
	acked     int64
	writing   bool
	wake      chan struct{}
	published atomic.Int64
	failed    chan error // holds why it writes no more
}

func newSaver(points *checkpoints, sync func(context.Context) error) *saver {
	return &saver{points: points, sync: sync, wake: make(chan struct{}, 1), failed: make(chan error, 1)}
}

// take queues a capture.
func (s *saver) take(c capture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.waiting); n >= maxWaiting {
		c = c.over(s.waiting[n-1])
		s.waiting = s.waiting[:n-1]
	}
	s.waiting = append(s.waiting, c)
}

// drop forgets what waits.
func (s *saver) drop() {
	s.mu.Lock()
	s.waiting = nil
	s.mu.Unlock()
}

// release tells how far outputs are acknowledged.
func (s *saver) release(acked int64) {
	s.mu.Lock()
	s.acked = acked
	ready := len(s.waiting) > 0 && s.waiting[0].m.Position.Next <= acked
	s.mu.Unlock()
	if ready {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// idle tells whether nothing waits or is being written.
func (s *saver) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) == 0 && !s.writing
}

func (s *saver) next() (capture, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = false
	if len(s.waiting) == 0 || s.waiting[0].m.Position.Next > s.acked {
		return capture{}, false
	}
	c := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.writing = true
	return c, true
}

// run writes until ctx is done. What fails is tried again: the log is whole without it, only a restart would take longer. But a
// log that cannot be made durable is not whole.
func (s *saver) run(ctx context.Context, log *slog.Logger) {
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			return
		}
		for {
			c, ok := s.next()
			if !ok {
				break
			}
			for pause := firstPause; ; pause = min(2*pause, longPause) {
				err := s.save(ctx, c)
				if err == nil {
					break
				}
				if errors.Is(err, ErrNotDurable) {
					s.failed <- err // there is room: nothing is written behind it
					return
				}
				log.ErrorContext(ctx, "a checkpoint is tried again", "error", err)
				if wait(ctx, pause) != nil {
					return
				}
			}
		}
	}
}

func (s *saver) save(ctx context.Context, c capture) error {
	if s.sync != nil {
		if err := s.sync(ctx); err != nil {
			return fmt.Errorf("before a checkpoint: %w: %w", ErrNotDurable, err)
		}
	}
	if err := s.points.publish(ctx, c); err != nil {
		return err
	}
	s.published.Store(c.m.Position.Next)
	return nil
}

// wait pauses for d or until ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
