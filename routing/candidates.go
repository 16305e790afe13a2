package routing

import "github.com/tributary-cc/tributary/stream/event"

// listing makes the list of candidates of one decision.
type listing struct {
	m      *offerChanged
	c      *contact
	chosen *agent
	now    int64
	n      int
}

func (l *listing) add(a *agent, reason string, score int64) {
	l.m.block[len(l.m.list)] = event.Candidate{Agent: a.row.Agent, Reason: reason, Score: score, Chosen: a == l.chosen}
	l.m.list = append(l.m.list, &l.m.block[len(l.m.list)])
}

func (l *listing) idle(a *agent) int64 { return max(l.now-a.row.IdleMs, 0) }

// free adds free agents until there are n candidates.
func (l *listing) free(w *walk, n int, reason string) {
	for len(l.m.list) < n {
		a := w.next()
		if a == nil {
			return
		}
		if a == l.chosen {
			continue
		}
		why := reason
		if x := l.c.excluded(a); x != "" {
			why = x
		} else if why == "" && len(a.held) > len(l.chosen.held) {
			why = "more_contacts"
		} else if why == "" {
			why = "idle_shorter"
		}
		l.add(a, why, l.idle(a))
	}
}

// candidates lists the best of those who could have been offered the contact, then some of those who could not, with the
// reasons; over counts the members not listed.
func (d *Domain) candidates(m *offerChanged, c *contact, chosen *agent) (over uint32) {
	q := c.queue
	members := q.members.len()
	if !chosen.groups.has(q.base.index) {
		members++
	}
	l := listing{m, c, chosen, d.now.stamp(), min(d.rules.Candidates, members)}
	m.room(l.n)
	l.add(chosen, "chosen", l.idle(chosen))
	k, fit, reason := d.kind(c.channel), q.base.fit, "not_preferred"
	if c.lane != nil {
		fit, reason = c.lane.group.fit, ""
	}
	fits := d.walk(k, fit, nil)
	l.free(&fits, l.n-l.n/3, reason) // a third is kept for those who are free and cannot, or are not free
	if c.lane != nil && c.lane.group != q.base {
		lack := d.walk(k, q.base.fit, fit)
		l.free(&lack, l.n-l.n/6, "lacks_skill")
	}
	looked := 0
	for a := range q.members.all() {
		if looked++; len(m.list) >= l.n || looked > membersLooked {
			break
		}
		if a != chosen && (!a.free || !a.room(c.channel)) {
			l.add(a, a.busyWith(), 0)
		}
	}
	l.free(&fits, l.n, reason)
	return uint32(members - len(m.list)) //nolint:gosec // never negative
}

// busyWith is the reason why an agent is not free.
func (a *agent) busyWith() string {
	switch {
	case !a.connected():
		return "not_connected"
	case a.row.Status != StatusAvailable || a.row.NextStatus != "":
		return "not_available"
	case a.ringing != nil:
		return "ringing"
	default:
		return "no_capacity"
	}
}

// blocked is the reason why a waiting contact is offered to nobody.
func (d *Domain) blocked(c *contact) string {
	q := c.queue
	switch {
	case c.lane == nil:
		return "all_busy"
	case q.config == nil:
		return "no_queue"
	case q.closed:
		return "closed"
	case q.members.len() == 0:
		return "no_agent"
	case !d.staffed.meets(q.base.fit):
		return "nobody_staffed"
	case !d.staffed.meets(c.lane.group.fit):
		return "nobody_fits"
	case !c.lane.kind.anyone(c.lane.group.fit):
		return "all_busy"
	default:
		return "all_excluded"
	}
}
