package warehouse

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// maxPending is how many cuts without a mark are held; more wait in the log.
const maxPending = 100

// run is one life of a sink. Its fields belong to the goroutine of loop.
type run struct {
	*Sink
	writer  string
	owned   sync.WaitGroup
	fail    chan error
	applied chan []event.Record
	results chan result
	buffer  *buffer

	accepted  *position // behind the last cut that continues the one before
	done      *position // behind the last cut inserted
	pending   []*pending
	sinkNext  int64
	sinkEnd   int64  // where the topic ended at the start: behind it, all is known
	rebuildTo uint64 // up to this cut marks in the log do not count: the warehouse lost what they marked
	verified  bool   // the warehouse answered, and held this cut when the topic ended there
	inside    uint64
	insideEnd int64

	proposal *proposal
	working  context.CancelFunc // ends what the worker does; nil while there is none
	workedOn uint64             // the cut it inserts, 0 while it compares
	lastCut  time.Time
	foreign  bool // the last cut was another sink's
}

// pending is a cut that continues the chain and has no mark yet.
type pending struct {
	cut    *event.Cut
	offset int64
	before *position
	block  *block    // the worker's while it works; nil unless this sink made it
	mine   bool      // this sink made it
	since  time.Time // when it was read
	turn   time.Time // when another sink's mark made it the next one
	old    bool      // it stood in the log before this sink did
}

// proposal is a cut that this sink appended and has not read back.
type proposal struct {
	number uint64
	block  *block
}

// result is what the worker achieved.
type result struct {
	number    uint64 // 0 for the comparison
	inside    uint64
	insideEnd int64
	err       error
}

// loop reads cuts and marks, inserts what is pending and proposes cuts, until something fails.
func (r *run) loop(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	defer func() {
		if r.working != nil {
			r.working()
		}
	}()
	for {
		next, err := r.step(ctx)
		if err != nil {
			return err
		}
		timer.Reset(next)
		applied := r.applied
		if len(r.pending) >= maxPending {
			applied = nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err = <-r.fail:
		case batch := <-applied:
			err = r.apply(batch)
		case res := <-r.results:
			err = r.finished(ctx, res)
		case <-r.buffer.news:
		case <-timer.C:
		}
		if err != nil {
			return err
		}
		r.report()
	}
}

// apply folds records of the topic sink: the first cut that continues the chain is the next one, all others are nothing.
func (r *run) apply(batch []event.Record) error {
	for i := range batch {
		r.sinkNext = batch[i].Offset + 1
		e, err := event.Unmarshal(batch[i].Value)
		if err != nil {
			r.failed("a record of the topic sink cannot be read and is passed over", err)
			continue
		}
		switch body := e.GetBody().(type) {
		case *event.Event_Cut:
			r.applyCut(body.Cut, batch[i].Offset)
		case *event.Event_CutDone:
			r.applyDone(body.CutDone.GetNumber())
		}
	}
	return nil
}

func (r *run) applyCut(c *event.Cut, offset int64) {
	mine := r.proposal != nil && c.GetWriter() == r.writer && c.GetNumber() == r.proposal.number
	var made *block
	if mine {
		made, r.proposal = r.proposal.block, nil
	}
	if !r.accepted.continues(c) {
		return
	}
	if r.proposal != nil && r.proposal.number <= c.GetNumber() {
		r.proposal = nil // another sink's cut came first; ours will come and not continue
	}
	p := &pending{cut: c, offset: offset, before: r.accepted, block: made, mine: mine, since: r.Now(), old: offset < r.sinkEnd}
	r.pending = append(r.pending, p)
	r.accepted = positionAfter(c)
	r.buffer.cut(r.accepted)
	r.lastCut, r.foreign = p.since, made == nil && !p.old
}

// applyDone forgets cuts that are inserted. They are inserted in order, so a mark stands for all before it too.
func (r *run) applyDone(number uint64) {
	if number <= r.rebuildTo {
		return
	}
	for len(r.pending) > 0 && r.pending[0].cut.GetNumber() <= number {
		if r.working != nil && r.workedOn == r.pending[0].cut.GetNumber() {
			r.working()
		}
		r.pop()
		if len(r.pending) > 0 {
			r.pending[0].turn = r.Now()
		}
	}
}

func (r *run) pop() {
	r.done = positionAfter(r.pending[0].cut)
	r.pending[0] = nil
	r.pending = r.pending[1:]
}

