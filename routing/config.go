package routing

import (
	"fmt"
	"slices"

	"github.com/tributary-cc/tributary/routing/policy"
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
	case o.GetPolicy() != nil:
		domain = o.GetPolicy().GetDomain()
	default:
		return "", false
	}
	if domain == "" {
		domain = Main
	}
	return domain, true
}

// Configure takes the changed objects of a version of the configuration: those of this domain are set, those that are of
// another domain now, or removed, leave it. Opening times must be in the calendar already.
func (d *Domain) Configure(m Moment, number uint64, objects []*event.ConfigObject) *Decisions {
	d.begin(m)
	hours := false
	for _, o := range objects {
		domain, ok := DomainOf(o)
		here := domain == d.name && !o.GetRemoved()
		switch {
		case !ok:
			hours = hours || o.GetHours() != nil
		case o.GetPolicy() != nil && domain == d.name:
			d.setPolicy(number, o)
		case o.GetPolicy() != nil:
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
	if hours {
		for q := range d.configured.all() {
			d.watch(q)
		}
	}
	for q := range d.orphaned.all() {
		d.after(TimerDrain, q.id, 0)
	}
	return d.finish()
}

// setPolicy puts a policy in force, or takes it away. One that cannot decide is not put in force: the one before stays.
func (d *Domain) setPolicy(number uint64, o *event.ConfigObject) {
	old := d.policy
	if o.GetRemoved() {
		d.policy = nil
	} else {
		compiled, err := policy.Compile(o.GetPolicy())
		if err != nil {
			return
		}
		d.policy = &version{number: number, policy: o.GetPolicy(), compiled: compiled}
		d.versions = append(d.versions, d.policy)
		d.out.Policies = append(d.out.Policies, Changed[event.RoutingPolicyRow]{
			versionKey(number), &event.RoutingPolicyRow{Policy: o.GetPolicy(), Version: number},
		})
	}
	if old != nil {
		d.retire(old)
	}
	d.sweepGroups()
	d.out.Domain = d.row()
}

// row is the domain's own row.
func (d *Domain) row() *event.RoutingDomainRow {
	r := &event.RoutingDomainRow{Turn: d.turn}
	if d.policy != nil {
		r.PolicyVersion = d.policy.number
	}
	return r
}

// versionKey is the key of a policy's row, so that versions stand in order.
func versionKey(number uint64) string { return fmt.Sprintf("%020d", number) }

// setQueue names a queue, or changes it. A change of priority changes whom the members take next, nothing else.
func (d *Domain) setQueue(c *event.Queue) {
	q := d.queue(c.GetId())
	d.markQueue(q)
	if q.config != nil {
		q.config = c
		d.watch(q)
		return
	}
	q.config = c
	d.watch(q)
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
	if q.config.GetHours() != "" {
		d.cancel(TimerHours, id)
	}
	q.config, q.closed = nil, false
	if d.lined(q) {
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
	a.row.Capacities = c.GetCapacities()
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
	d.put(a, StatusOffline, ReasonRemoved, "")
	d.join(a)
	d.cancel(TimerRescind, id)
	d.after(TimerLose, id, 0)
}

// join makes an agent a member of the queues on their row and of no others. The agent must be out of the indexes.
func (d *Domain) join(a *agent) {
	d.ungroup(a)
	a.levelsOf = nil
	for _, q := range a.queues {
		q.members.remove(a)
	}
	a.queues = a.queues[:0]
	for _, id := range a.row.Queues {
		if q := d.queue(id); !slices.Contains(a.queues, q) {
			a.queues = append(a.queues, q)
			q.members.insert(a)
			for _, g := range q.list {
				d.tryGroup(a, g)
			}
		}
	}
}
