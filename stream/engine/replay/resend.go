package replay

import (
	"context"
	"fmt"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/event"
)

// resendBatch is how many outputs of one destination go in one append.
const resendBatch = 500

// Resent is what was sent again.
type Resent struct {
	From    int64 `json:"from"`
	To      int64 `json:"to"`
	Outputs int64 `json:"outputs"`
	// Foreign outputs were not sent: another build decided that span, and only it can repeat its words.
	Foreign int64 `json:"foreign"`
}

// Resend folds a partition once more and appends its outputs again, in lane order: readers take what they miss and drop
// the rest. Only to limits it to some destinations; nil means all.
func Resend(ctx context.Context, cfg Config, only func(topic event.Topic, partition int) bool) (*Resent, error) {
	p, err := newPlayer(ctx, cfg)
	if err != nil {
		return nil, err
	}
	report := &Resent{From: p.from, To: p.end}
	waiting := make(map[engine.Place][]event.Record)
	flush := func(to engine.Place) error {
		records := waiting[to]
		delete(waiting, to)
		return engine.AppendAndWait(ctx, cfg.Log, to, records...)
	}
	err = p.run(ctx, func(s engine.Step) error {
		for i := range s.Outputs {
			o := &s.Outputs[i]
			switch {
			case only != nil && !only(o.Topic, o.Partition):
				continue
			case !p.ours():
				report.Foreign++
				continue
			}
			report.Outputs++
			to := engine.Place{Topic: o.Topic, Partition: o.Partition}
			if waiting[to] = append(waiting[to], o.Record); len(waiting[to]) >= resendBatch {
				if err = flush(to); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for to := range waiting {
		if err == nil {
			err = flush(to)
		}
	}
	if err != nil {
		return report, fmt.Errorf("sending %s/%d again: %w", cfg.Processor.Inbox, cfg.Partition, err)
	}
	return report, nil
}

// Skip begins an epoch that leaves out one record: one that kills the process, or that nobody can want. It refuses a
// record that is folded already, and one that is the engine's own.
func Skip(ctx context.Context, cfg Config, offset int64) (engine.EpochAt, error) {
	if err := skippable(ctx, cfg, offset); err != nil {
		return engine.EpochAt{}, fmt.Errorf("offset %d of %s/%d %w", offset, cfg.Processor.Inbox, cfg.Partition, err)
	}
	for {
		epochs, err := engine.Epochs(ctx, cfg.Log, cfg.Processor.Inbox, cfg.Partition)
		if err != nil {
			return engine.EpochAt{}, err
		}
		last := &event.Epoch{Build: cfg.Build}
		for _, e := range epochs {
			if last = e.Epoch; last.GetReason() == "skip" && last.GetSkipOffset() == offset {
				return e, nil
			}
		}
		next := &event.Epoch{Number: last.GetNumber() + 1, Build: last.GetBuild(), Reason: "skip", SkipOffset: offset, ResumeOffset: -1}
		if err := engine.BeginEpoch(ctx, cfg.Log, cfg.inbox(), 0, next); err != nil {
			return engine.EpochAt{}, fmt.Errorf("skipping offset %d of %s/%d: %w", offset, cfg.Processor.Inbox, cfg.Partition, err)
		}
	}
}

// skippable says why a record cannot be skipped.
func skippable(ctx context.Context, cfg Config, offset int64) error {
	recs, err := cfg.Log.At(ctx, cfg.Processor.Inbox, cfg.Partition, []int64{offset})
	switch {
	case err != nil:
		return fmt.Errorf("cannot be read: %w", err)
	case len(recs) == 0:
		return fmt.Errorf("is not in the log")
	case engine.IsControl(&recs[0]):
		return fmt.Errorf("is a record of the engine's own and cannot be skipped")
	}
	m, _, err := checkpoint.Open(cfg.Store, cfg.Processor.Name, cfg.Partition).Newest(ctx, func(string, error) {})
	switch {
	case err != nil:
		return fmt.Errorf("may be folded already: %w", err)
	case m != nil && m.Position.Next > offset:
		return fmt.Errorf("is folded already, the checkpoint stands at %d", m.Position.Next)
	}
	return nil
}
