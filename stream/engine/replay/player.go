package replay

import (
	"context"
	"fmt"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// Config says which partition is folded once more, with which fold, and from where.
type Config struct {
	Log       engine.Log
	Store     objects.Store
	Processor engine.Processor
	Partition int
	// Build is the hash that this process folds under.
	Build string
	// Checkpoint is the name of a checkpoint, as checkpoint.Store lists them, to begin at; empty for the log's first record.
	Checkpoint string
	// Progress, if set, hears after each batch how far it is.
	Progress func(next, end int64)
}

func (c *Config) inbox() engine.Place {
	return engine.Place{Topic: c.Processor.Inbox, Partition: c.Partition}
}

// player folds a partition from a checkpoint or the first record to the end that it has now.
type player struct {
	cfg    Config
	m      *engine.Machine
	points *checkpoint.Store
	from   int64
	end    int64
	build  string // whose span is being folded
	sure   bool   // whether the state is what that build had
	kept   []*checkpoint.Manifest
	load   *checkpoint.Manifest // to be loaded when its place is reached
}

func newPlayer(ctx context.Context, cfg Config) (*player, error) {
	p := &player{cfg: cfg, points: checkpoint.Open(cfg.Store, cfg.Processor.Name, cfg.Partition), sure: true}
	var err error
	if p.from, p.end, err = cfg.Log.Bounds(ctx, cfg.Processor.Inbox, cfg.Partition); err != nil {
		return nil, err
	}
	if p.kept, err = p.points.All(ctx); err != nil {
		return nil, err
	}
	if p.m, err = engine.NewMachine(cfg.Processor, cfg.Partition, cfg.Log.Partitions); err != nil {
		return nil, err
	}
	if err = p.begin(ctx); err != nil {
		return nil, err
	}
	epochs, err := engine.Epochs(ctx, cfg.Log, cfg.Processor.Inbox, cfg.Partition)
	if err != nil {
		return nil, err
	}
	for _, e := range epochs {
		p.m.Expect(e.Epoch)
		if p.build == "" {
			p.build = e.Epoch.GetBuild() // what stands before the first epoch was folded by whoever began it
		}
	}
	return p, nil
}

// begin loads the checkpoint asked for.
func (p *player) begin(ctx context.Context) error {
	if p.cfg.Checkpoint == "" {
		if p.from > 0 {
			return fmt.Errorf("%s/%d begins at offset %d: what stood before is gone, begin at a checkpoint", p.cfg.Processor.Inbox, p.cfg.Partition, p.from)
		}
		return nil
	}
	m, err := p.points.Manifest(ctx, p.cfg.Checkpoint)
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", p.cfg.Checkpoint, err)
	}
	if m.Position.Next < p.from || m.Position.Next > p.end {
		return fmt.Errorf("checkpoint %s stands at %d, the log holds %d to %d", p.cfg.Checkpoint, m.Position.Next, p.from, p.end)
	}
	p.from, p.build = m.Position.Next, m.Position.Build
	if err := p.resume(ctx, m); err != nil {
		return fmt.Errorf("checkpoint %s: %w", p.cfg.Checkpoint, err)
	}
	return nil
}

// resume takes a checkpoint's state in place of our own.
func (p *player) resume(ctx context.Context, m *checkpoint.Manifest) error {
	rows, err := p.points.Rows(ctx, m)
	if err != nil {
		return err
	}
	return p.m.Resume(m, rows)
}

// run folds and hands over each step.
func (p *player) run(ctx context.Context, handle func(s engine.Step) error) error {
	batch := 0
	return engine.ReadTo(ctx, p.cfg.Log, p.cfg.inbox(), p.from, p.end, func(rec *event.Record) error {
		s := p.m.Fold(rec)
		if s.Epoch != nil {
			p.crossed(s.Epoch, s.Offset)
		}
		if err := handle(s); err != nil {
			return err
		}
		if p.load != nil && p.load.Position.Next == rec.Offset+1 {
			m := p.load
			p.load = nil
			if err := p.resume(ctx, m); err == nil {
				p.sure = true
			} else if !checkpoint.Torn(err) { // else the state stays uncertain, and what follows is reported as a difference
				return err
			}
		}
		if batch++; p.cfg.Progress != nil && batch%1000 == 0 {
			p.cfg.Progress(rec.Offset+1, p.end)
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

// ours tells whether what is folded now must come out as it did: this build's span, from a state that is certain.
func (p *player) ours() bool { return p.sure && p.build == p.cfg.Build }
