package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// Playback says which partition is folded once more, with which fold, and from where.
type Playback struct {
	Log       Log
	Store     objects.Store
	Processor Processor
	Partition int
	// Build is the hash that this process folds under.
	Build string
	// Checkpoint is the name of a checkpoint, as Checkpoints lists them, to begin at; empty for the log's first record.
	Checkpoint string
	// Progress, if set, hears after each batch how far it is.
	Progress func(next, end int64)
}

// EpochAt is an epoch with the place where it begins.
type EpochAt struct {
	Offset int64        `json:"offset"`
	Epoch  *event.Epoch `json:"epoch"`
}

// Epochs lists the epochs in force one after another in an inbox partition.
func Epochs(ctx context.Context, log Log, topic event.Topic, partition int) ([]EpochAt, error) {
	first, end, err := log.Bounds(ctx, topic, partition)
	if err != nil {
		return nil, err
	}
	var out []EpochAt
	err = readTo(ctx, log, Place{topic, partition}, first, end, func(rec *event.Record) error {
		if e := epochOf(rec); e != nil && (len(out) == 0 || e.GetNumber() > out[len(out)-1].Epoch.GetNumber()) {
			out = append(out, EpochAt{rec.Offset, e})
		}
		return nil
	})
	return out, err
}

// Checkpoints lists the names of a partition's checkpoints, the oldest first.
func Checkpoints(ctx context.Context, store objects.Store, processor string, partition int) ([]string, error) {
	return newCheckpoints(store, processor, partition).manifests(ctx)
}

// readTo hands over the records from an offset to an end, one by one.
func readTo(ctx context.Context, log Log, p Place, from, end int64, handle func(*event.Record) error) error {
	if from >= end {
		return nil
	}
	err := log.Read(ctx, p.Topic, p.Partition, from, func(batch []event.Record, _ int64) error {
		for i := range batch {
			if batch[i].Offset >= end {
				return errEnough
			}
			if err := handle(&batch[i]); err != nil {
				return err
			}
			if batch[i].Offset == end-1 {
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// player folds a partition from a checkpoint or the first record to the end that it has now.
type player struct {
	cfg    Playback
	core   *core
	points *checkpoints
	from   int64
	end    int64
	build  string // whose span is being folded
	sure   bool   // whether the state is what that build had
	kept   []*manifest
	load   *manifest // to be loaded when its place is reached
}

func newPlayer(ctx context.Context, cfg Playback) (*player, error) {
	p := &player{cfg: cfg, points: newCheckpoints(cfg.Store, cfg.Processor.Name, cfg.Partition), sure: true}
	first, end, err := cfg.Log.Bounds(ctx, cfg.Processor.Inbox, cfg.Partition)
	if err != nil {
		return nil, err
	}
	p.from, p.end = first, end
	p.core = newCore(cfg.Processor, cfg.Partition, cfg.Log.Partitions)
	if err = p.begin(ctx); err != nil {
		return nil, err
	}
	epochs, err := Epochs(ctx, cfg.Log, cfg.Processor.Inbox, cfg.Partition)
	if err != nil {
		return nil, err
	}
	p.core.skips = make(map[int64]bool)
	for _, e := range epochs {
		if e.Epoch.GetReason() == "skip" {
			p.core.skips[e.Epoch.GetSkipOffset()] = true
		}
		if cutReason(e.Epoch) && e.Epoch.GetNumber() > p.core.pos.Epoch {
			p.core.ahead = append(p.core.ahead, e.Epoch)
		}
		if p.build == "" {
			p.build = e.Epoch.GetBuild() // what stands before the first epoch was folded by whoever began it
		}
	}
	return p, nil
}

// begin loads the checkpoint asked for, and lists the others: where an epoch's state was another build's work, this fold
// cannot come to it by itself.
func (p *player) begin(ctx context.Context) error {
	names, err := p.points.manifests(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		m, failed := p.points.manifest(ctx, name)
		switch {
		case failed == nil:
			p.kept = append(p.kept, m)
		case !isTorn(failed): // a torn one helps nobody
			return fmt.Errorf("reading checkpoint %s: %w", name, failed)
		}
	}
	if p.cfg.Checkpoint == "" {
		if p.from > 0 {
			return fmt.Errorf("%s/%d begins at offset %d: what stood before is gone, begin at a checkpoint", p.cfg.Processor.Inbox, p.cfg.Partition, p.from)
		}
		return p.core.restore()
	}
	m, r, err := p.points.read(ctx, p.cfg.Checkpoint)
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", p.cfg.Checkpoint, err)
	}
	if m.Position.Next < p.from || m.Position.Next > p.end {
		return fmt.Errorf("checkpoint %s stands at %d, the log holds %d to %d", p.cfg.Checkpoint, m.Position.Next, p.from, p.end)
	}
	p.from, p.build = m.Position.Next, m.Position.Build
	return p.core.resume(m, r)
}

// run folds and hands over each step, with whether the state it was taken from is certain.
func (p *player) run(ctx context.Context, handle func(s step) error) error {
	batch := 0
	return readTo(ctx, p.cfg.Log, Place{p.cfg.Processor.Inbox, p.cfg.Partition}, p.from, p.end, func(rec *event.Record) error {
		s := p.core.step(rec)
		if s.epoch != nil {
			p.crossed(s.epoch, s.offset)
		}
		if err := handle(s); err != nil {
			return err
		}
		if p.load != nil && p.load.Position.Next == p.core.pos.Next {
			if err := p.jump(ctx); err != nil {
				return err
			}
		}
		if batch++; p.cfg.Progress != nil && batch%1000 == 0 {
			p.cfg.Progress(p.core.pos.Next, p.end)
		}
		return nil
	})
}

// crossed looks for the state that an epoch began with, where this fold did not come to it by itself: behind another build's
// span, and behind a cut.
func (p *player) crossed(e *event.Epoch, offset int64) {
	foreign := p.build != "" && p.build != e.GetBuild()
	p.build = e.GetBuild()
	if !foreign && e.GetReason() != "truncated" {
		return
	}
	p.sure, p.load = false, nil
	for _, m := range p.kept {
		if m.Position.Epoch == e.GetNumber() && m.Position.Next > offset {
			p.load = m
			return
		}
	}
}

// jump takes a checkpoint's state in place of our own.
func (p *player) jump(ctx context.Context) error {
	m := p.load
	p.load = nil
	_, r, err := p.points.read(ctx, p.points.name(m.Position, "manifest"))
	switch {
	case isTorn(err):
		return nil // the state stays uncertain, and what follows is reported as a difference
	case err != nil:
		return err
	}
	p.sure = true
	return p.core.resume(m, r)
}

// ours tells whether what is folded now must come out as it did: this build's span, from a state that is certain.
func (p *player) ours() bool { return p.sure && p.build == p.cfg.Build }
