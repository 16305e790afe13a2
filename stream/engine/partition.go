package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/engine/poison"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// The engine's times. Served time does not know them: they decide only when something is written, never what.
const (
	tickEvery      = 4 * time.Second        // while a timer is pending
	tickApart      = 200 * time.Millisecond // at the least
	suspectAfter   = 300 * time.Millisecond // a standby emits when the oldest output waits longer
	trustAfter     = 2 * time.Second        // and stops when the owner has been heard again for so long
	checkpointTime = 5 * time.Second
	checkpointRecs = 50_000          // at each multiple of it, too: a long backlog has no ticks
	handover       = 3 * time.Second // how long a new build waits for the old one's last checkpoint
	grace          = 10 * time.Second
	maxPending     = 20_000 // outputs held before reading pauses
	pulse          = 50 * time.Millisecond
	fresh          = time.Second // how long what the log last said of its end is believed
)

// Errors that end a partition's run.
var (
	// ErrSuperseded: an epoch of another build began; this one has handed over and must not fold here any more.
	ErrSuperseded = errors.New("another build folds this partition from here on")
	// ErrDiverged: the owner came to different outputs for the same records. The span is dumped for comparison.
	ErrDiverged = errors.New("this process came to other decisions than the owner")
	// ErrUnfinished: the partition was left before everything was out; who folds it next does the rest.
	ErrUnfinished = errors.New("the partition was left unfinished")
	// ErrPoisoned: a record killed the process again and again; the partition stands until an epoch skips it.
	ErrPoisoned = poison.Err
	// ErrNoCheckpoint: an operator must decide from where the partition is to be folded.
	ErrNoCheckpoint = checkpoint.ErrNone
	// ErrNotDurable: the process must end, and the log be read anew.
	ErrNotDurable = checkpoint.ErrNotDurable
	// errAgain: the broker lost its end, so that what this run believes to be acknowledged may be gone; or a record that it
	// may have folded is to be skipped.
	errAgain = errors.New("an epoch begins that wants the partition folded again from its checkpoint")
)

// Config is what all partitions of a process share.
type Config struct {
	Log   Log
	Store objects.Store
	// Build is a hash of code, dependencies and toolchain target.
	Build string
	// Writer is a random id of the process.
	Writer string
	// Now is the wall clock that ticks carry; monotonic too.
	Now func() time.Time
	// Unclean says that the broker was not shut down cleanly: every partition begins an epoch.
	Unclean bool
	// UncleanEnds, if known, are the ends of the inboxes as the broker found them, before anybody appended; see Ends.
	UncleanEnds map[Place]int64
	// Sync is called before a checkpoint is published: what was acknowledged must be on disk. Nil where replicas see to that.
	Sync func(ctx context.Context) error
	// Span, if set, begins the span of a record's fold and gives what ends it. It is asked for recorded traces, where the owner is at
	// work: what is folded again at a start was seen before.
	Span   func(traceparent, processor string, partition int, offset int64) (end func())
	Logger *slog.Logger

	// inside is what partitions of a process share while they are careful; see poison.
	inside chan struct{}
}

// Status is a partition's state for people and metrics.
type Status struct {
	Processor  string `json:"processor"`
	Partition  int    `json:"partition"`
	Epoch      uint64 `json:"epoch"`
	Next       int64  `json:"next"`
	End        int64  `json:"end"`
	Acked      int64  `json:"acked"`
	Checkpoint int64  `json:"checkpoint"`
	Rows       int    `json:"rows"`
	Pending    int    `json:"pending"`
	Emitting   bool   `json:"emitting"`
	Gaps       uint64 `json:"gaps"`
	Dead       uint64 `json:"dead"`
	Folded     uint64 `json:"folded"`
	ServedMS   int64  `json:"served_ms"`
	// Diverged counts the ticks of others of this build by which they came to other outputs than this run.
	Diverged uint64 `json:"diverged"`
	// Halted says why the partition stands still, if it does.
	Halted string `json:"halted,omitempty"`
}

