package routing

import (
	"cmp"
	"slices"
	"strings"
)

// Why a contact flows out of a queue.
const (
	full      = "full"
	tooLong   = "too_long"
	shut      = "closed"
	queueGone = "queue_gone"
	agentLost = "agent_lost" // the one who answered, before the first message; the policy chose another queue since
)

// enter puts a contact into a queue, or into the queue that takes what this one cannot. Each queue that it comes to is one
// enqueue, which ends answered, abandoned, or flowed out, or waits.
func (d *Domain) enter(c *contact, q *queue) {
	for {
		c.queue = q
		c.cohort++
		reason := q.refuses()
		if c.route != nil && c.route.preferred == toAgent && d.keeper(c) != nil {
			reason = "" // a person has it in hand
		}
		to := d.overflow(c, reason)
		if to == nil {
			break
		}
		d.flow(c, reason, to)
		q = to
	}
	if ms := q.config.GetMaxWaitMs(); ms > 0 && d.overflow(c, tooLong) != nil {
		d.routed(c).waitUntil = d.now.Served + ms
	}
	if r := c.route; r != nil {
		if r.preferred != "" && d.keeper(c) != nil {
			r.step = 0
		} else {
			d.toStep(c, 1)
		}
	}
	d.wait(c)
}

// refuses is why a queue takes no contact now, or "".
func (q *queue) refuses() string {
	switch limit := q.config.GetMaxWaiting(); {
	case q.closed:
		return shut
	case limit > 0 && q.count() >= limit:
		return full
	default:
		return ""
	}
}

// overflow is where a contact flows to for a reason, or nil where it stays. No contact comes to a queue twice this way.
func (d *Domain) overflow(c *contact, reason string) *queue {
	id := c.queue.config.GetOverflow()
	if reason == "" || id == "" || id == c.queue.id || c.route != nil && slices.Contains(c.route.flowed, id) {
		return nil
	}
	if to := d.queues[id]; to != nil && to.config != nil {
		return to
	}
	return nil
}

// flow tells that a contact, who must be out of the lines, goes to another queue. The policy is asked again: what the first
// queue's agents had to be able to do need not be what this one's can.
func (d *Domain) flow(c *contact, reason string, to *queue) {
	d.disarm(c)
	d.queueEntry(c, "flowed_out", "", reason).NextQueue = to.id
	r, force := d.routed(c), c.inForce()
	r.flowed = append(r.flowed, c.queue.id)
	r.facts.Queue, r.facts.Chosen = to.id, true
	d.judge(c)
	r.preferred = ""
	c.queue = to
	if c.standing {
		c.priority = force - to.config.GetPriority()
	}
	d.tell(c, "requeued", "", "")
}

// drain moves contacts out of a queue that is gone, or closed with an overflow, some at a time, with the time they have
// waited. Where there is no other queue they stay.
func (d *Domain) drain(id string) {
	from := d.queues[id]
	if from == nil || from.serves() {
		return
	}
	reason, to := shut, (*queue)(nil)
	if from.config == nil {
		if reason, to = queueGone, d.fallback(); to == nil {
			return
		}
	}
	moved := 0
	for _, c := range d.inLines(from) {
		next := to
		if next == nil {
			if next = d.overflow(c, shut); next == nil {
				continue
			}
		}
		if moved++; moved > sweepStep {
			d.after(TimerDrain, id, 1)
			return
		}
		d.unwait(c)
		d.flow(c, reason, next)
		d.enter(c, next)
	}
}

// inLines lists who waits in a queue's lines, line by line.
func (d *Domain) inLines(q *queue) []*contact {
	groups := slices.Clone(q.list)
	slices.SortFunc(groups, func(a, b *group) int { return strings.Compare(a.need.Key(), b.need.Key()) })
	var list []*contact
	for _, g := range groups {
		lanes := slices.Clone(g.lanes)
		slices.SortFunc(lanes, func(a, b *lane) int { return cmp.Compare(a.kind.channel, b.kind.channel) })
		for _, l := range lanes {
			for s := range l.waiting.all() {
				list = append(list, s.contact)
			}
		}
	}
	return list
}
