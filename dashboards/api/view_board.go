package api

import (
	"encoding/binary"
	"math"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// A wallboard counts what became of those who were enqueued in the last minutes, as the named query queue_by_interval does:
// the view keeps every enqueueing of those minutes, and sums by queue and minute of them.

const (
	minuteMs = int64(60_000)
	// boardMinutes are the whole minutes that a board counts, the one that goes on included.
	boardMinutes = 30
	// maxComings bounds the enqueueings that are kept for a tenant, maxAllComings those of all. A tenant over it counts fewer
	// minutes, and its boards say since when.
	maxComings    = 1 << 18
	maxAllComings = 1 << 20
	// maxGiven bounds the moments at which queues gave contacts on that are remembered; twice as many may be.
	maxGiven = 1 << 16
)

// outcome is what became of an enqueueing.
type outcome uint8

const (
	outcomeWaiting outcome = iota
	outcomeAnswered
	outcomeAbandoned
	outcomeFlowedOut
)

func outcomeOf(state string) outcome {
	switch state {
	case "answered":
		return outcomeAnswered
	case "abandoned":
		return outcomeAbandoned
	case "flowed_out":
		return outcomeFlowedOut
	}
	return outcomeWaiting
}

// comingKey is one enqueueing of a contact, by the half of its key, in a queue.
type comingKey struct {
	contact uint64
	queue   uint32
	cohort  uint32
}

// coming is what became of it, and how long after it that was told last. Neither has a pointer: the garbage collector looks at
// none of them.
type coming struct {
	since   int64
	after   int32
	outcome outcome
}

func (c coming) changed() int64 { return c.since + int64(c.after) }

// movedTo is the same, had it begun at another moment.
func (c coming) movedTo(since int64) coming {
	c.after, c.since = milliseconds(c.changed()-since), since
	return c
}

// milliseconds of some weeks: nobody waits longer.
func milliseconds(d int64) int32 { return int32(max(math.MinInt32, min(d, math.MaxInt32))) }

func half(k live.Key) uint64 { return binary.LittleEndian.Uint64(k[:8]) }

// minuteCount are the enqueueings of a minute in a queue, as the columns of queue_by_interval.
type minuteCount struct {
	enqueued, answered, abandoned, flowedOut, answeredInTarget, abandonedInTarget int32
}

func (m *minuteCount) sum(x minuteCount) {
	m.enqueued += x.enqueued
	m.answered += x.answered
	m.abandoned += x.abandoned
	m.flowedOut += x.flowedOut
	m.answeredInTarget += x.answeredInTarget
	m.abandonedInTarget += x.abandonedInTarget
}

// count adds an enqueueing n times: once, or -1 to take it away.
func (m *minuteCount) count(c coming, target int64, n int32) {
	inTarget := int32(0)
	if int64(max(c.after, 0)) <= target {
		inTarget = n
	}
	m.enqueued += n
	switch c.outcome {
	case outcomeAnswered:
		m.answered += n
		m.answeredInTarget += inTarget
	case outcomeAbandoned:
		m.abandoned += n
		m.abandonedInTarget += inTarget
	case outcomeFlowedOut:
		m.flowedOut += n
	case outcomeWaiting:
	}
}

// recentEntry is what a tenant's boards count.
type recentEntry struct {
	of map[comingKey]coming
	// minutes are the keys by the minute after which they are forgotten; one that moved to another minute stands in both.
	minutes map[int64][]comingKey
	// floor is the first minute that is counted whole.
	floor int64
}

// given are the moments at which a queue gave a contact on, by the enqueueing that follows.
type given struct{ now, before map[givenKey]int64 }

type givenKey struct {
	contact uint64
	cohort  uint32
}

func (g *given) at(k givenKey) (int64, bool) {
	if at, ok := g.now[k]; ok {
		return at, true
	}
	at, ok := g.before[k]
	return at, ok
}

func (g *given) put(k givenKey, at int64) {
	if g.now == nil || len(g.now) >= maxGiven {
		g.now, g.before = make(map[givenKey]int64), g.now
	}
	g.now[k] = at
}

func minuteOf(ms int64) int64 { return ms / minuteMs }

// firstMinute is the first that boards count now.
func (v *view) firstMinute() int64 { return minuteOf(v.now()) - boardMinutes + 1 }

// came notes an enqueueing or what became of it, and answers since when the contact waits in this queue: where the queue
// before gave it on, since then, though the customer waits longer.
func (v *view) came(t *tenantEntry, q *queueEntry, contact live.Key, entry *event.QueueEntry) (since int64) {
	key := comingKey{half(contact), q.number, max(entry.GetCohort(), 1)}
	c := coming{since: entry.GetEnqueuedMs(), outcome: outcomeOf(entry.GetState())}
	c.after = milliseconds(entry.GetChangedMs() - c.since)
	if at, known := v.given.at(givenKey{key.contact, key.cohort}); known && key.cohort > 1 {
		c = c.movedTo(at)
	}
	v.keepComing(t, q, key, c)
	if c.outcome == outcomeFlowedOut && entry.GetNextQueue() != "" {
		next := givenKey{key.contact, key.cohort + 1}
		v.given.put(next, entry.GetChangedMs())
		v.gaveLate(t, v.queue(t, entry.GetNextQueue()), contact, next, entry.GetChangedMs())
	}
	return c.since
}

// until is the minute after which an enqueueing is forgotten: its own; a later enqueueing of a contact seems older than it is
// until the queue before has told when it gave the contact on, and stays as long as it changes.
func (k comingKey) until(c coming) int64 {
	if k.cohort > 1 {
		return minuteOf(max(c.since, c.changed()))
	}
	return minuteOf(c.since)
}

// keepComing counts an enqueueing instead of what was known of it.
func (v *view) keepComing(t *tenantEntry, q *queueEntry, key comingKey, c coming) {
	r, until := &t.recent, key.until(c)
	before, known := r.of[key]
	if known {
		v.uncount(q, before)
	}
	if until < max(v.firstMinute(), r.floor) || !known && !v.room(t, until) {
		if known {
			delete(r.of, key)
			v.comings--
		}
		return
	}
	if r.of == nil {
		r.of, r.minutes = make(map[comingKey]coming), make(map[int64][]comingKey)
	}
	if !known {
		v.comings++
	}
	if !known || key.until(before) != until {
		r.minutes[until] = append(r.minutes[until], key)
	}
	r.of[key] = c
	v.recount(q, c)
}

func (v *view) recount(q *queueEntry, c coming) {
	if q.minutes == nil {
		q.minutes = make(map[int64]minuteCount)
	}
	m := q.minutes[minuteOf(c.since)]
	m.count(c, q.targetMs, 1)
	q.minutes[minuteOf(c.since)] = m
}

func (v *view) uncount(q *queueEntry, c coming) {
	m, there := q.minutes[minuteOf(c.since)]
	if !there {
		return
	}
	if m.count(c, q.targetMs, -1); m == (minuteCount{}) {
		delete(q.minutes, minuteOf(c.since))
		return
	}
	q.minutes[minuteOf(c.since)] = m
}

// gaveLate moves the enqueueing that was told before the queue before it said when it gave the contact on.
func (v *view) gaveLate(t *tenantEntry, q *queueEntry, contact live.Key, next givenKey, at int64) {
	if w, waits := q.line[contact]; waits && w.cohort == next.cohort {
		w.entered = at
		q.line[contact] = w
	}
	key := comingKey{next.contact, q.number, next.cohort}
	if c, known := t.recent.of[key]; known && c.since != at {
		v.keepComing(t, q, key, c.movedTo(at))
	}
}

// room makes room for one more enqueueing of a minute: over the bounds the tenant's oldest minute is counted no more.
func (v *view) room(t *tenantEntry, minute int64) bool {
	r := &t.recent
	for len(r.of) > 0 && (len(r.of) >= v.maxComings || v.comings >= maxAllComings) {
		oldest := minute
		for m := range r.minutes {
			oldest = min(oldest, m)
		}
		v.forget(t, oldest)
		if r.floor = max(r.floor, oldest+1); oldest == minute {
			return false
		}
	}
	if v.comings < maxAllComings {
		return true
	}
	r.floor = max(r.floor, minute+1)
	return false
}

// forget drops what a minute has of enqueueings.
func (v *view) forget(t *tenantEntry, minute int64) {
	r := &t.recent
	for _, key := range r.minutes[minute] {
		if c, known := r.of[key]; known && key.until(c) <= minute {
			v.uncount(v.byQueue[key.queue], c)
			delete(r.of, key)
			v.comings--
		}
	}
	delete(r.minutes, minute)
}

// counted is how many enqueueings are kept.
func (v *view) counted() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.comings
}

// forgetOld drops the minutes that boards count no more.
func (v *view) forgetOld() {
	v.mu.Lock()
	defer v.mu.Unlock()
	first := v.firstMinute()
	for _, t := range v.tenants {
		for minute := range t.recent.minutes {
			if minute < first {
				v.forget(t, minute)
			}
		}
	}
}

// retarget counts anew the queues whose target changed.
func (v *view) retarget(t *tenantEntry, changed map[*queueEntry]bool) {
	if len(changed) == 0 {
		return
	}
	for q := range changed {
		clear(q.minutes)
	}
	for key, c := range t.recent.of {
		if q := v.byQueue[key.queue]; changed[q] {
			v.recount(q, c)
		}
	}
}
