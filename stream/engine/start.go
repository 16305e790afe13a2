package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// start brings the partition to where it may fold: the newest complete checkpoint is loaded, and the log ends in an epoch
// of this build.
func (p *Partition) start(ctx context.Context) error {
	points := newCheckpoints(p.cfg.Store, p.proc.Name, p.part)
	m, r, err := points.load(ctx, 0, p.torn(ctx))
	if err != nil {
		return err
	}
	first, end, err := p.cfg.Log.Bounds(ctx, p.proc.Inbox, p.part)
	if err != nil {
		return err
	}
	from, reason := p.whereFrom(ctx, m, first, end)
	sc, err := p.scan(ctx, m, from, end)
	if err != nil {
		return err
	}
	if reason = p.epochReason(reason, sc); reason != "" {
		before := sc.build
		if sc, err = p.beginEpoch(ctx, sc, reason, m, end); err != nil {
			return err
		}
		if sc.build != p.cfg.Build {
			return fmt.Errorf("%s/%d: epoch %d went to build %s: %w", p.proc.Name, p.part, sc.epoch, sc.build, ErrSuperseded)
		}
		if before != "" && before != p.cfg.Build {
			if m2, r2 := p.awaitHandover(ctx, points, sc.epoch); m2 != nil {
				m, r, from = m2, r2, m2.Position.Next
			}
		}
	}
	return p.stand(ctx, points, m, r, from, sc)
}

// whereFrom finds the offset to fold from, and whether the log is not what the checkpoint says it was.
func (p *Partition) whereFrom(ctx context.Context, m *manifest, first, end int64) (from int64, reason string) {
	at := int64(0)
	if m != nil {
		at = m.Position.Next
	}
	switch {
	case at > end:
		p.log.ErrorContext(ctx, "the log ends before the checkpoint: it was truncated or moved; an epoch begins", "end", end, "checkpoint", at)
		return end, "truncated"
	case at < first:
		p.log.ErrorContext(ctx, "the log begins behind the checkpoint: records that were not folded are gone; an epoch begins", "first", first, "checkpoint", at)
		return first, "truncated"
	}
	return at, ""
}

func (p *Partition) epochReason(reason string, sc scanned) string {
	switch {
	case reason != "":
		return reason
	case sc.epoch == 0:
		return "first"
	case sc.build != p.cfg.Build:
		return "upgrade"
	case p.cfg.Unclean:
		return "unclean"
	}
	return ""
}

// scanned is what the control records between checkpoint and end say.
type scanned struct {
	epoch uint64
	build string
	skips map[int64]bool
	to    int64
}

var errEnough = errors.New("read to the end")

// scan reads ahead for epochs: which build may fold at the end, and which offsets are to be skipped. A skip stands behind
// the record that it skips, so it must be known before folding.
func (p *Partition) scan(ctx context.Context, m *manifest, from, end int64) (scanned, error) {
	sc := scanned{skips: make(map[int64]bool), to: from}
	if m != nil {
		sc.epoch, sc.build = m.Position.Epoch, m.Position.Build
	}
	return sc, p.scanOn(ctx, &sc, end)
}

