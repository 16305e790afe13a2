package routing

import (
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
	if !a.free && !a.staffed {
		return
	}
	key := a.idler()
	for _, q := range a.queues {
		if a.free {
			q.free.remove(key)
		}
		if a.staffed {
			q.staffed--
		}
	}
	a.free, a.staffed = false, false
}

// place puts an agent into the indexes as they are now.
func (a *agent) place() {
	a.touched = false
	a.staffed = a.available()
	a.free = a.staffed && a.spare()
	if !a.staffed {
		return
	}
	key := a.idler()
	for _, q := range a.queues {
		if a.free {
			q.free.insert(key)
		}
		q.staffed++
	}
}

// match offers whatever the event made possible. Before the event no waiting contact could be offered to a free agent; so
// only agents who changed and contacts that began to wait need looking at.
func (d *Domain) match() {
	for _, a := range d.touched {
		a.place()
	}
	free := slices.DeleteFunc(d.touched, func(a *agent) bool { return !a.free })
	d.touched, d.before = d.before[:0], free
	slices.SortFunc(free, func(a, b *agent) int { return byIdle(a.idler(), b.idler()) })
	for _, a := range free {
		for a.free {
			c := bestContact(a)
			if c == nil {
				break
			}
			// The contact may be new too, and somebody may have idled longer: the contact chooses.
			b := bestAgent(c)
			d.offer(c, b)
		}
	}
	clear(free)
	d.matchWaiting()
	for _, a := range d.touched {
		a.place()
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
		if b := bestAgent(c); b != nil {
			d.offer(c, b)
		}
	}
	clear(d.waiting)
	d.waiting = d.waiting[:0]
}

// bestContact finds the first contact in rank that the agent could be offered.
func bestContact(a *agent) *contact {
	var best *contact
	for _, q := range a.queues {
		if q.config == nil {
			continue
		}
		for s := range q.waiting.all() {
			c := s.contact
			if best != nil && byRank(best, c) < 0 {
				break
			}
			if c.excluded(a) == "" {
				best = c
				break
			}
		}
	}
	return best
}

// bestAgent finds the free agent who holds fewest contacts and has idled longest, of those not excluded.
func bestAgent(c *contact) *agent {
	if c.queue.config == nil {
		return nil
	}
	for x := range c.queue.free.all() {
		if c.excluded(x.agent) == "" {
			return x.agent
		}
	}
	return nil
}

// candidates lists the best of those who could have been offered the contact, then some of those who could not, with the
// reasons; over counts the members not listed.
func (d *Domain) candidates(m *offerChanged, c *contact, chosen *agent) (over uint32) {
	q := c.queue
	n := min(d.rules.Candidates, q.members.len())
	m.room(n)
	add := func(a *agent, reason string, score int64) {
		m.block[len(m.list)] = event.Candidate{Agent: a.row.Agent, Reason: reason, Score: score, Chosen: a == chosen}
		m.list = append(m.list, &m.block[len(m.list)])
	}
	now := d.now.stamp()
	add(chosen, "chosen", max(now-chosen.row.IdleMs, 0))
	room := n - min(n/3, q.members.len()-q.free.len()) // a third is kept for those who are not free
	for x := range q.free.all() {
		if len(m.list) >= room {
			break
		}
		a := x.agent
		if a == chosen {
			continue
		}
		reason := c.excluded(a)
		switch {
		case reason != "":
		case x.held > len(chosen.held):
			reason = "more_contacts"
		default:
			reason = "idle_shorter"
		}
		add(a, reason, max(now-a.row.IdleMs, 0))
	}
	looked := 0
	for a := range q.members.all() {
		if looked++; len(m.list) >= n || looked > membersLooked {
			break
		}
		if !a.free {
			add(a, a.busyWith(), 0)
		}
	}
	return uint32(q.members.len() - len(m.list)) //nolint:gosec // never negative
}

// busyWith is the reason why an agent is not free.
func (a *agent) busyWith() string {
	switch {
	case !a.connected():
		return "not_connected"
	case a.row.Status != StatusAvailable:
		return "not_available"
	case a.ringing != nil:
		return "ringing"
	default:
		return "no_capacity"
	}
}

// blocked is the reason why a waiting contact is offered to nobody.
func (c *contact) blocked() string {
	q := c.queue
	switch {
	case q.config == nil:
		return "no_queue"
	case q.members.len() == 0:
		return "no_agent"
	case q.staffed == 0:
		return "nobody_staffed"
	case q.free.len() == 0:
		return "all_busy"
	default:
		return "all_excluded"
	}
}
