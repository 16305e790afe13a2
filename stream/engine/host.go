package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// Place is one inbox partition.
type Place struct {
	Topic     event.Topic
	Partition int
}

// Assignment is the consumer group's advice to a process: what to fold and emit, and what to fold as a standby.
type Assignment struct{ Own, Standby []Place }

// Advice calls change with each new assignment until ctx is done. Nil stands for "own everything".
type Advice func(ctx context.Context, change func(Assignment)) error

// Host runs the partitions of a process and keeps each going: one that fails is started again by itself, alone.
type Host struct {
	cfg    Config
	procs  map[event.Topic]Processor
	topics []event.Topic
	advice Advice

	mu    sync.Mutex
	parts map[Place]*hosted
	wg    sync.WaitGroup
}

type hosted struct {
	part   *Partition
	cancel context.CancelFunc
	err    error
	halted bool
}

// NewHost makes a host of folds, at most one per inbox.
func NewHost(cfg Config, procs []Processor, advice Advice) *Host {
	h := &Host{cfg: cfg, procs: make(map[event.Topic]Processor), advice: advice, parts: make(map[Place]*hosted)}
	for _, p := range procs {
		h.procs[p.Inbox] = p
		h.topics = append(h.topics, p.Inbox)
	}
	return h
}

// Inboxes are the topics folded, for the consumer group.
func (h *Host) Inboxes() []event.Topic { return slices.Clone(h.topics) }

// Run folds until ctx is done and then leaves cleanly.
func (h *Host) Run(ctx context.Context) error {
	defer h.wg.Wait()
	if h.advice == nil {
		h.assign(ctx, h.everything())
		<-ctx.Done()
		return nil
	}
	return h.advice(ctx, func(a Assignment) { h.assign(ctx, a) })
}

func (h *Host) everything() Assignment {
	var a Assignment
	for _, t := range h.topics {
		n := h.cfg.Log.Partitions(t)
		for p := range n {
			a.Own = append(a.Own, Place{t, p})
		}
	}
	return a
}

// assign starts what is new and changes roles. What is not named any more goes on as a standby where it runs: nobody stops
// folding or emitting for a rebalance; it stops when the process does.
func (h *Host) assign(ctx context.Context, a Assignment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for place, r := range h.parts {
		r.part.SetOwner(slices.Contains(a.Own, place))
	}
	for _, place := range slices.Concat(a.Own, a.Standby) {
		proc, known := h.procs[place.Topic]
		if !known || h.parts[place] != nil {
			continue
		}
		pctx, cancel := context.WithCancel(ctx)
		r := &hosted{part: NewPartition(h.cfg, proc, place.Partition), cancel: cancel}
		r.part.SetOwner(slices.Contains(a.Own, place))
		h.parts[place] = r
		h.wg.Go(func() { h.keep(pctx, r) })
	}
}

// keep runs a partition again and again until it ends well, or in a way that a new start would only repeat.
func (h *Host) keep(ctx context.Context, r *hosted) {
	defer r.cancel()
	pause := 100 * time.Millisecond
	for {
		err := r.part.Run(ctx)
		halted := errors.Is(err, ErrSuperseded) || errors.Is(err, ErrPoisoned) || errors.Is(err, ErrDiverged)
		h.mu.Lock()
		r.err, r.halted = err, halted
		h.mu.Unlock()
		if err == nil || ctx.Err() != nil || halted {
			if halted {
				r.part.log.ErrorContext(ctx, "the partition stands still", "error", err)
			}
			return
		}
		r.part.log.ErrorContext(ctx, "the partition is started again", "error", err)
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		pause = min(2*pause, 5*time.Second)
		owner := r.part.owner.Load()
		h.mu.Lock()
		r.part = NewPartition(h.cfg, r.part.proc, r.part.part)
		r.part.SetOwner(owner)
		h.mu.Unlock()
	}
}

// Status lists all partitions run here, in the order of topics and partitions.
func (h *Host) Status() []Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Status, 0, len(h.parts))
	for _, t := range h.topics {
		for p := range h.cfg.Log.Partitions(t) {
			if r := h.parts[Place{t, p}]; r != nil {
				out = append(out, r.part.Status())
			}
		}
	}
	return out
}

// Ready tells whether every partition run here has caught up once, and what keeps the others.
func (h *Host) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var faults []error
	for place, r := range h.parts {
		switch {
		case r.halted:
			faults = append(faults, r.err)
		case !r.part.caughtUp.Load():
			faults = append(faults, &NotReadyError{place})
		}
	}
	return errors.Join(faults...)
}

// NotReadyError names a partition that has not yet folded to the end.
type NotReadyError struct{ Place Place }

func (e *NotReadyError) Error() string {
	return string(e.Place.Topic) + ": a partition is still being folded to the end"
}
