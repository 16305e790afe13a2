package engine

import (
	"context"
	"fmt"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/engine/poison"
	"github.com/tributary-cc/tributary/stream/event"
)

// scanBack is how far before the place to fold from the log is searched for an epoch that began after a cut.
const scanBack = 1000

// beginning is where a partition begins to fold, and what the control records from there on say: which build may fold at the
// end, whether another build's records are to be folded, what an epoch record bears on that stands before it.
type beginning struct {
	points     *checkpoint.Store
	m          *checkpoint.Manifest // nil where the partition begins empty
	rows       *checkpoint.Rows
	at         checkpoint.Position // of the checkpoint
	from       int64               // the next offset to fold
	first, end int64               // of the log

	scanned  int64
	epoch    uint64
	build    string
	foreign  bool
	epochs   []*event.Epoch // behind the checkpoint, in order
	cut      *event.Epoch   // the first of them that continues a cut log from our checkpoint
	distrust int64
	newcomer bool // another build took the partition over after this process began
}

// start brings the partition to where it may fold: the newest complete checkpoint is loaded, and the log ends in an epoch
// of this build.
func (p *Partition) start(ctx context.Context) error {
	b := &beginning{points: checkpoint.Open(p.cfg.Store, p.proc.Name, p.place.Partition)}
	err := p.load(ctx, b)
	if err != nil {
		return err
	}
	if b.first, b.end, err = p.cfg.Log.Bounds(ctx, p.place.Topic, p.place.Partition); err != nil {
		return err
	}
	cut := b.from > b.end || b.from < b.first
	if cut {
		p.log.ErrorContext(ctx, "the log does not hold the checkpoint's place: it was truncated or moved, or its retention is too short",
			"checkpoint", b.from, "first", b.first, "end", b.end)
		b.from = max(b.first, min(b.from, b.end))
	}
	b.epoch, b.build, b.foreign = b.at.Epoch, b.at.Build, b.at.Build != "" && b.at.Build != p.cfg.Build
	b.scanned = b.from - scanBack
	if b.foreign {
		b.scanned = min(b.scanned, p.born) // whether it came after us
	}
	b.scanned = max(b.first, b.scanned)
	if err = p.scanOn(ctx, b, b.end); err != nil {
		return err
	}
	if !p.mayFold(b) {
		return p.leaveTo(b)
	}
	if reason := p.epochReason(cut && b.cut == nil, b); reason != "" {
		if err = p.beginEpoch(ctx, b, reason); err != nil {
			return err
		}
	}
	if b.cut != nil {
		b.from = max(b.first, b.cut.GetFromOffset())
	} else if b.foreign && !p.cfg.Unclean {
		p.awaitHandover(ctx, b)
	}
	return p.stand(ctx, b)
}

// load loads the newest complete checkpoint.
func (p *Partition) load(ctx context.Context, b *beginning) error {
	m, rows, err := b.points.Newest(ctx, func(name string, err error) {
		p.log.ErrorContext(ctx, "a checkpoint is not complete and is passed over", "checkpoint", name, "error", err)
	})
	if m != nil {
		b.m, b.rows, b.at, b.from = m, rows, m.Position, m.Position.Next
	}
	return err
}

// mayFold tells whether this run may fold where the log stands: in an epoch of its own build, or by beginning one. One
// that was superseded, that starts again, or behind whose process's start another build came, leaves the partition to that build.
func (p *Partition) mayFold(b *beginning) bool {
	return b.build == "" || b.build == p.cfg.Build || p.takeBack || !p.yields && !b.newcomer
}

// leaveTo leaves the partition to the build that has it.
func (p *Partition) leaveTo(b *beginning) error {
	p.stood = b.at
	p.stood.Next = b.from
	return p.failed(fmt.Errorf("epoch %d is of build %s: %w", b.epoch, b.build, ErrSuperseded))
}

// epochReason says why an epoch must begin, or nothing.
func (p *Partition) epochReason(cut bool, b *beginning) string {
	switch {
	case cut:
		return "truncated"
	case b.epoch == 0:
		return "first"
	case p.cfg.Unclean:
		return "unclean"
	case b.build != p.cfg.Build:
		return "upgrade"
	}
	return ""
}

