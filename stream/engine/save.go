package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// saver publishes captures in order, each only when the outputs up to it are acknowledged, off the folding goroutine.
type saver struct {
	points    *checkpoints
	sync      func(context.Context) error
	mu        sync.Mutex
	waiting   []capture
	acked     int64
	writing   bool
	wake      chan struct{}
	failed    chan error
	published atomic.Int64
	onSaved   func(context.Context) error
}

func newSaver(points *checkpoints, sync func(context.Context) error) *saver {
	return &saver{
		points: points, sync: sync, wake: make(chan struct{}, 1), failed: make(chan error, 1),
		onSaved: func(context.Context) error { return nil },
	}
}

// take queues a capture.
func (s *saver) take(c capture) {
	s.mu.Lock()
	s.waiting = append(s.waiting, c)
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

func (s *saver) run(ctx context.Context) {
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
			if err := s.save(ctx, c); err != nil {
				select {
				case s.failed <- err:
				default:
				}
				return
			}
		}
	}
}

func (s *saver) save(ctx context.Context, c capture) error {
	if s.sync != nil {
		if err := s.sync(ctx); err != nil {
			return fmt.Errorf("making the log durable before a checkpoint: %w", err)
		}
	}
	if err := s.points.publish(ctx, c); err != nil {
		return err
	}
	s.published.Store(c.m.Position.Next)
	return s.onSaved(ctx)
}