// Partition folds one inbox partition: reads, folds, emits, ticks and checkpoints. It is one goroutine, besides the reader
// and the writer of checkpoints that it owns and waits for.
type Partition struct {
	cfg   Config
	proc  Processor
	place Place
	owner atomic.Bool
	// caughtUp is set when the end of the log was reached once.
	caughtUp atomic.Bool

	log     *slog.Logger
	core    *Machine
	emit    *emitter
	saver   *checkpoint.Saver
	guard   *poison.Guard
	records chan chunk
	answers chan answer // with room for one of each lane and of a tick: more are never under way
	status  atomic.Pointer[Status]
	now     Status // what is counted on the way; the rest is filled in when it is published

	begun      bool      // the start succeeded
	lastEpoch  uint64    // the last epoch known when the run began
	distrust   int64     // ticks below this offset prove no acknowledgement: the broker lost its end
	atEnd      bool      // what the log last said of its end is folded
	heardEnd   time.Time // when the log last said where it ends
	promoted   time.Time // when a standby began to emit; zero while it does not
	heard      time.Time // when the last tick of the epoch was folded
	heardOther time.Time
	ticked     time.Time // when this process last wrote a tick
	ticking    bool      // a tick of ours is on its way
	news       bool      // outputs were acknowledged since the last tick
	sinceSaved int       // records folded since the last checkpoint
	saved      time.Time
	differ     bool // the old build's hash was seen to differ; said once
	superseded bool // another build has the next epoch: what is held is brought out, and that is all
	leaving    bool // the process was asked to end
	last       bool // nothing more is folded: the last checkpoint is taken, or is not ours to take

	yields   bool                // it must not begin an epoch of its own accord where another build folds
	takeBack bool                // unless that build is silent
	born     int64               // the inbox's end when the process began
	stood    checkpoint.Position // where another build took over
}

type chunk struct {
	records []event.Record
	end     int64
}

// answer is the log's to an append: of a lane's head, or of a tick, which names no place.
type answer struct {
	to  Place
	err error
}

// NewPartition makes the folder of a partition. It is a standby until SetOwner.
func NewPartition(cfg Config, proc Processor, partition int) *Partition {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.inside == nil {
		cfg.inside = make(chan struct{}, 1)
	}
	p := &Partition{
		cfg: cfg, proc: proc, place: Place{proc.Inbox, partition}, log: cfg.Logger.With("processor", proc.Name, "partition", partition),
		records: make(chan chunk), born: math.MaxInt64, now: Status{Processor: proc.Name, Partition: partition},
	}
	first := p.now
	p.status.Store(&first)
	return p
}

// SetOwner takes the consumer group's advice: an owner emits at once, a standby when the owner is late.
func (p *Partition) SetOwner(owner bool) { p.owner.Store(owner) }

// Status is the state at the last pulse.
func (p *Partition) Status() Status { return *p.status.Load() }

// Run folds until ctx is done, and then hands over cleanly: what is held is acknowledged, a checkpoint stands. Killing the
// process instead loses and doubles nothing; it only makes the next start longer.
func (p *Partition) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := p.start(ctx); err != nil {
		return err
	}
	p.begun = true
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	defer p.guard.Leave()
	readErr := make(chan error, 1)
	wg.Go(func() { readErr <- p.read(work, p.core.pos.Next) })
	wg.Go(func() { p.saver.Run(work, p.log) })
	return p.loop(ctx, work, readErr)
}

