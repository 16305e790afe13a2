package routing

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// Main is the domain of what names none.
const Main = "main"

// DomainOf is the domain that an object of the configuration belongs to; ok is false for what routing has no use for.
func DomainOf(o *event.ConfigObject) (domain string, ok bool) {
	switch {
	case o.GetQueue() != nil:
		domain = o.GetQueue().GetDomain()
	case o.GetAgent() != nil:
		domain = o.GetAgent().GetDomain()
	default:
		return "", false
	}
	if domain == "" {
		domain = Main
	}
	return domain, true
}

// Configure takes changed objects of the configuration: those of this domain are set, those that are of another domain
// now, or removed, leave it.
func (d *Domain) Configure(m Moment, objects []*event.ConfigObject) *Decisions {
	d.begin(m)
	for _, o := range objects {
		domain, ok := DomainOf(o)
		here := domain == d.name && !o.GetRemoved()
		switch {
		case !ok:
		case o.GetQueue() != nil && here:
			d.setQueue(o.GetQueue())
		case o.GetQueue() != nil:
			d.removeQueue(o.GetQueue().GetId())
		case here:
			d.setAgent(o.GetAgent())
		default:
			d.removeAgent(o.GetAgent().GetId())
		}
	}
	for q := range d.orphaned.all() {
		d.after(TimerDrain, q.id, 0)
	}
	return d.finish()
}

// setQueue names a queue, or changes it. A change of priority changes whom the members take next, nothing else.
func (d *Domain) setQueue(c *event.Queue) {
	q := d.queue(c.GetId())
	d.markQueue(q)
	if q.config != nil {
		q.config = c
		return
	}
	q.config = c
	d.configured.insert(q)
	if d.orphaned.remove(q) {
		d.cancel(TimerDrain, q.id)
	}
	for a := range q.members.all() {
		d.lift(a)
	}
}

// removeQueue takes a queue away; who waits in it moves on by the drain timer, what rings goes on ringing.
func (d *Domain) removeQueue(id string) {
	q := d.queues[id]
	if q == nil || q.config == nil {
		return
	}
	d.markQueue(q)
	d.configured.remove(q)
	q.config = nil
	if q.waiting.len() > 0 {
		d.orphaned.insert(q)
	}
}

// fallback is where contacts of a removed queue go on: the queue of the highest priority that has members, by id.
func (d *Domain) fallback() *queue {
	var best *queue
	for q := range d.configured.all() {
		if q.members.len() > 0 && (best == nil || q.config.GetPriority() > best.config.GetPriority()) {
			best = q
		}
	}
	return best
}

// drain moves contacts out of a queue that is gone, with the time they have waited. Where there is no other queue they
// wait for one to be configured.
func (d *Domain) drain(id string) {
	from, to := d.queues[id], d.fallback()
	if from == nil || from.config != nil || to == nil {
		return
	}
	n := 0
	for _, s := range firstOf(&from.waiting, sweepStep+1) {
		c := s.contact
		if n++; n > sweepStep {
			d.after(TimerDrain, id, 1)
			return
		}
		d.unwait(c)
		d.queueEntry(c, "flowed_out", "", "")
		c.queue = to
		d.tell(c, "requeued", "", "")
		d.wait(c)
	}
}

func firstOf[T any](o *order[T], n int) []T {
	list := make([]T, 0, min(n, o.len()))
	for x := range o.all() {
		if len(list) >= n {
			break
		}
		list = append(list, x)
	}
	return list
}

// setAgent names an agent, or changes what they can take. Contacts above a lowered capacity stay until they end.
func (d *Domain) setAgent(c *event.Agent) {
	a := d.agent(c.GetId())
	d.touch(a)
	a.row.Configured, a.row.Queues, a.row.Skills = true, c.GetQueues(), c.GetSkills()
	if a.row.Capacity = c.GetChatCapacity(); a.row.Capacity == 0 {
		a.row.Capacity = d.rules.Capacity
	}
	if a.row.Status == StatusOffline && a.row.Reason == ReasonRemoved {
		a.row.Reason = ""
	}
	d.join(a)
	if a.ringing != nil && !slices.Contains(a.queues, a.ringing.queue) {
		d.rescind(a, "not_member")
	}
}

// removeAgent takes an agent away. Their contacts are lost at once, by the timer that takes them in steps.
func (d *Domain) removeAgent(id string) {
	a := d.agents[id]
	if a == nil || !a.row.Configured {
		return
	}
	d.touch(a)
	d.rescind(a, "not_member")
	a.row.Configured, a.row.Queues, a.row.Skills = false, nil, nil
	a.row.Status, a.row.Reason = StatusOffline, ReasonRemoved
	d.join(a)
	d.cancel(TimerRescind, id)
	d.after(TimerLose, id, 0)
}

// join makes an agent a member of the queues on their row and of no others. The agent must be out of the indexes.
func (d *Domain) join(a *agent) {
	for _, q := range a.queues {
		q.members.remove(a)
	}
	a.queues = a.queues[:0]
	for _, id := range a.row.Queues {
		if q := d.queue(id); !slices.Contains(a.queues, q) {
			a.queues = append(a.queues, q)
			q.members.insert(a)
		}
	}
}
