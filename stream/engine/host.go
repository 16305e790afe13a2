package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

func (a Assignment) names(p Place) bool {
	return slices.Contains(a.Own, p) || slices.Contains(a.Standby, p)
}

// Advice calls change with each new assignment until ctx is done. Nil stands for "own everything".
type Advice func(ctx context.Context, change func(Assignment)) error

const (
	// lapse is how long a partition that no advice names any more is folded on: longer than any rebalance.
	lapse      = 30 * time.Second
	firstPause = 100 * time.Millisecond
	longPause  = 5 * time.Second
)

// Host runs the partitions of a process and keeps each going: one that fails is started again by itself, alone.
type Host struct {
	cfg    Config
	procs  []Processor
	advice Advice

	mu     sync.Mutex
	latest Assignment
	// advised: an assignment came; before it there is nothing to be ready with.
	advised bool
	parts   map[Place]*hosted
	runs    int
	begun   map[Place]bool // folded here before
	// superseded: another build took over a partition of this process, so that this is the older one.
	superseded bool
	fail       context.CancelCauseFunc // ends the run
	fatal      error
	unfinished []error
	born       map[Place]int64 // the ends of the inboxes when the process began
	wg         sync.WaitGroup
}

// hosted is a partition with the one goroutine that keeps it. All but place and proc is guarded by Host.mu.
type hosted struct {
	place  Place
	proc   Processor
	part   *Partition
	cancel context.CancelFunc
	lapse  *time.Timer // runs while no advice names the place
	err    error
	// halted: it stands until the process ends; standing: until somebody else is gone.
	halted, standing bool
}

// NewHost makes a host of folds, at most one per inbox.
func NewHost(cfg Config, procs []Processor, advice Advice) *Host {
	cfg.inside = make(chan struct{}, 1)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Host{cfg: cfg, procs: procs, advice: advice, parts: make(map[Place]*hosted), begun: make(map[Place]bool)}
}

// Ends are the ends of all inboxes. After an unclean end of the broker they are asked for before anybody may append.
func Ends(ctx context.Context, log Log, procs []Processor) (map[Place]int64, error) {
	out := make(map[Place]int64)
	for _, proc := range procs {
		for p := range log.Partitions(proc.Inbox) {
			_, end, err := log.Bounds(ctx, proc.Inbox, p)
			if err != nil {
				return nil, err
			}
			out[Place{proc.Inbox, p}] = end
		}
	}
	return out, nil
}

// Run folds until ctx is done and then leaves cleanly; what could not be left cleanly is in its error. It ends by itself when
// nothing can go on in this process: see ErrNotDurable.
func (h *Host) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	h.mu.Lock()
	h.fail = cancel
	h.mu.Unlock()
	err := h.run(ctx)
	h.wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		err = nil // we were asked to end, or fatal says why
	}
	return errors.Join(append(h.unfinished, h.fatal, err)...)
}

func (h *Host) run(ctx context.Context) error {
	if h.advice == nil {
		h.assign(ctx, h.everything())
		<-ctx.Done()
		return nil
	}
	if err := h.askEnds(ctx); err != nil {
		return err
	}
	return h.advice(ctx, func(a Assignment) { h.assign(ctx, a) })
}

func (h *Host) everything() Assignment {
	var a Assignment
	for _, proc := range h.procs {
		for p := range h.cfg.Log.Partitions(proc.Inbox) {
			a.Own = append(a.Own, Place{proc.Inbox, p})
		}
	}
	return a
}

// assign starts what is new and changes roles. What is not named any more goes on as a standby: nobody stops folding or
// emitting for a rebalance, and only after a while without being named does it end.
func (h *Host) assign(ctx context.Context, a Assignment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.latest, h.advised = a, true
	for place, r := range h.parts {
		r.part.SetOwner(slices.Contains(a.Own, place))
		switch named := a.names(place); {
		case named && r.lapse != nil:
			r.lapse.Stop()
			r.lapse = nil
		case !named && r.lapse == nil:
			r.lapse = time.AfterFunc(lapse, r.cancel)
		}
	}
	for _, place := range slices.Concat(a.Own, a.Standby) {
		if h.parts[place] == nil {
			h.begin(ctx, place)
		}
	}
}

// begin starts to keep a place. The lock is held.
func (h *Host) begin(ctx context.Context, place Place) {
	i := slices.IndexFunc(h.procs, func(p Processor) bool { return p.Inbox == place.Topic })
	if i < 0 || ctx.Err() != nil {
		return
	}
	pctx, cancel := context.WithCancel(ctx)
	r := &hosted{place: place, proc: h.procs[i], cancel: cancel}
	r.part = h.make(r, true)
	h.parts[place] = r
	h.wg.Go(func() {
		defer cancel()
		h.keep(pctx, r)
		h.end(ctx, r)
	})
}