func (p *Partition) read(ctx context.Context, from int64) error {
	return p.cfg.Log.Read(ctx, p.place.Topic, p.place.Partition, from, func(batch []event.Record, end int64) error {
		select {
		case p.records <- chunk{batch, end}:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// loop is the one goroutine that folds.
func (p *Partition) loop(ctx, work context.Context, readErr <-chan error) error {
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	defer p.publishStatus()
	asked := ctx.Done()
	var giveUp <-chan time.Time
	for {
		records := p.records
		if p.emit.pending > maxPending || p.superseded || p.last {
			records = nil
		}
		select {
		case c := <-records:
			if err := p.fold(work, c); err != nil {
				return err
			}
		case a := <-p.answers:
			if err := p.acknowledged(a); err != nil {
				return err
			}
		case <-beat.C:
		case err := <-readErr:
			return err
		case err := <-p.saver.Failed():
			return p.failed(err)
		case <-asked:
			asked, p.leaving = nil, true
			t := time.NewTimer(grace)
			defer t.Stop()
			giveUp = t.C
			p.beginShutdown(work)
		case <-giveUp:
			return p.failed(fmt.Errorf("%w: %d outputs were not acknowledged within %s", ErrUnfinished, p.emit.pending, grace))
		}
		p.beat(work)
		if done, err := p.finished(); done {
			return err
		}
	}
}

// fold folds what was read.
func (p *Partition) fold(ctx context.Context, c chunk) error {
	p.now.End, p.heardEnd = c.end, p.cfg.Now()
	for i := range c.records {
		rec := &c.records[i]
		if rec.Offset < p.core.pos.Next {
			continue
		}
		if !p.core.skips[rec.Offset] && !IsControl(rec) {
			if err := p.guard.Before(ctx, rec.Offset, p.saver.Published()); err != nil {
				return p.failed(err)
			}
		}
		end := p.span(rec)
		s := p.core.Fold(rec)
		end()
		if err := p.guard.After(ctx); err != nil {
			return err
		}
		p.emit.add(s, p.cfg.Now())
		if err := p.observe(ctx, s); err != nil {
			return err
		}
		if p.superseded || p.last {
			break
		}
		if (rec.Offset+1)%checkpointRecs == 0 {
			p.capture()
		}
	}
	if p.atEnd = p.core.pos.Next >= c.end; p.atEnd {
		p.caughtUp.Store(true)
		return p.guard.Passed(ctx)
	}
	return nil
}

// span begins the span of a record's fold, where there is to be one.
func (p *Partition) span(rec *event.Record) (end func()) {
	const recorded = "-01" // the flag that ends a traceparent, https://www.w3.org/TR/trace-context/#trace-flags
	if p.cfg.Span == nil || !strings.HasSuffix(rec.Trace, recorded) || !p.owner.Load() || !p.caughtUp.Load() {
		return func() {}
	}
	return p.cfg.Span(rec.Trace, p.proc.Name, p.place.Partition, rec.Offset)
}

// observe acts on what a record was: a count, a tick, an epoch.
func (p *Partition) observe(ctx context.Context, s Step) error {
	p.now.Folded++
	for i := range s.Outputs {
		if s.Outputs[i].Topic == event.TopicDead {
			p.now.Dead++
			p.log.WarnContext(ctx, "a record went to dead", "offset", s.Offset)
		}
	}
	if o := s.gap; o != nil {
		p.now.Gaps++
		p.log.ErrorContext(ctx, "a lane has a gap and stands until it is sent again; see 'tributary engine resend'",
			"from", o.GetProcessor(), "from_partition", o.GetPartition(), "epoch", o.GetEpoch(), "number", o.GetNumber())
	}
	switch {
	case s.Epoch != nil:
		return p.heardEpoch(ctx, s.Epoch)
	case s.Tick != nil:
		return p.heardTick(ctx, s)
	}
	p.sinceSaved++
	return nil
}

func (p *Partition) heardEpoch(ctx context.Context, e *event.Epoch) error {
	level := slog.LevelInfo
	if e.GetReason() == "first" { // every partition's, of a new installation
		level = slog.LevelDebug
	}
	p.log.Log(ctx, level, "an epoch began", "epoch", e.GetNumber(), "build", e.GetBuild(), "reason", e.GetReason())
	switch {
	case e.GetNumber() <= p.lastEpoch:
	case e.GetBuild() != p.cfg.Build:
		p.superseded, p.stood = true, p.core.pos
		p.saver.Take(p.core.Capture())
	case cutReason(e) || e.GetReason() == "skip":
		return errAgain
	}
	return nil
}

// heardTick takes the news of a tick: the time, how far outputs are acknowledged, whether a checkpoint is wanted here.
func (p *Partition) heardTick(ctx context.Context, s Step) error {
	now := p.cfg.Now()
	p.heard = now
	if s.Tick.GetWriter() != p.cfg.Writer && s.Offset >= p.distrust {
		p.heardOther = now
		if !p.emit.told(s.Tick.GetAcked(), s.Tick.GetHash()) {
			if err := p.diverged(ctx, s); err != nil {
				return err
			}
		}
	}
	if s.Tick.GetCheckpoint() {
		p.last = p.leaving
		p.capture()
	}
	return nil
}

// capture takes a checkpoint here; it is published when what was emitted up to here is acknowledged.
func (p *Partition) capture() {
	p.saver.Take(p.core.Capture())
	p.sinceSaved, p.saved = 0, p.cfg.Now()
}

// diverged decides what a different hash means: for the owner, that the other is wrong, but not where the other is itself before it started again; for the new build that folds an old
// build's span, a difference to report; for a standby, that it must stand down.
func (p *Partition) diverged(ctx context.Context, s Step) error {
	if p.core.pos.Build != p.cfg.Build {
		if !p.differ {
			p.differ = true
			p.log.WarnContext(ctx, "this build decides otherwise than the one before it", "offset", s.Offset, "epoch", p.core.pos.Epoch)
		}
		return nil
	}
	p.now.Diverged++
	if p.owner.Load() && !p.ownWord(s) {
		p.log.ErrorContext(ctx, "another process came to other outputs and should stand down", "writer", s.Tick.GetWriter(), "offset", s.Offset)
		return nil
	}
	name := fmt.Sprintf("diverged/%s/%d/%08d-%016d-%s", p.proc.Name, p.place.Partition, p.core.pos.Epoch, s.Offset, p.cfg.Writer)
	if err := p.cfg.Store.Put(ctx, name, p.emit.dump()); err != nil {
		p.log.ErrorContext(ctx, "the diverging span could not be dumped", "error", err)
	}
	return p.failed(fmt.Errorf("at offset %d: %w; the span is in %s", s.Offset, ErrDiverged, name))
}

// ownWord tells whether a tick is of an earlier run of this process, and should hold what this run came to. Where a record was
// skipped that the earlier run may have folded, it need not.
func (p *Partition) ownWord(s Step) bool {
	for offset := range p.core.skips {
		if offset < s.Offset {
			return false
		}
	}
	return process(s.Tick.GetWriter()) == process(p.cfg.Writer)
}

// process is a writer's process: a host gives each run the process's id with a number behind a dot.
func process(writer string) string {
	if i := strings.LastIndexByte(writer, '.'); i >= 0 {
		return writer[:i]
	}
	return writer
}

// acknowledged takes the log's answer, and those behind it.
func (p *Partition) acknowledged(a answer) error {
	for {
		switch {
		case a.to == Place{}:
			p.ticking = false
		case a.err != nil:
			return p.failed(fmt.Errorf("appending to %s/%d: %w", a.to.Topic, a.to.Partition, a.err))
		default:
			p.emit.answered(a.to)
			p.news = true
		}
		if len(p.answers) == 0 {
			return nil
		}
		a = <-p.answers
	}
}

// failed says of which partition an error is.
func (p *Partition) failed(err error) error {
	return fmt.Errorf("%s/%d: %w", p.proc.Name, p.place.Partition, err)
}

// beat does what is due: emits, ticks, lets checkpoints out that are covered by acknowledgements.
func (p *Partition) beat(ctx context.Context) {
	now := p.cfg.Now()
	if p.emitting(now) {
		p.emit.flush()
	}
	if due, save := p.tickDue(now); due {
		p.tick(ctx, now, save)
	}
	p.saver.Release(p.emit.acked)
	p.publishStatus()
}

// emitting tells whether it is for this process to emit. Being wrong makes repeats, no harm.
func (p *Partition) emitting(now time.Time) bool {
	switch {
	case p.owner.Load() || p.superseded:
		return true
	case !p.promoted.IsZero():
		if p.heardOther.After(p.promoted) && now.Sub(p.promoted) > trustAfter && now.Sub(p.heardOther) < suspectAfter {
			p.promoted = time.Time{}
		}
	case p.emit.oldest(now) > suspectAfter:
		p.promoted = now
		p.log.Info("the owner is late, this standby emits")
	}
	return !p.promoted.IsZero()
}

// finished tells whether the run is over, after a hand-over or a wish to stop.
func (p *Partition) finished() (bool, error) {
	switch {
	case !p.superseded && !p.last, len(p.emit.folded) > 0, !p.saver.Idle():
		return false, nil
	case p.superseded:
		return true, p.failed(ErrSuperseded)
	}
	return true, nil
}

func (p *Partition) publishStatus() {
	s := p.now
	s.Epoch, s.Next, s.ServedMS, s.Rows = p.core.pos.Epoch, p.core.pos.Next, p.core.pos.Served, p.core.Rows()
	s.Acked, s.Pending, s.Checkpoint = p.emit.acked, p.emit.pending, p.saver.Published()
	s.Emitting = p.owner.Load() || !p.promoted.IsZero()
	p.status.Store(&s)
}
