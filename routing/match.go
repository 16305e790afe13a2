package routing

import (
	"math/bits"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// touch notes that an agent changes and takes them out of the indexes before they do.
func (d *Domain) touch(a *agent) {
	if !a.dirty {
		a.dirty = true
		d.changed.agents = append(d.changed.agents, a)
	}
	d.lift(a)
}

// lift takes an agent out of the indexes; match puts them back and looks at what they could take.
func (d *Domain) lift(a *agent) {
	if a.touched {
		return
	}
	a.touched = true
	d.touched = append(d.touched, a)
	d.unindex(a)
}

// place puts an agent into the indexes as they are now.
func (d *Domain) place(a *agent) {
	a.touched = false
	a.present, a.staffed = a.here(), a.available()
	a.free = a.staffed && a.ringing == nil
	d.index(a)
}

// match offers whatever the event made possible. Before the event no waiting contact could be offered to a free agent; so
// only agents who changed and contacts that began to wait need looking at.
func (d *Domain) match() {
	for _, a := range d.touched {
		d.place(a)
		d.letGo(a)
	}
	free := slices.DeleteFunc(d.touched, func(a *agent) bool { return !a.free })
	d.touched, d.before = d.before[:0], free
	slices.SortFunc(free, func(a, b *agent) int { return byIdle(a.idler(), b.idler()) })
	for _, a := range free {
		for a.free {
			c := d.bestContact(a)
			if c == nil {
				break
			}
			// The contact may be new too, and somebody may have idled longer: the contact chooses.
			b := d.bestAgent(c)
			d.offer(c, b)
		}
	}
	clear(free)
	d.matchWaiting()
	for _, a := range d.touched {
		d.place(a)
	}
	clear(d.touched)
	d.touched = d.touched[:0]
}

// matchWaiting offers the contacts that began to wait, the first in rank first.
func (d *Domain) matchWaiting() {
	slices.SortFunc(d.waiting, byRank)
	for _, c := range d.waiting {
		if c.gone || c.state != waiting {
			continue
		}
		if b := d.bestAgent(c); b != nil {
			d.offer(c, b)
		}
	}
	clear(d.waiting)
	d.waiting = d.waiting[:0]
}

// pick is a contact with what ranks it.
type pick struct {
	contact  *contact
	priority int32
	enqueued int64
}

// before tells whether a contact that ranks so goes before the pick.
func (p *pick) before(priority int32, s spot) bool {
	switch {
	case p.contact == nil:
		return true
	case priority != p.priority:
		return priority > p.priority
	case s.enqueued != p.enqueued:
		return s.enqueued < p.enqueued
	}
	return byContactID(s.contact, p.contact) < 0
}

// bestContact finds the first contact in rank that the agent could be offered: at the heads of the lines of the groups that
// the agent is in, and among those that are kept for them.
func (d *Domain) bestContact(a *agent) *contact {
	var best pick
	if a.kept.len() > 0 {
		for s := range a.kept.all() { // they are of several queues, and few
			c := s.contact
			if best.before(c.inForce(), s) && a.room(c.channel) && c.excluded(a) == "" {
				best = pick{c, c.inForce(), s.enqueued}
			}
		}
	}
	for w := range min(len(a.groups), len(d.busy)) {
		for left := a.groups[w] & d.busy[w]; left != 0; left &= left - 1 {
			g := d.groups[w<<6+bits.TrailingZeros64(left)]
			if !g.queue.serves() {
				continue
			}
			for _, l := range g.lanes {
				if l.waiting.len() > 0 {
					l.first(a, &best)
				}
			}
		}
	}
	return best.contact
}

// first makes the pick the first contact of a lane that goes before it and that the agent could be offered, if there is one.
func (l *lane) first(a *agent, best *pick) {
	queue := l.group.queue.config.GetPriority()
	if head := l.waiting.first(); !best.before(queue+head.priority, head) || !a.room(event.Channel(l.kind.channel)) {
		return
	}
	for s := range l.waiting.all() {
		if !best.before(queue+s.priority, s) {
			return
		}
		if s.contact.excluded(a) == "" {
			*best = pick{s.contact, queue + s.priority, s.enqueued}
			return
		}
	}
}

// bestAgent finds the free agent who holds fewest contacts and has idled longest, of those who can and are not excluded.
func (d *Domain) bestAgent(c *contact) *agent {
	if c.lane == nil {
		if a := c.keeper; a != nil && a.free && a.room(c.channel) && c.excluded(a) == "" {
			return a
		}
		return nil
	}
	if !c.queue.serves() {
		return nil
	}
	w := d.walk(c.lane.kind, c.lane.group.fit, nil)
	for a := w.next(); a != nil; a = w.next() {
		if c.excluded(a) == "" {
			return a
		}
	}
	return nil
}

// serves tells whether contacts of the queue are offered now.
func (q *queue) serves() bool { return q.config != nil && !q.closed }
