package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxWaiting bounds the captures that wait while the store is away or outputs are not acknowledged: each holds a state. Beyond
	// it the newest takes the place of the one before it, with the changes of both.
	maxWaiting = 8

	firstPause = 100 * time.Millisecond
	longPause  = 5 * time.Second
)

// ErrNotDurable says that what was acknowledged may not be on the disk, and nobody knows what is. The process must end, and the log be
// read anew.
var ErrNotDurable = errors.New("the log cannot be made durable")

// Saver publishes captures in order, each only when the outputs up to it are acknowledged, off the folding goroutine.
type Saver struct {
	points    *Store
	sync      func(context.Context) error
	mu        sync.Mutex
	waiting   []Capture
	acked     int64
	writing   bool
	wake      chan struct{}
	published atomic.Int64
	failed    chan error
}

// NewSaver makes a saver of a partition that begins to fold at an offset. Sync, if any, is called before each publication.
func NewSaver(points *Store, from int64, sync func(context.Context) error) *Saver {
	s := &Saver{points: points, sync: sync, wake: make(chan struct{}, 1), failed: make(chan error, 1)}
	s.published.Store(from)
	return s
}

// Published is the offset of the newest checkpoint known to stand.
func (s *Saver) Published() int64 { return s.published.Load() }

// Failed gives why nothing is written any more: that the log is not durable.
func (s *Saver) Failed() <-chan error { return s.failed }

// Take queues a capture.
func (s *Saver) Take(c Capture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.waiting); n >= maxWaiting {
		c = c.over(s.waiting[n-1])
		s.waiting = s.waiting[:n-1]
	}
	s.waiting = append(s.waiting, c)
}

// Drop forgets what waits.
func (s *Saver) Drop() {
	s.mu.Lock()
	s.waiting = nil
	s.mu.Unlock()
}

// Release tells how far outputs are acknowledged.
func (s *Saver) Release(acked int64) {
	s.mu.Lock()
	s.acked = acked
	ready := len(s.waiting) > 0 && s.waiting[0].Position.Next <= acked
	s.mu.Unlock()
	if ready {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Idle tells whether nothing waits or is being written.
func (s *Saver) Idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) == 0 && !s.writing
}

func (s *Saver) next() (c Capture, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = len(s.waiting) > 0 && s.waiting[0].Position.Next <= s.acked
	if s.writing {
		c, s.waiting = s.waiting[0], s.waiting[1:]
	}
	return c, s.writing
}

// Run writes until ctx is done. What fails is tried again: the log is whole without it, only a restart would take longer. But a
// log that cannot be made durable is not whole.
func (s *Saver) Run(ctx context.Context, log *slog.Logger) {
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			return
		}
		for c, ok := s.next(); ok; c, ok = s.next() {
			if !s.insist(ctx, c, log) {
				return
			}
		}
	}
}

// insist saves a capture, again and again until it stands.
func (s *Saver) insist(ctx context.Context, c Capture, log *slog.Logger) bool {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := s.save(ctx, c)
		switch {
		case err == nil:
			return true
		case errors.Is(err, ErrNotDurable):
			s.failed <- err // there is room: nothing is written behind it
			return false
		}
		log.ErrorContext(ctx, "a checkpoint is tried again", "error", err)
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return false
		}
	}
}

func (s *Saver) save(ctx context.Context, c Capture) error {
	if s.sync != nil {
		if err := s.sync(ctx); err != nil {
			return fmt.Errorf("before a checkpoint: %w: %w", ErrNotDurable, err)
		}
	}
	if err := s.points.Publish(ctx, c); err != nil {
		return err
	}
	s.published.Store(c.Position.Next)
	return nil
}
