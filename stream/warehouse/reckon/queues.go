package reckon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// stay is one enqueueing as it ended.
type stay struct {
	e                   *event.QueueEntry
	outcome             string
	enqueued, left, was int64
}

// stays are the enqueueings, the first enqueued first.
func (k Reckoning) stays() []stay {
	type key struct {
		contact, queue string
		cohort         uint32
	}
	last := map[key]*event.QueueEntry{}
	for _, f := range k.Facts {
		if q := f.GetQueueEntry(); q != nil {
			last[key{q.GetContact(), q.GetQueue(), q.GetCohort()}] = q
		}
	}
	var out []stay
	// Who was given on is enqueued anew at that moment.
	type turn struct {
		contact string
		cohort  uint32
	}
	given := map[turn]int64{}
	for _, q := range last {
		if q.GetState() == "flowed_out" && q.GetNextQueue() != "" {
			given[turn{q.GetContact(), q.GetCohort() + 1}] = q.GetChangedMs()
		}
	}
	for _, q := range last {
		if k.Practice[q.GetQueue()] {
			continue
		}
		s := stay{e: q, outcome: q.GetState(), enqueued: q.GetEnqueuedMs()}
		if at, yes := given[turn{q.GetContact(), q.GetCohort()}]; yes {
			s.enqueued = at
		}
		if s.outcome == "waiting" || s.outcome == "offered" {
			s.outcome = "waiting"
		} else {
			s.left = max(q.GetChangedMs(), s.enqueued)
			s.was = s.left - s.enqueued
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b stay) int {
		return cmp.Or(cmp.Compare(a.enqueued, b.enqueued), strings.Compare(a.e.GetContact(), b.e.GetContact()))
	})
	return out
}

// What counts into the columns of queue_by_interval.
const (
	qEnqueued = iota + 2
	qAnswered
	qAbandoned
	qFlowedOut
	qWaiting
	qShort
	qAnsweredIn
	qAbandonedIn
	qWaitAnswered
	qWaitAbandoned
)

// Switches are the parameters of queue_by_interval.
type Switches struct {
	Target, Short              int64
	FlowOuts, Shorts, Abandons bool
}

// Queues is queue_by_interval.
func (k Reckoning) Queues(w Switches) [][]any {
	var t table
	longest := map[string]int64{}
	for _, s := range k.stays() {
		if !k.inside(s.enqueued) {
			continue
		}
		r := t.row(zeros(10), k.start(s.enqueued), s.e.GetQueue())
		bump(r, qEnqueued, 1)
		switch s.outcome {
		case "answered":
			bump(r, qAnswered, 1)
			bump(r, qWaitAnswered, s.was)
			if s.was <= w.Target {
				bump(r, qAnsweredIn, 1)
			}
		case "abandoned":
			bump(r, qAbandoned, 1)
			bump(r, qWaitAbandoned, s.was)
			if s.was <= w.Target {
				bump(r, qAbandonedIn, 1)
			}
			if s.was < w.Short {
				bump(r, qShort, 1)
			}
		case "flowed_out":
			bump(r, qFlowedOut, 1)
		default:
			bump(r, qWaiting, 1)
		}
		name := fmtKey(r)
		longest[name] = max(longest[name], s.was)
	}
	out := t.sorted()
	for i, r := range out {
		n := func(at int) int64 { return num(r, at) }
		of := n(qAnswered)
		if w.Abandons {
			of += n(qAbandoned)
			if !w.Shorts {
				of -= n(qShort)
			}
		}
		if w.FlowOuts {
			of += n(qFlowedOut)
		}
		out[i] = append(r, mean(n(qWaitAnswered), n(qAnswered)), mean(n(qWaitAbandoned), n(qAbandoned)), longest[fmtKey(r)],
			ratio(n(qAbandoned), n(qEnqueued)), ratio(n(qAnsweredIn)+n(qAbandonedIn), n(qEnqueued)), of, ratio(n(qAnsweredIn), of),
			ratio(n(qAnsweredIn), n(qEnqueued)), ratio(n(qAnsweredIn), n(qAnswered)+n(qAbandoned)-n(qAbandonedIn)))
	}
	return out
}

func fmtKey(r []any) string { return fmt.Sprint(r[:2]...) }

// FlowOuts is flow_outs_by_interval.
func (k Reckoning) FlowOuts() [][]any {
	var t table
	for _, s := range k.stays() {
		if k.inside(s.enqueued) && s.outcome == "flowed_out" {
			r := t.row(zeros(2), k.start(s.enqueued), s.e.GetQueue(), s.e.GetReason(), s.e.GetNextQueue())
			bump(r, 4, 1)
			bump(r, 5, s.was)
		}
	}
	return t.sorted()
}

// Minutes is queue_by_minute: it walks through the minutes one by one and looks at everybody in each.
func (k Reckoning) Minutes() [][]any {
	var t table
	stays := k.stays()
	for at := k.From; at < k.To; at += minute {
		end := min(at+minute, k.To)
		for _, s := range stays {
			q, enqueued := s.e.GetQueue(), s.enqueued
			if enqueued >= end || (s.left != 0 && s.left < at) {
				continue
			}
			r := t.row(zeros(6), at, q)
			if enqueued >= at {
				bump(r, 2, 1)
			}
			if s.left != 0 && s.left < end {
				bump(r, map[string]int{"answered": 3, "abandoned": 4, "flowed_out": 5}[s.outcome], 1)
				continue
			}
			bump(r, 6, 1)
			if old := num(r, 7); old == 0 || enqueued < old {
				r[7] = enqueued
			}
		}
	}
	return t.sorted()
}
