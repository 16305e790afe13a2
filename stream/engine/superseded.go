package engine

import (
	"context"
	"time"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/event"
)

// silence is how long, by our own clock, the build in force may leave records waiting without a tick before another one takes
// the partition back. A living folder of it ticks within ten seconds of a record (see tickDue), so it is gone.
const silence = 15 * time.Second

// watch looks at a partition that another build folds: one that was superseded neither folds nor begins an epoch as long as
// that build is at work, and is there when nobody is.
type watch struct {
	log   Log
	place Place
	next  int64
	build string
	epoch uint64
	// acked is what the ticks of the epoch in force say is folded, last the last record that is not the engine's own.
	acked, last int64
	since       time.Time // when records were first seen to wait with no tick since; zero while none do
}

func newWatch(log Log, place Place, from checkpoint.Position) *watch {
	return &watch{log: log, place: place, next: from.Next, build: from.Build, epoch: from.Epoch, last: -1}
}

// look reads what came since the last look, and tells for how long the build in force has left records waiting.
func (w *watch) look(ctx context.Context, now func() time.Time) (silent time.Duration, err error) {
	first, end, err := w.log.Bounds(ctx, w.place.Topic, w.place.Partition)
	if err != nil {
		return 0, err
	}
	w.next = max(first, min(w.next, end))
	err = ReadTo(ctx, w.log, w.place, w.next, end, func(rec *event.Record) error {
		w.next = rec.Offset + 1
		w.hear(rec)
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case w.last < w.acked:
		w.since = time.Time{}
		return 0, nil
	case w.since.IsZero():
		w.since = now()
	}
	return now().Sub(w.since), nil
}

func (w *watch) hear(rec *event.Record) {
	if !IsControl(rec) {
		w.last = rec.Offset
		return
	}
	e, err := event.Unmarshal(rec.Value)
	if err != nil {
		return
	}
	if x := e.GetEpoch(); x.GetNumber() > w.epoch {
		w.epoch, w.build, w.acked, w.since = x.GetNumber(), x.GetBuild(), 0, time.Time{}
	}
	if t := e.GetTick(); t != nil && t.GetEpoch() == w.epoch {
		w.acked, w.since = max(w.acked, t.GetAcked()), time.Time{}
	}
}

// awaitTurn waits until a partition that another build folds is ours to fold again: an epoch of our build began, or the
// build in force is silent, and then we take the partition back.
func (h *Host) awaitTurn(ctx context.Context, r *hosted) (takeBack bool, err error) {
	w := newWatch(h.cfg.Log, r.place, r.part.stood)
	for {
		if err := wait(ctx, longPause); err != nil {
			return false, err
		}
		silent, err := w.look(ctx, h.cfg.Now)
		switch {
		case err != nil:
			r.part.log.WarnContext(ctx, "whether another build folds the partition cannot be seen", "error", err)
		case w.build == h.cfg.Build:
			return false, nil
		case silent >= silence:
			r.part.log.WarnContext(ctx, "the build that folded the partition is silent, this one takes it back", "build", w.build)
			return true, nil
		}
	}
}

// askEnds asks for the ends of the inboxes as this process finds them: a build whose epoch began behind them came after us.
func (h *Host) askEnds(ctx context.Context) error {
	for {
		ends, err := Ends(ctx, h.cfg.Log, h.procs)
		if err == nil {
			h.born = ends
			return nil
		}
		h.cfg.Logger.ErrorContext(ctx, "asking for the ends of the inboxes is tried again", "error", err)
		if err := wait(ctx, longPause); err != nil {
			return err
		}
	}
}

// wait pauses for d or until ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
