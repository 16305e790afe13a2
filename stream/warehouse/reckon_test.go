package warehouse

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// reckoning counts from a history, without a database, what the named queries say of it.
type reckoning struct {
	h                  *history
	from, to, interval int64
}

// table collects rows by a key and gives them back in the order of their keys.
type table struct {
	rows map[string][]any
}

// row finds the row of a key: an interval and some words. Values of a new row are made.
func (t *table) row(fresh func() []any, interval int64, words ...string) []any {
	if t.rows == nil {
		t.rows = map[string][]any{}
	}
	key := fmt.Sprintf("%016d", interval) + strings.Join(words, "\x00")
	r := t.rows[key]
	if r == nil {
		r = []any{interval}
		for _, w := range words {
			r = append(r, w)
		}
		r = append(r, fresh()...)
		t.rows[key] = r
	}
	return r
}

func (t *table) sorted() [][]any {
	keys := make([]string, 0, len(t.rows))
	for k := range t.rows {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([][]any, 0, len(keys))
	for _, k := range keys {
		out = append(out, t.rows[k])
	}
	return out
}

func zeros(n int) func() []any {
	return func() []any {
		out := make([]any, n)
		for i := range out {
			out[i] = int64(0)
		}
		return out
	}
}

func bump(r []any, at int, by int64) { r[at] = r[at].(int64) + by } //nolint:errcheck,forcetypeassert // a test

// ratio is a percentage, or nothing where nothing is counted.
func ratio(part, of int64) any {
	if of == 0 {
		return nil
	}
	return math.RoundToEven(10000*float64(part)/float64(of)) / 100
}

func mean(sum, of int64) any {
	if of == 0 {
		return nil
	}
	return sum / of
}

func (k reckoning) start(at int64) int64 { return k.from + (at-k.from)/k.interval*k.interval }

func (k reckoning) inside(at int64) bool { return at >= k.from && at < k.to }

// stay is one enqueueing as it ended.
type stay struct {
	e                   *event.QueueEntry
	outcome             string
	enqueued, left, was int64
}

// stays are the enqueueings, the first enqueued first.
func (h *history) stays() []stay {
	type key struct {
		contact, queue string
		cohort         uint32
	}
	last := map[key]*event.QueueEntry{}
	for _, f := range h.facts {
		if q := f.e.GetQueueEntry(); q != nil {
			last[key{q.GetContact(), q.GetQueue(), q.GetCohort()}] = q
		}
	}
	var out []stay
	// Who was given on is enqueued anew at that moment.
	given := map[string]int64{}
	for _, q := range last {
		if q.GetNextQueue() != "" {
			given[fmt.Sprint(q.GetContact(), q.GetCohort()+1)] = q.GetChangedMs()
		}
	}
	for _, q := range last {
		s := stay{e: q, outcome: q.GetState(), enqueued: q.GetEnqueuedMs()}
		if at, yes := given[fmt.Sprint(q.GetContact(), q.GetCohort())]; yes {
			s.enqueued = at
		}
		if s.outcome == "waiting" || s.outcome == "offered" {
			s.outcome = "waiting"
		} else {
			s.left, s.was = q.GetChangedMs(), q.GetChangedMs()-s.enqueued
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

func (k reckoning) queues(target, short int64, flowOuts, shorts, abandons bool) [][]any {
	var t table
	longest := map[string]int64{}
	for _, s := range k.h.stays() {
		if !k.inside(s.enqueued) {
			continue
		}
		r := t.row(zeros(10), k.start(s.enqueued), s.e.GetQueue())
		bump(r, qEnqueued, 1)
		switch s.outcome {
		case "answered":
			bump(r, qAnswered, 1)
			bump(r, qWaitAnswered, s.was)
			if s.was <= target {
				bump(r, qAnsweredIn, 1)
			}
		case "abandoned":
			bump(r, qAbandoned, 1)
			bump(r, qWaitAbandoned, s.was)
			if s.was <= target {
				bump(r, qAbandonedIn, 1)
			}
			if s.was < short {
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
		n := func(at int) int64 { return r[at].(int64) } //nolint:errcheck,forcetypeassert // a test
		of := n(qAnswered)
		if abandons {
			of += n(qAbandoned)
			if !shorts {
				of -= n(qShort)
			}
		}
		if flowOuts {
			of += n(qFlowedOut)
		}
		out[i] = append(r, mean(n(qWaitAnswered), n(qAnswered)), mean(n(qWaitAbandoned), n(qAbandoned)), longest[fmtKey(r)],
			ratio(n(qAbandoned), n(qEnqueued)), ratio(n(qAnsweredIn)+n(qAbandonedIn), n(qEnqueued)), of, ratio(n(qAnsweredIn), of),
			ratio(n(qAnsweredIn), n(qEnqueued)), ratio(n(qAnsweredIn), n(qAnswered)+n(qAbandoned)-n(qAbandonedIn)))
	}
	return out
}

func fmtKey(r []any) string { return fmt.Sprint(r[:2]...) }

func (k reckoning) flowOuts() [][]any {
	var t table
	for _, s := range k.h.stays() {
		if k.inside(s.enqueued) && s.outcome == "flowed_out" {
			r := t.row(zeros(2), k.start(s.enqueued), s.e.GetQueue(), s.e.GetReason(), s.e.GetNextQueue())
			bump(r, 4, 1)
			bump(r, 5, s.was)
		}
	}
	return t.sorted()
}

// minutes walks through the minutes one by one and looks at everybody in each.
func (k reckoning) minutes() [][]any {
	var t table
	stays := k.h.stays()
	for at := k.from; at < k.to; at += minute {
		end := min(at+minute, k.to)
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
			if old := r[7].(int64); old == 0 || enqueued < old { //nolint:errcheck,forcetypeassert // a test
				r[7] = enqueued
			}
		}
	}
	return t.sorted()
}

func doing(a *event.AgentChanged) string {
	held := len(a.GetContacts()) > 0
	switch {
	case a.GetActivity() == "wrapping":
		return "wrapping"
	case a.GetActivity() == "busy" || held:
		return "busy"
	case a.GetActivity() == "offered":
		return "offered"
	case a.GetStatus() == "offline" || !a.GetConnected():
		return "offline"
	case a.GetStatus() == "available":
		return "idle"
	}
	return "away"
}

// agentTime cuts each agent's states at the ends of the intervals.
func (k reckoning) agentTime() [][]any {
	var t table
	type state struct {
		a    *event.AgentChanged
		from int64
	}
	states := map[string][]state{}
	for _, f := range k.h.facts {
		a := f.e.GetAgentChanged()
		if a == nil {
			continue
		}
		list := states[a.GetAgent()]
		from := a.GetSinceMs()
		if n := len(list); n > 0 {
			if list[n-1].a.GetSinceMs() == from {
				from = f.e.GetAtMs()
			}
			from = max(from, list[n-1].from)
		}
		states[a.GetAgent()] = append(list, state{a, from})
	}
	for agent, list := range states {
		for i, s := range list {
			end := k.to
			if i+1 < len(list) {
				end = min(end, list[i+1].from)
			}
			for at := max(s.from, k.from); at < end; {
				next := min(end, k.start(at)+k.interval)
				bump(t.row(zeros(1), k.start(at), agent, s.a.GetStatus(), s.a.GetReason(), s.a.GetActivity(), doing(s.a)), 6, next-at)
				at = next
			}
		}
	}
	return t.sorted()
}

// lastOffers and lastContacts are those as they stood last.
func (k reckoning) lastOffers() map[string]*event.OfferChanged {
	out := map[string]*event.OfferChanged{}
	for _, f := range k.h.facts {
		if o := f.e.GetOfferChanged(); o != nil {
			out[o.GetOffer()] = o
		}
	}
	return out
}

func (k reckoning) lastContacts() map[string]*event.Contact {
	out := map[string]*event.Contact{}
	for _, f := range k.h.facts {
		if c := f.e.GetContactChanged().GetContact(); c != nil && c.GetVersion() >= out[c.GetContact()].GetVersion() {
			out[c.GetContact()] = c
		}
	}
	return out
}

func (k reckoning) offers() [][]any {
	var t table
	for _, o := range k.lastOffers() {
		if !k.inside(o.GetOfferedMs()) {
			continue
		}
		r := t.row(zeros(8), k.start(o.GetOfferedMs()), o.GetQueue(), o.GetAgent())
		bump(r, 3, 1)
		bump(r, map[string]int{"accepted": 4, "rejected": 5, "timed_out": 6, "rescinded": 7, "offered": 8}[enumName(o.GetState())], 1)
		if o.GetReason() == "abandoned" {
			bump(r, 9, 1)
		}
		if o.GetState() == event.OfferState_OFFER_STATE_ACCEPTED {
			bump(r, 10, o.GetClosedMs()-o.GetOfferedMs())
		}
	}
	return t.sorted()
}

func talkAndWrap(c *event.Contact) (talk, acw int64) {
	if c.GetWrappedMs() > 0 {
		acw = c.GetWrappedMs() - c.GetEndedMs()
	}
	return c.GetEndedMs() - c.GetAssignedMs(), acw
}

func (k reckoning) agents() [][]any {
	var t table
	busy := map[string]int{"idle": 2, "offered": 3, "busy": 4, "wrapping": 5, "away": 6, "offline": 7}
	for _, piece := range k.agentTime() {
		r := t.row(zeros(20), piece[0].(int64), piece[1].(string)) //nolint:errcheck,forcetypeassert // a test
		bump(r, busy[piece[5].(string)], piece[6].(int64))         //nolint:errcheck,forcetypeassert // a test
		bump(r, 8, piece[6].(int64))                               //nolint:errcheck,forcetypeassert // a test
	}
	const offers, accepted, rejected, timedOut, rescinded, open, left = 9, 10, 11, 12, 13, 14, 15
	for _, o := range k.offers() {
		r := t.row(zeros(20), o[0].(int64), o[2].(string)) //nolint:errcheck,forcetypeassert // a test
		for i := range 7 {
			bump(r, offers+i, o[3+i].(int64)) //nolint:errcheck,forcetypeassert // a test
		}
	}
	const handled, wraps, handle, wrap, firsts, first = 16, 17, 18, 19, 20, 21
	for _, c := range k.lastContacts() {
		if c.GetEndedMs() == 0 || c.GetAssignedMs() == 0 || !k.inside(c.GetEndedMs()) {
			continue
		}
		r := t.row(zeros(20), k.start(c.GetEndedMs()), c.GetAgent())
		if c.GetState() != event.ContactState_CONTACT_STATE_ENDED {
			bump(r, wraps, 1)
			continue
		}
		talk, acw := talkAndWrap(c)
		bump(r, handled, 1)
		bump(r, handle, talk+acw)
		bump(r, wrap, acw)
		if c.GetFirstResponseMs() > 0 {
			bump(r, firsts, 1)
			bump(r, first, c.GetFirstResponseMs()-c.GetAssignedMs())
		}
	}
	out := t.sorted()
	for i, r := range out {
		n := func(at int) int64 { return r[at].(int64) } //nolint:errcheck,forcetypeassert // a test
		no := n(rejected) + n(timedOut) + n(rescinded)
		row := slices.Clone(r[:9])
		row = append(row, ratio(n(4)+n(5), n(4)+n(5)+n(2)), n(offers), n(accepted), n(rejected), n(timedOut), n(rescinded), n(open), no, no-n(left),
			ratio(n(accepted), n(offers)), n(handled), n(wraps), n(handle), mean(n(handle), n(handled)), n(wrap), n(firsts), mean(n(first), n(firsts)))
		out[i] = row
	}
	return out
}

func (k reckoning) handled() [][]any {
	var t table
	for _, c := range k.lastContacts() {
		if c.GetEndedMs() == 0 || c.GetAssignedMs() == 0 || !k.inside(c.GetEndedMs()) {
			continue
		}
		r := t.row(zeros(15), k.start(c.GetEndedMs()), c.GetQueue(), c.GetAgent())
		if c.GetState() != event.ContactState_CONTACT_STATE_ENDED {
			bump(r, 4, 1)
			continue
		}
		talk, acw := talkAndWrap(c)
		for i, by := range []int64{1, 0, talk, acw} {
			bump(r, 3+i, by)
		}
		if c.GetFirstResponseMs() > 0 {
			bump(r, 7, 1)
			bump(r, 8, c.GetFirstResponseMs()-c.GetAssignedMs())
		}
		for i, yes := range []bool{c.GetInitiation() == "transfer", c.GetEndReason() == "transfer", c.GetEndReason() == "agent_lost"} {
			if yes {
				bump(r, 9+i, 1)
			}
		}
		bump(r, 12, int64(c.GetTurns()))
		bump(r, 13, c.GetResponseMs())
		r[14] = max(r[14].(int64), c.GetMaxResponseMs()) //nolint:errcheck,forcetypeassert // a test
		bump(r, 15, int64(c.GetCustomerMessages()))
		bump(r, 16, int64(c.GetAgentMessages()))
	}
	out := t.sorted()
	for i, r := range out {
		n := func(at int) int64 { return r[at].(int64) } //nolint:errcheck,forcetypeassert // a test
		row := append(slices.Clone(r[:7]), mean(n(5)+n(6), n(3)), r[7], r[8], r[9], r[10], ratio(n(10), n(3)))
		out[i] = append(row, r[11:17]...)
	}
	return out
}

func (k reckoning) wrapUps() [][]any {
	var t table
	for _, c := range k.lastContacts() {
		if c.GetAssignedMs() == 0 || c.GetState() != event.ContactState_CONTACT_STATE_ENDED || !k.inside(c.GetEndedMs()) {
			continue
		}
		talk, acw := talkAndWrap(c)
		r := t.row(zeros(3), k.start(c.GetEndedMs()), c.GetQueue(), c.GetWrapUpCode())
		bump(r, 3, 1)
		bump(r, 4, talk+acw)
		bump(r, 5, acw)
	}
	return t.sorted()
}

func (k reckoning) surveys() [][]any {
	var t table
	last := map[string]dealt{}
	for _, f := range k.h.facts {
		if s := f.e.GetSurveyTaken(); s != nil && k.inside(f.e.GetAtMs()) {
			last[s.GetContact()] = f
		}
	}
	for _, f := range last {
		s := f.e.GetSurveyTaken()
		r := t.row(zeros(3), k.start(f.e.GetAtMs()), s.GetQueue(), s.GetAgent())
		bump(r, 3, 1)
		bump(r, 4, int64(s.GetScore()))
		if s.GetScore() >= 4 {
			bump(r, 5, 1)
		}
	}
	out := t.sorted()
	for i, r := range out {
		n := func(at int) int64 { return r[at].(int64) } //nolint:errcheck,forcetypeassert // a test
		out[i] = append(r, ratio(n(5), n(3)), math.RoundToEven(100*float64(n(4))/float64(n(3)))/100)
	}
	return out
}

func (k reckoning) intents() [][]any {
	var t table
	waits := map[string][]int64{}
	confidence := map[string]int64{}
	for _, f := range k.h.facts {
		i := f.e.GetIntentFound()
		if i == nil || !k.inside(f.e.GetAtMs()) {
			continue
		}
		r := t.row(zeros(9), k.start(f.e.GetAtMs()), i.GetStage(), i.GetModel(), i.GetModelVersion(), i.GetLanguage(), i.GetIntent())
		key := fmtKey(r) + i.GetLanguage() + i.GetIntent()
		bump(r, 6, 1)
		bump(r, 7, 1) // a finding a contact
		if i.GetReason() == "deadline" {
			bump(r, 8, 1)
		}
		confidence[key] += int64(i.GetConfidence())
		r[9] = confidence[key] / r[6].(int64) //nolint:errcheck,forcetypeassert // a test
		waits[key] = append(waits[key], int64(i.GetLatencyUs()))
		slices.Sort(waits[key])
		quantile := func(q float64) int64 { return waits[key][min(len(waits[key])-1, int(q*float64(len(waits[key]))))] }
		r[10], r[11] = quantile(0.5), quantile(0.99)
		bump(r, 12, int64(i.GetTokensIn()))
		bump(r, 13, int64(i.GetTokensOut()))
		bump(r, 14, int64(i.GetCostMicros()))
	}
	return t.sorted()
}