// make makes the next run of a partition: a writer of its own, so that it does not take an earlier run's ticks for its
// own. The lock is held.
func (h *Host) make(r *hosted, first bool) *Partition {
	cfg := h.cfg
	h.runs++
	cfg.Writer = fmt.Sprintf("%s.%d", cfg.Writer, h.runs)
	cfg.Unclean = cfg.Unclean && first
	p := NewPartition(cfg, r.proc, r.place.Partition)
	p.SetOwner(slices.Contains(h.latest.Own, r.place))
	p.yields = h.superseded || h.begun[r.place]
	if end, ok := h.born[r.place]; ok {
		p.born = end
	}
	return p
}

// end forgets a place that lapsed, unless it was named again while it ended.
func (h *Host) end(ctx context.Context, r *hosted) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.halted || ctx.Err() != nil {
		return // its state stays to be seen
	}
	delete(h.parts, r.place)
	if h.latest.names(r.place) {
		h.begin(ctx, r.place)
	}
}

// keep runs a partition again and again until it ends well, or in a way that a new start would only repeat. A poisoned one
// looks again and again for the epoch that skips the record, a superseded one whether the other build is at work.
func (h *Host) keep(ctx context.Context, r *hosted) {
	pause := firstPause
	for {
		began := h.cfg.Now()
		err := r.part.Run(ctx)
		if err == nil {
			return
		}
		h.ended(ctx, r, err)
		if ctx.Err() != nil {
			return
		}
		takeBack := false
		switch {
		case errors.Is(err, ErrDiverged):
			r.part.log.ErrorContext(ctx, "the partition stands still", "error", err)
			return
		case errors.Is(err, ErrSuperseded):
			r.part.log.WarnContext(ctx, "the partition stands by", "error", err)
			takeBack, err = h.awaitTurn(ctx, r)
		default:
			r.part.log.ErrorContext(ctx, "the partition is started again", "error", err)
			if lasting(err) {
				pause = longPause
			} else if h.cfg.Now().Sub(began) > time.Minute {
				pause = firstPause
			}
			err = wait(ctx, pause)
			pause = min(2*pause, longPause)
		}
		if err != nil {
			return // we were asked to end
		}
		h.mu.Lock()
		r.part = h.make(r, !r.part.begun)
		r.part.takeBack, r.standing = takeBack, false
		h.mu.Unlock()
	}
}

// lasting tells whether an error passes only when an operator does something.
func lasting(err error) bool { return errors.Is(err, ErrPoisoned) || errors.Is(err, ErrNoCheckpoint) }

// ended notes how a run ended.
func (h *Host) ended(ctx context.Context, r *hosted, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case errors.Is(err, ErrNotDurable):
		r.part.log.ErrorContext(ctx, "the process must end", "error", err)
		if h.fatal == nil {
			h.fatal = err
			h.fail(err)
		}
	case errors.Is(err, ErrUnfinished):
		r.part.log.ErrorContext(ctx, "the partition is left", "error", err)
		h.unfinished = append(h.unfinished, err)
	}
	if ctx.Err() != nil {
		return
	}
	r.err, r.halted, r.standing = err, errors.Is(err, ErrDiverged), errors.Is(err, ErrSuperseded)
	h.superseded = h.superseded || r.standing
	h.begun[r.place] = h.begun[r.place] || r.part.begun
}

// fault is what keeps a partition from going on, if anything does.
func (r *hosted) fault() error {
	if r.halted || r.standing || lasting(r.err) && !r.part.caughtUp.Load() {
		return r.err
	}
	return nil
}

// Status lists all partitions run here, in the order of topics and partitions.
func (h *Host) Status() []Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Status, 0, len(h.parts))
	for _, proc := range h.procs {
		for p := range h.cfg.Log.Partitions(proc.Inbox) {
			if r := h.parts[Place{proc.Inbox, p}]; r != nil {
				s := r.part.Status()
				if fault := r.fault(); fault != nil {
					s.Halted = fault.Error()
				}
				out = append(out, s)
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
	if h.fatal != nil {
		faults = append(faults, h.fatal)
	}
	if !h.advised {
		faults = append(faults, errors.New("which partitions to fold is not known yet: the consumer group has not answered"))
	}
	for place, r := range h.parts {
		switch fault := r.fault(); {
		case fault != nil:
			faults = append(faults, fault)
		case !r.part.caughtUp.Load():
			faults = append(faults, fmt.Errorf("%s/%d is still being folded to the end", place.Topic, place.Partition))
		}
	}
	return errors.Join(faults...)
}
