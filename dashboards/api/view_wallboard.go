package api

import (
	"cmp"
	"math"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// boardState is what a board counts an agent as; like the word "doing" of agent_by_interval.
type boardState uint8

const (
	boardOffline boardState = iota
	boardIdle
	boardOffered
	boardBusy
	boardWrapping
	boardAway
)

func boardStateOf(c *event.AgentChanged) boardState {
	switch activity := c.GetActivity(); {
	case activity == "busy":
		return boardBusy
	case activity == "wrapping":
		return boardWrapping
	case len(c.GetContacts()) > 0:
		return boardBusy
	case activity == "offered":
		return boardOffered
	case c.GetStatus() == "offline" || !c.GetConnected():
		return boardOffline
	case c.GetStatus() == "available":
		return boardIdle
	}
	return boardAway
}

// wallboard is what a board shows at a moment.
type wallboard struct {
	AtMs int64 `json:"at_ms"`
	// FromMs and ToMs are the bounds of the enqueueings that are counted: whole minutes.
	FromMs int64            `json:"from_ms"`
	ToMs   int64            `json:"to_ms"`
	Queues []wallboardQueue `json:"queues"`
	Total  wallboardNumbers `json:"total"`
	Agents wallboardAgents  `json:"agents"`
}

type wallboardNumbers struct {
	Waiting  int   `json:"waiting"`
	Offered  int   `json:"offered"`
	OldestMs int64 `json:"oldest_ms"`
	Staffed  int   `json:"staffed"`
	Free     int   `json:"free"`

	Enqueued          int32 `json:"enqueued"`
	Answered          int32 `json:"answered"`
	Abandoned         int32 `json:"abandoned"`
	FlowedOut         int32 `json:"flowed_out"`
	AnsweredInTarget  int32 `json:"answered_in_target"`
	AbandonedInTarget int32 `json:"abandoned_in_target"`
	// ServiceLevel is sl_late_abandons of queue_by_interval; nil without anybody to count or without a target.
	ServiceLevel *float64 `json:"service_level"`
}

type wallboardQueue struct {
	Queue string `json:"queue"`
	Name  string `json:"name"`
	wallboardNumbers
	Open          bool     `json:"open"`
	TargetMs      int64    `json:"target_ms"`
	TargetPercent uint32   `json:"target_percent"`
	Alerts        []string `json:"alerts"`
}

type wallboardAgents struct {
	Available int `json:"available"`
	Busy      int `json:"busy"`
	Wrapping  int `json:"wrapping"`
	Away      int `json:"away"`
	Offline   int `json:"offline"`
}

// The alerts of a queue.
const (
	alertNobody  = "nobody_staffed"
	alertOver    = "over_target"
	alertLevel   = "service_level_low"
	alertOutside = "closed_with_waiting"
)

// wallboardOf is the board of some teams, or of the whole tenant without any.
func (v *view) wallboardOf(tenant string, teams []string) *wallboard {
	v.mu.Lock()
	defer v.mu.Unlock()
	t, now := v.tenant(tenant), v.now()
	in := v.inScope(t, teams)
	first, end := max(v.firstMinute(), t.recent.floor), minuteOf(now)+1
	b := &wallboard{AtMs: now, FromMs: min(first, end) * minuteMs, ToMs: end * minuteMs, Queues: []wallboardQueue{}}
	var aimed minuteCount
	shown := make(map[uint32]bool, len(t.queues))
	for _, q := range t.queues {
		counts := q.counted(first, end)
		if q.removed || q.practice || !in.queue(q.id) || !q.known && len(q.line) == 0 && counts == (minuteCount{}) {
			continue
		}
		shown[q.number] = true
		row := wallboardQueue{
			Queue: q.id, Name: cmp.Or(q.name, q.id), Open: q.open, TargetMs: q.targetMs, TargetPercent: q.targetPercent,
		}
		row.waits(q)
		row.counts(counts)
		if q.targetMs > 0 {
			aimed.sum(counts)
			row.ServiceLevel = counts.level()
		}
		row.Alerts = row.alerts(now)
		b.Total.add(&row.wallboardNumbers)
		b.Queues = append(b.Queues, row)
	}
	b.Total.ServiceLevel = aimed.level()
	b.agents(t, in, shown)
	slices.SortFunc(b.Queues, func(x, y wallboardQueue) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Queue, y.Queue))
	})
	return b
}

// counted sums the minutes from first on, before end.
func (q *queueEntry) counted(first, end int64) minuteCount {
	var out minuteCount
	for minute, m := range q.minutes {
		if first <= minute && minute < end {
			out.sum(m)
		}
	}
	return out
}

// level is sl_late_abandons of queue_by_interval, rounded as it is there.
func (m *minuteCount) level() *float64 {
	of := m.answered + m.abandoned - m.abandonedInTarget
	if of == 0 {
		return nil
	}
	level := math.RoundToEven(100*float64(m.answeredInTarget)/float64(of)*100) / 100
	return &level
}

func (n *wallboardNumbers) waits(q *queueEntry) {
	n.Staffed, n.Free = q.staffed, q.idle
	n.Waiting, n.OldestMs = q.waits()
	for _, w := range q.line {
		if w.offered {
			n.Offered++
		}
	}
}

func (n *wallboardNumbers) counts(m minuteCount) {
	n.Enqueued, n.Answered, n.Abandoned, n.FlowedOut = m.enqueued, m.answered, m.abandoned, m.flowedOut
	n.AnsweredInTarget, n.AbandonedInTarget = m.answeredInTarget, m.abandonedInTarget
}

// add makes a total of rows; agents who serve several queues are counted apart.
func (n *wallboardNumbers) add(row *wallboardNumbers) {
	n.Waiting += row.Waiting
	n.Offered += row.Offered
	if row.OldestMs != 0 && (n.OldestMs == 0 || row.OldestMs < n.OldestMs) {
		n.OldestMs = row.OldestMs
	}
	n.Enqueued += row.Enqueued
	n.Answered += row.Answered
	n.Abandoned += row.Abandoned
	n.FlowedOut += row.FlowedOut
	n.AnsweredInTarget += row.AnsweredInTarget
	n.AbandonedInTarget += row.AbandonedInTarget
}

func (q *wallboardQueue) alerts(now int64) []string {
	out := []string{}
	if q.Open && q.Staffed == 0 {
		out = append(out, alertNobody)
	}
	if q.TargetMs > 0 && q.Waiting > 0 && now-q.OldestMs > q.TargetMs {
		out = append(out, alertOver)
	}
	if q.TargetPercent > 0 && q.ServiceLevel != nil && *q.ServiceLevel < float64(q.TargetPercent) {
		out = append(out, alertLevel)
	}
	if !q.Open && q.Waiting > 0 {
		out = append(out, alertOutside)
	}
	return out
}

// agents counts what the agents in scope do, and each once who staffs a queue that is shown.
func (b *wallboard) agents(t *tenantEntry, in *scope, shown map[uint32]bool) {
	for _, a := range t.agents {
		if !a.known {
			continue
		}
		if a.staffs && slices.ContainsFunc(a.queues, func(n uint32) bool { return shown[n] }) {
			b.Total.Staffed++
			if a.idle {
				b.Total.Free++
			}
		}
		if !in.agent(a.id) {
			continue
		}
		switch a.board {
		case boardIdle, boardOffered:
			b.Agents.Available++
		case boardBusy:
			b.Agents.Busy++
		case boardWrapping:
			b.Agents.Wrapping++
		case boardAway:
			b.Agents.Away++
		case boardOffline:
			b.Agents.Offline++
		}
	}
}