// scanOn reads on to an end. A skip stands behind the record that it skips, so it must be known before folding.
func (p *Partition) scanOn(ctx context.Context, b *beginning, end int64) error {
	return ReadTo(ctx, p.cfg.Log, p.place, b.scanned, end, func(rec *event.Record) error {
		b.scanned = rec.Offset + 1
		e := epochOf(rec)
		if e == nil {
			return nil
		}
		b.newcomer = b.newcomer || e.GetReason() == "upgrade" && e.GetBuild() != p.cfg.Build && rec.Offset >= p.born
		if e.GetNumber() <= b.epoch {
			return nil
		}
		b.foreign = b.foreign || b.build != "" && b.build != p.cfg.Build
		b.epoch, b.build, b.epochs = e.GetNumber(), e.GetBuild(), append(b.epochs, e)
		if cutReason(e) {
			b.distrust = rec.Offset
		}
		if e.GetReason() == "truncated" && b.cut == nil && e.GetResumeEpoch() == b.at.Epoch && e.GetResumeOffset() == b.at.Next {
			b.cut = e
		}
		return nil
	})
}

// beginEpoch appends the next epoch and reads on to see whose epoch is in force: of two that ask for one number, the first wins.
func (p *Partition) beginEpoch(ctx context.Context, b *beginning, reason string) error {
	e := &event.Epoch{
		Number: b.epoch + 1, Build: p.cfg.Build, Reason: reason, SkipOffset: -1,
		ResumeEpoch: b.at.Epoch, ResumeOffset: b.at.Next, FromOffset: b.from,
	}
	if reason == "unclean" { // what came since has numbers that the records lost may have used
		e.FromOffset = b.end
		if at, ok := p.cfg.UncleanEnds[p.place]; ok {
			e.FromOffset = min(max(at, b.first), b.end)
		}
	}
	if err := BeginEpoch(ctx, p.cfg.Log, p.place, p.cfg.Now().UnixMilli(), e); err != nil {
		return p.failed(fmt.Errorf("beginning epoch %d: %w", e.GetNumber(), err))
	}
	_, now, err := p.cfg.Log.Bounds(ctx, p.place.Topic, p.place.Partition)
	if err != nil {
		return err
	}
	if err := p.scanOn(ctx, b, now); err != nil {
		return err
	}
	if b.build != p.cfg.Build {
		return p.leaveTo(b)
	}
	return nil
}

// awaitHandover waits for the old build's checkpoint at the epoch record. Where the old build is gone it does not come, and
// the new one folds the span since the last checkpoint in its place.
func (p *Partition) awaitHandover(ctx context.Context, b *beginning) {
	ctx, cancel := context.WithTimeout(ctx, handover)
	defer cancel()
	newest := ""
	for {
		names, err := b.points.Names(ctx)
		if err == nil && len(names) > 0 && names[len(names)-1] != newest {
			newest = names[len(names)-1]
			if p.load(ctx, b) == nil && b.at.Build == p.cfg.Build {
				return
			}
		}
		if wait(ctx, pulse) != nil {
			p.log.WarnContext(ctx, "the build before this one left no checkpoint at the epoch; its last span is folded in its place")
			return
		}
	}
}

// stand sets up machine, emitter and saver.
func (p *Partition) stand(ctx context.Context, b *beginning) error {
	p.core = newMachine(p.proc, p.place.Partition, p.cfg.Log.Partitions)
	if err := p.core.Resume(b.m, b.rows); err != nil {
		return err
	}
	for _, e := range b.epochs {
		p.core.Expect(e)
	}
	p.core.pos.Next = b.from
	p.lastEpoch, p.distrust = b.epoch, b.distrust
	if b.cut != nil && p.core.begin(b.cut) {
		// From here on the log knows nothing of the checkpoint begun with: one of the new epoch takes its place at once.
		if err := b.points.Publish(ctx, p.core.Capture()); err != nil {
			return err
		}
	}
	lanes := p.cfg.Log.Partitions(event.TopicDead)
	for _, t := range p.proc.Outputs {
		lanes += p.cfg.Log.Partitions(t)
	}
	p.answers = make(chan answer, lanes+1)
	p.emit = newEmitter(b.from, p.core.pos.Hash, func(to Place, records []event.Record) {
		p.cfg.Log.Append(context.WithoutCancel(ctx), to.Topic, to.Partition, records, func(err error) { p.answers <- answer{to, err} })
	})
	p.saver = checkpoint.NewSaver(b.points, b.from, p.cfg.Sync)
	now := p.cfg.Now()
	p.heard, p.heardEnd, p.saved = now, now, now
	var err error
	p.guard, err = poison.New(ctx, p.cfg.Store, p.cfg.inside, p.proc.Name, p.place.Partition, b.from)
	return err
}
