package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// start is where a run begins to read the topic sink.
type start struct {
	at        *position // what is known there
	from      int64     // the offset to read from
	end       int64     // the topic's end now
	rebuildTo uint64
}

// findStart looks for the newest mark and the cut it marks; without one the chain begins at the topic's beginning. A rebuild
// begins there in any case and passes over the marks.
func findStart(ctx context.Context, log engine.Log, rebuild bool) (start, error) {
	first, end, err := log.Bounds(ctx, event.TopicSink, 0)
	if err != nil {
		return start{}, fmt.Errorf("warehouse: bounds of the topic sink: %w", err)
	}
	s := start{at: newPosition(), from: first, end: end}
	mark, err := lastMark(ctx, log, first, end)
	if err != nil {
		return start{}, err
	}
	if rebuild || mark == nil {
		if first > 0 {
			return start{}, errors.Join(ErrTruncated, &engine.RangeError{Topic: event.TopicSink, Offset: 0, First: first, End: end})
		}
		s.rebuildTo = mark.GetNumber()
		return s, nil
	}
	recs, err := log.At(ctx, event.TopicSink, 0, []int64{mark.GetOffset()})
	if err != nil {
		return start{}, fmt.Errorf("warehouse: read cut %d: %w", mark.GetNumber(), err)
	}
	if len(recs) != 1 {
		return start{}, errors.Join(ErrTruncated, &engine.RangeError{Topic: event.TopicSink, Offset: mark.GetOffset(), First: first, End: end})
	}
	e, err := event.Unmarshal(recs[0].Value)
	if err != nil || e.GetCut().GetNumber() != mark.GetNumber() {
		return start{}, fmt.Errorf("warehouse: the mark of cut %d names offset %d, where it does not stand: %w",
			mark.GetNumber(), mark.GetOffset(), errors.Join(err, ErrForeign))
	}
	s.at, s.from = positionAfter(e.GetCut()), mark.GetOffset()+1
	return s, nil
}

// lastMark reads back from the end, in growing steps, until it meets a mark.
func lastMark(ctx context.Context, log engine.Log, first, end int64) (*event.CutDone, error) {
	for step, to := int64(64), end; to > first; step *= 4 {
		from := max(first, to-step)
		var last *event.CutDone
		err := log.Read(ctx, event.TopicSink, 0, from, func(batch []event.Record, _ int64) error {
			for _, r := range batch {
				if r.Offset < to {
					if e, err := event.Unmarshal(r.Value); err == nil && e.GetCutDone().GetNumber() > last.GetNumber() {
						last = e.GetCutDone()
					}
				}
				if r.Offset >= to-1 {
					return errRead
				}
			}
			return nil
		})
		if !errors.Is(err, errRead) {
			return nil, fmt.Errorf("warehouse: look for the last mark: %w", err)
		}
		if last != nil {
			return last, nil
		}
		to = from
	}
	return nil, nil
}

// compare creates the tables and asks the warehouse how far it is, which is how far the log says, or further by cuts without a
// mark. If it is less, it was replaced or restored, and the missing cuts are inserted again from the log.
func (r *run) compare(ctx context.Context, done uint64) (inWarehouse uint64, end int64, err error) {
	wait := newBackoff()
	for {
		number, err := r.Warehouse.prepare(ctx)
		if err == nil && number < done {
			r.Logger.WarnContext(ctx, "the warehouse has less than the log marked; it is filled again", "warehouse", number, "log", done)
			return 0, 0, errRestart
		}
		if err == nil {
			// What is in the warehouse stood in the log before, so a reader who comes this far has met it.
			if _, end, err = r.Log.Bounds(ctx, event.TopicSink, 0); err == nil {
				return number, end, nil
			}
		}
		r.failed("the warehouse does not answer; it is tried again", err)
		if err := wait.sleep(ctx); err != nil {
			return 0, 0, err
		}
	}
}

// prepare creates what is missing and returns the last cut inserted.
func (w *Warehouse) prepare(ctx context.Context) (uint64, error) {
	if _, err := w.Migrate(ctx); err != nil {
		return 0, err
	}
	return w.lastCut(ctx)
}

func (w *Warehouse) lastCut(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.QueryTimeout)
	defer cancel()
	var n uint64
	if err := w.conn.QueryRow(ctx, "SELECT max(number) FROM cuts").Scan(&n); err != nil {
		return 0, fmt.Errorf("warehouse: look for the last cut: %w", withoutText(err))
	}
	return n, nil
}

// backoff waits 100 ms, then twice as long each time, up to 10 s.
type backoff struct{ next time.Duration }

func newBackoff() *backoff { return &backoff{100 * time.Millisecond} }

func (b *backoff) sleep(ctx context.Context) error {
	timer := time.NewTimer(b.next)
	defer timer.Stop()
	b.next = min(2*b.next, 10*time.Second)
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
