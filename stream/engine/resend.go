package engine

import (
	"context"
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
)

// resendBatch is how many outputs of one destination go in one append.
const resendBatch = 500

// ResendReport is what was sent again.
type ResendReport struct {
	From    int64 `json:"from"`
	To      int64 `json:"to"`
	Outputs int64 `json:"outputs"`
	// Foreign outputs were not sent: another build decided that span, and only it can repeat its words.
	Foreign int64 `json:"foreign"`
}

// Resend folds a partition once more and appends its outputs again, in lane order: readers take what they miss and drop
// the rest. Only to limits it to some destinations; nil means all.
func Resend(ctx context.Context, cfg Playback, only func(topic event.Topic, partition int) bool) (*ResendReport, error) {
	p, err := newPlayer(ctx, cfg)
	if err != nil {
		return nil, err
	}
	report := &ResendReport{From: p.from, To: p.end}
	waiting := make(map[destination][]event.Record)
	flush := func(to destination) error {
		records := waiting[to]
		delete(waiting, to)
		return appendAndWait(ctx, cfg.Log, to.topic, to.partition, records...)
	}
	err = p.run(ctx, func(s step) error {
		for _, o := range s.outs {
			switch {
			case only != nil && !only(o.to.topic, o.to.partition):
				continue
			case !p.ours():
				report.Foreign++
				continue
			}
			report.Outputs++
			if waiting[o.to] = append(waiting[o.to], o.record); len(waiting[o.to]) >= resendBatch {
				if err = flush(o.to); err != nil {
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
func Skip(ctx context.Context, cfg Playback, offset int64) (EpochAt, error) {
	place := fmt.Sprintf("offset %d of %s/%d", offset, cfg.Processor.Inbox, cfg.Partition)
	recs, err := cfg.Log.At(ctx, cfg.Processor.Inbox, cfg.Partition, []int64{offset})
	switch {
	case err != nil:
		return EpochAt{}, err
	case len(recs) == 0:
		return EpochAt{}, fmt.Errorf("%s is not in the log", place)
	case string(recs[0].Key) == controlKey:
		return EpochAt{}, fmt.Errorf("%s is a record of the engine's own and cannot be skipped", place)
	}
	m, _, err := newCheckpoints(cfg.Store, cfg.Processor.Name, cfg.Partition).load(ctx, func(string, error) {})
	if err != nil {
		return EpochAt{}, err
	}
	if m != nil && m.Position.Next > offset {
		return EpochAt{}, fmt.Errorf("%s is folded already, the checkpoint stands at %d", place, m.Position.Next)
	}
	for {
		epochs, err := Epochs(ctx, cfg.Log, cfg.Processor.Inbox, cfg.Partition)
		if err != nil {
			return EpochAt{}, err
		}
		last := &event.Epoch{Build: cfg.Build}
		for _, e := range epochs {
			if last = e.Epoch; last.GetReason() == "skip" && last.GetSkipOffset() == offset {
				return e, nil
			}
		}
		next := controlRecord(&event.Event{Body: &event.Event_Epoch{Epoch: &event.Epoch{
			Number: last.GetNumber() + 1, Build: last.GetBuild(), Reason: "skip", SkipOffset: offset, ResumeOffset: -1,
		}}})
		if err := appendAndWait(ctx, cfg.Log, cfg.Processor.Inbox, cfg.Partition, next); err != nil {
			return EpochAt{}, fmt.Errorf("skipping %s: %w", place, err)
		}
	}
}