func (p *Partition) scanOn(ctx context.Context, sc *scanned, end int64) error {
	if sc.to >= end {
		return nil
	}
	err := p.cfg.Log.Read(ctx, p.proc.Inbox, p.part, sc.to, func(batch []event.Record, _ int64) error {
		for i := range batch {
			sc.to = batch[i].Offset + 1
			sc.note(&batch[i])
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

func (sc *scanned) note(rec *event.Record) {
	if !bytes.Equal(rec.Key, []byte(controlKey)) {
		return
	}
	e, err := event.Unmarshal(rec.Value)
	if err != nil || e.GetEpoch() == nil || e.GetEpoch().GetNumber() <= sc.epoch {
		return
	}
	sc.epoch, sc.build = e.GetEpoch().GetNumber(), e.GetEpoch().GetBuild()
	if o := e.GetEpoch().GetSkipOffset(); o >= 0 && e.GetEpoch().GetReason() == "skip" {
		sc.skips[o] = true
	}
}

// beginEpoch appends the next epoch and reads on to see whose epoch is in force: of two that ask for one number, the first wins.
func (p *Partition) beginEpoch(ctx context.Context, sc scanned, reason string, m *manifest, end int64) (scanned, error) {
	e := &event.Epoch{Number: sc.epoch + 1, Build: p.cfg.Build, Reason: reason, SkipOffset: -1, ResumeOffset: -1}
	if m != nil {
		e.ResumeEpoch, e.ResumeOffset = m.Position.Epoch, m.Position.Next
	}
	rec := controlRecord(&event.Event{AtMs: p.cfg.Now().UnixMilli(), Body: &event.Event_Epoch{Epoch: e}})
	if err := appendAndWait(ctx, p.cfg.Log, p.proc.Inbox, p.part, rec); err != nil {
		return sc, fmt.Errorf("beginning epoch %d of %s/%d: %w", e.GetNumber(), p.proc.Name, p.part, err)
	}
	_, now, err := p.cfg.Log.Bounds(ctx, p.proc.Inbox, p.part)
	if err != nil {
		return sc, err
	}
	return sc, p.scanOn(ctx, &sc, max(now, end))
}

// awaitHandover waits for the old build's checkpoint at the epoch record. Where the old build is gone it does not come, and
// the new one folds the span since the last checkpoint in its place.
func (p *Partition) awaitHandover(ctx context.Context, points *checkpoints, epoch uint64) (*manifest, *rows) {
	ctx, cancel := context.WithTimeout(ctx, handover)
	defer cancel()
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	for {
		names, err := points.manifests(ctx)
		if err == nil && len(names) > 0 && strings.HasPrefix(names[len(names)-1], fmt.Sprintf("%s%08d-", points.prefix, epoch)) {
			if m, r, err := points.load(ctx, 0, p.torn(ctx)); err == nil && m != nil {
				return m, r
			}
		}
		select {
		case <-beat.C:
		case <-ctx.Done():
			p.log.WarnContext(ctx, "the build before this one left no checkpoint at the epoch; its last span is folded in its place")
			return nil, nil
		}
	}
}

// stand sets up core, emitter and saver.
func (p *Partition) stand(ctx context.Context, points *checkpoints, m *manifest, r *rows, from int64, sc scanned) error {
	p.core = newCore(p.proc, p.part, p.cfg.Log.Partitions)
	p.core.skips = sc.skips
	p.core.onGap = func(o *event.Origin) {
		p.gaps++
		p.log.Error("a lane has a gap and stands until it is sent again; see 'tributary engine resend'", //nolint:sloglint // inside a fold there is no context
			"from", o.GetProcessor(), "from_partition", o.GetPartition(), "epoch", o.GetEpoch(), "number", o.GetNumber())
	}
	var err error
	if m != nil {
		err = p.core.resume(m, r)
	} else {
		err = p.core.restore()
	}
	if err != nil {
		return err
	}
	p.core.pos.Next = from
	p.lastEpoch = sc.epoch
	p.emit = newEmitter(from, p.core.pos.Hash, func(to destination, outs []output) {
		records := make([]event.Record, len(outs))
		for i := range outs {
			records[i] = outs[i].record
		}
		p.cfg.Log.Append(context.WithoutCancel(ctx), to.topic, to.partition, records, func(err error) { p.answers.put(answer{to, err}) })
	})
	p.saver = newSaver(points, p.cfg.Sync)
	now := p.cfg.Now()
	p.heard, p.saved = now, now
	if m != nil {
		p.saver.published.Store(m.Position.Next)
	}
	p.guard, err = newPoison(ctx, p.cfg.Store, p.proc.Name, p.part, from, sc.skips)
	return err
}

func (p *Partition) torn(ctx context.Context) func(string, error) {
	return func(name string, err error) {
		p.log.ErrorContext(ctx, "a checkpoint is not complete and is passed over", "checkpoint", name, "error", err)
	}
}
