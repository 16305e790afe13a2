package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
)

// scanBack is how far before the place to fold from the log is searched for an epoch that began after a cut.
const scanBack = 1000

// beginning is where a partition begins to fold: a checkpoint's state, or none, and the next offset.
type beginning struct {
	m    *manifest
	r    *rows
	from int64
	// cut is the epoch in which a log that was cut goes on from this state, if it was.
	cut *event.Epoch
}

func (b *beginning) position() position {
	if b.m == nil {
		return position{}
	}
	return b.m.Position
}

// start brings the partition to where it may fold: the newest complete checkpoint is loaded, and the log ends in an epoch
// of this build.
func (p *Partition) start(ctx context.Context) error {
	points := newCheckpoints(p.cfg.Store, p.proc.Name, p.part)
	m, r, err := points.load(ctx, p.torn(ctx))
	if err != nil {
		return err
	}
	first, end, err := p.cfg.Log.Bounds(ctx, p.proc.Inbox, p.part)
	if err != nil {
		return err
	}
	b := &beginning{m: m, r: r}
	b.from = b.position().Next
	cut := b.from > end || b.from < first
	if cut {
		p.log.ErrorContext(ctx, "the log does not hold the checkpoint's place: it was truncated or moved, or its retention is too short",
			"checkpoint", b.from, "first", first, "end", end)
		b.from = max(first, min(b.from, end))
	}
	from := b.from - scanBack
	if at := b.position(); at.Build != "" && at.Build != p.cfg.Build {
		from = min(from, p.born) // whether it came after us
	}
	sc := newScan(b, max(first, from), p.cfg.Build)
	if err := p.scanOn(ctx, sc, end); err != nil {
		return err
	}
	if !p.mayFold(sc) {
		p.stood = b.position()
		p.stood.Next = b.from
		return fmt.Errorf("%s/%d: build %s began epoch %d: %w", p.proc.Name, p.part, sc.build, sc.epoch, ErrSuperseded)
	}
	if reason := p.epochReason(cut && sc.cut == nil, sc); reason != "" {
		if err := p.beginEpoch(ctx, sc, reason, b, first, end); err != nil {
			return err
		}
	}
	if sc.cut != nil {
		b.cut, b.from = sc.cut, max(first, sc.cut.GetFromOffset())
	} else if sc.foreign && !p.cfg.Unclean {
		p.awaitHandover(ctx, points, b)
	}
	return p.stand(ctx, points, b, sc)
}

// epochReason says why an epoch must begin, or nothing.
func (p *Partition) epochReason(cut bool, sc *scan) string {
	switch {
	case cut:
		return "truncated"
	case sc.epoch == 0:
		return "first"
	case p.cfg.Unclean:
		return "unclean"
	case sc.build != p.cfg.Build:
		return "upgrade"
	}
	return ""
}

// cutReason tells whether an epoch began because the broker lost its end.
func cutReason(e *event.Epoch) bool {
	return e.GetReason() == "unclean" || e.GetReason() == "truncated"
}

// scan is what the control records from the beginning on say: which build may fold at the end, whether another build's
// records are to be folded, which offsets are to be skipped. A skip stands behind the record that it skips, so it must be
// known before folding.
type scan struct {
	at       position // of the checkpoint begun with
	to       int64
	epoch    uint64
	build    string
	own      string
	foreign  bool
	skips    map[int64]bool
	cut      *event.Epoch // the first that continues a cut log from our checkpoint
	ahead    []*event.Epoch
	distrust int64
	newcomer bool // another build took the partition over after this process began
}

func newScan(b *beginning, from int64, own string) *scan {
	at := b.position()
	return &scan{
		at: at, to: from, epoch: at.Epoch, build: at.Build, own: own, foreign: at.Build != "" && at.Build != own,
		skips: make(map[int64]bool),
	}
}

var errEnough = errors.New("read to the end")

