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
	for _, q := range a.queues {
		if a.free {
			q.free.remove(a)
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
	for _, q := range a.queues {
		if a.free {
			q.free.insert(a)
		}
		if a.staffed {
			q.staffed++
		}
	}
}

// match offers whatever the event made possible. Before the event no waiting contact could be offered to a free agent; so
// only agents who changed and contacts that began to wait need looking at.
func (d *Domain) match() {
	for _, a := range d.touched {
		a.place()
	}
	free := slices.DeleteFunc(d.touched, func(a *agent) bool { return !a.free })
	d.touched = nil
	slices.SortFunc(free, byIdle)
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
	d.touched = append(free[:0], d.touched...)
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
		if c.gone || c.row.State != event.RoutingContactState_ROUTING_CONTACT_STATE_WAITING {
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
		for c := range q.waiting.all() {
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
	for a := range c.queue.free.all() {
		if c.excluded(a) == "" {
			return a
		}
	}
	return nil
}

// candidates lists the best of those who could have been offered the contact, then some of those who could not, with the
// reasons; over counts the members not listed.
func (d *Domain) candidates(c *contact, chosen *agent) (list []*event.Candidate, over uint32) {
	q := c.queue
	n := min(d.rules.Candidates, q.members.len())
	block := make([]event.Candidate, n)
	list = make([]*event.Candidate, 0, n)
	add := func(a *agent, reason string, score int64) {
		x := &block[len(list)]
		x.Agent, x.Reason, x.Score, x.Chosen = a.row.Agent, reason, score, a == chosen
		list = append(list, x)
	}
	now := d.now.stamp()
	add(chosen, "chosen", max(now-chosen.row.IdleMs, 0))
	room := n - min(n/3, q.members.len()-q.free.len()) // a third is kept for those who are not free
	for a := range q.free.all() {
		if len(list) >= room {
			break
		}
		if a == chosen {
			continue
		}
		reason := c.excluded(a)
		switch {
		case reason != "":
		case len(a.held) > len(chosen.held):
			reason = "more_contacts"
		default:
			reason = "idle_shorter"
		}
		add(a, reason, max(now-a.row.IdleMs, 0))
	}
	looked := 0
	for a := range q.members.all() {
		if looked++; len(list) >= n || looked > membersLooked {
			break
		}
		if !a.free {
			add(a, a.busyWith(), 0)
		}
	}
	return list, uint32(q.members.len() - len(list)) //nolint:gosec // never negative
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