// step does what can be done now and says when to look again at the latest.
func (r *run) step(ctx context.Context) (time.Duration, error) {
	const idle = 10 * time.Second
	now := r.Now()
	if r.working != nil {
		return idle, r.ahead(ctx)
	}
	if !r.verified {
		done := r.done.number
		r.work(ctx, 0, func(ctx context.Context) (res result) {
			res.inside, res.insideEnd, res.err = r.compare(ctx, done)
			return res
		})
		return idle, nil
	}
	if r.sinkNext >= r.insideEnd && r.accepted.number < r.inside {
		return 0, fmt.Errorf("%w: it holds cut %d and the log ends with cut %d", ErrForeign, r.inside, r.accepted.number)
	}
	if len(r.pending) > 0 {
		p := r.pending[0]
		if wait := latest(p.since, p.turn).Add(r.Grace).Sub(now); p.block == nil && !p.old && wait > 0 {
			return wait, nil
		}
		r.work(ctx, p.cut.GetNumber(), func(enough context.Context) result { return result{err: r.insert(ctx, enough, p)} })
		return idle, r.ahead(ctx)
	}
	waiting, full := r.buffer.waiting(r.Rows, r.Bytes)
	if r.proposal != nil || r.sinkNext < r.sinkEnd || waiting == 0 {
		return idle, nil
	}
	interval := r.Interval
	if r.foreign {
		interval += r.Grace
	}
	if wait := r.lastCut.Add(interval).Sub(now); wait > 0 && (r.foreign || !full) {
		return wait, nil
	}
	return idle, r.propose(ctx)
}

// ahead proposes the next cut while this sink's last one is inserted, where a full one waits: who catches up maps and inserts at once.
// It is one ahead at most.
func (r *run) ahead(ctx context.Context) error {
	if r.workedOn == 0 || r.proposal != nil || r.foreign || r.sinkNext < r.sinkEnd || len(r.pending) != 1 || !r.pending[0].mine {
		return nil
	}
	if _, full := r.buffer.waiting(r.Rows, r.Bytes); !full {
		return nil
	}
	return r.propose(ctx)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// propose appends a cut of what is in the buffer.
func (r *run) propose(ctx context.Context) error {
	cut, b := makeCut(r.accepted, r.buffer.look(r.Rows, r.Bytes), r.writer)
	if b.damaged+b.gaps > 0 {
		r.Logger.ErrorContext(ctx, "facts that cannot be read, or whose lane has a gap, are left out",
			"cut", cut.GetNumber(), "damaged", b.damaged, "gaps", b.gaps)
		r.leftOut(b.damaged, b.gaps)
	}
	rec, err := cutRecord(cut)
	if err != nil {
		return err
	}
	if err := r.fault("before the cut"); err != nil {
		return err
	}
	r.proposal = &proposal{cut.GetNumber(), b}
	r.lastCut = r.Now()
	r.Log.Append(ctx, event.TopicSink, 0, []event.Record{rec}, func(err error) {
		if err != nil {
			r.failing(fmt.Errorf("warehouse: append cut %d: %w", cut.GetNumber(), err))
		}
	})
	return r.fault("after the cut")
}

// work runs f beside the loop, one at a time; r.working ends the context it gets.
func (r *run) work(ctx context.Context, number uint64, f func(context.Context) result) {
	ctx, r.working = context.WithCancel(ctx)
	r.workedOn = number
	r.owned.Go(func() {
		res := f(ctx)
		res.number = number
		r.results <- res
	})
}

// finished takes the worker's result: it appends the mark of the cut inserted.
func (r *run) finished(ctx context.Context, res result) error {
	r.working()
	r.working = nil
	if res.number == 0 {
		r.verified, r.inside, r.insideEnd = res.err == nil, res.inside, res.insideEnd
		return res.err
	}
	if len(r.pending) == 0 || r.pending[0].cut.GetNumber() != res.number {
		return nil // another sink's mark came first
	}
	if res.err != nil {
		return res.err
	}
	offset := r.pending[0].offset
	r.inserted(r.pending[0].cut)
	r.pop()
	if res.number <= r.rebuildTo {
		return nil // it has its mark
	}
	rec, err := doneRecord(res.number, offset)
	if err != nil {
		return err
	}
	if err := r.fault("before the mark"); err != nil {
		return err
	}
	r.Log.Append(ctx, event.TopicSink, 0, []event.Record{rec}, func(err error) {
		if err != nil {
			r.failing(fmt.Errorf("warehouse: append the mark of cut %d: %w", res.number, err))
		}
	})
	return r.fault("after the mark")
}