// scanOn reads on to an end.
func (p *Partition) scanOn(ctx context.Context, sc *scan, end int64) error {
	if sc.to >= end {
		return nil
	}
	err := p.cfg.Log.Read(ctx, p.proc.Inbox, p.part, sc.to, func(batch []event.Record, _ int64) error {
		for i := range batch {
			sc.to = batch[i].Offset + 1
			if e := epochOf(&batch[i]); e != nil {
				sc.newcomer = sc.newcomer || e.GetReason() == "upgrade" && e.GetBuild() != p.cfg.Build && batch[i].Offset >= p.born
				sc.note(e, batch[i].Offset)
			}
		}
		if sc.to >= end {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// epochOf decodes a record that is an epoch.
func epochOf(rec *event.Record) *event.Epoch {
	if !bytes.Equal(rec.Key, []byte(controlKey)) {
		return nil
	}
	e, err := event.Unmarshal(rec.Value)
	if err != nil {
		return nil
	}
	return e.GetEpoch()
}

func (sc *scan) note(e *event.Epoch, offset int64) {
	if e.GetNumber() <= sc.epoch {
		return
	}
	if sc.build != "" && sc.build != sc.own {
		sc.foreign = true
	}
	sc.epoch, sc.build = e.GetNumber(), e.GetBuild()
	if e.GetReason() == "skip" {
		sc.skips[e.GetSkipOffset()] = true
	}
	if cutReason(e) {
		sc.distrust, sc.ahead = offset, append(sc.ahead, e)
	}
	if e.GetReason() == "truncated" && sc.cut == nil && e.GetResumeEpoch() == sc.at.Epoch && e.GetResumeOffset() == sc.at.Next {
		sc.cut = e
	}
}

// beginEpoch appends the next epoch and reads on to see whose epoch is in force: of two that ask for one number, the first wins.
func (p *Partition) beginEpoch(ctx context.Context, sc *scan, reason string, b *beginning, first, end int64) error {
	e := &event.Epoch{
		Number: sc.epoch + 1, Build: p.cfg.Build, Reason: reason, SkipOffset: -1,
		ResumeEpoch: b.position().Epoch, ResumeOffset: b.position().Next, FromOffset: b.from,
	}
	if reason == "unclean" { // what came since has numbers that the records lost may have used
		e.FromOffset = end
		if at, ok := p.cfg.UncleanEnds[Place{p.proc.Inbox, p.part}]; ok {
			e.FromOffset = min(max(at, first), end)
		}
	}
	rec := controlRecord(&event.Event{AtMs: p.cfg.Now().UnixMilli(), Body: &event.Event_Epoch{Epoch: e}})
	if err := appendAndWait(ctx, p.cfg.Log, p.proc.Inbox, p.part, rec); err != nil {
		return fmt.Errorf("beginning epoch %d of %s/%d: %w", e.GetNumber(), p.proc.Name, p.part, err)
	}
	_, now, err := p.cfg.Log.Bounds(ctx, p.proc.Inbox, p.part)
	if err != nil {
		return err
	}
	if err := p.scanOn(ctx, sc, max(now, end)); err != nil {
		return err
	}
	if sc.build != p.cfg.Build {
		p.stood = b.position()
		p.stood.Next = b.from
		return fmt.Errorf("%s/%d: epoch %d went to build %s: %w", p.proc.Name, p.part, sc.epoch, sc.build, ErrSuperseded)
	}
	return nil
}

// awaitHandover waits for the old build's checkpoint at the epoch record. Where the old build is gone it does not come, and
// the new one folds the span since the last checkpoint in its place.
func (p *Partition) awaitHandover(ctx context.Context, points *checkpoints, b *beginning) {
	ctx, cancel := context.WithTimeout(ctx, handover)
	defer cancel()
	newest := ""
	for {
		names, err := points.manifests(ctx)
		if err == nil && len(names) > 0 && names[len(names)-1] != newest {
			newest = names[len(names)-1]
			if m, r, err := points.load(ctx, p.torn(ctx)); err == nil && m != nil && m.Position.Build == p.cfg.Build {
				b.m, b.r, b.from = m, r, m.Position.Next
				return
			}
		}
		if wait(ctx, pulse) != nil {
			p.log.WarnContext(ctx, "the build before this one left no checkpoint at the epoch; its last span is folded in its place")
			return
		}
	}
}

// stand sets up core, emitter and saver.
func (p *Partition) stand(ctx context.Context, points *checkpoints, b *beginning, sc *scan) error {
	p.core = newCore(p.proc, p.part, p.cfg.Log.Partitions)
	p.core.skips, p.core.ahead = sc.skips, sc.ahead
	p.core.onGap = func(o *event.Origin) {
		p.gaps++
		p.log.Error("a lane has a gap and stands until it is sent again; see 'tributary engine resend'", //nolint:sloglint // inside a fold there is no context
			"from", o.GetProcessor(), "from_partition", o.GetPartition(), "epoch", o.GetEpoch(), "number", o.GetNumber())
	}
	if err := p.core.resume(b.m, b.r); err != nil {
		return err
	}
	p.core.pos.Next = b.from
	p.lastEpoch, p.distrust = sc.epoch, sc.distrust
	if b.cut != nil && p.core.begin(b.cut) {
		// From here on the log knows nothing of the checkpoint begun with: one of the new epoch takes its place at once.
		if err := points.publish(ctx, p.core.capture()); err != nil {
			return err
		}
	}
	p.emit = newEmitter(b.from, p.core.pos.Hash, func(to destination, outs []output) {
		records := make([]event.Record, len(outs))
		for i := range outs {
			records[i] = outs[i].record
		}
		p.cfg.Log.Append(context.WithoutCancel(ctx), to.topic, to.partition, records, func(err error) { p.answers.put(answer{to, err}) })
	})
	p.saver = newSaver(points, p.cfg.Sync)
	now := p.cfg.Now()
	p.heard, p.heardEnd, p.saved = now, now, now
	p.saver.published.Store(b.from)
	var err error
	p.guard, err = newPoison(ctx, &p.cfg, p.proc.Name, p.part, b.from, sc.skips)
	return err
}

func (p *Partition) torn(ctx context.Context) func(string, error) {
	return func(name string, err error) {
		p.log.ErrorContext(ctx, "a checkpoint is not complete and is passed over", "checkpoint", name, "error", err)
	}
}
