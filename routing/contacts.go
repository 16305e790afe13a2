package routing

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	waiting  = event.RoutingContactState_ROUTING_CONTACT_STATE_WAITING
	offered  = event.RoutingContactState_ROUTING_CONTACT_STATE_OFFERED
	assigned = event.RoutingContactState_ROUTING_CONTACT_STATE_ASSIGNED
	wrapping = event.RoutingContactState_ROUTING_CONTACT_STATE_WRAPPING
	lost     = event.RoutingContactState_ROUTING_CONTACT_STATE_LOST
)

// request makes a contact wait. One that is known already is a repeat, unless it was lost with its agent and comes back.
func (d *Domain) request(r *event.RouteRequest) {
	c := d.contacts[r.Contact]
	if c != nil && c.state != lost {
		return
	}
	stands, force := d.standing(c, r.GetPrevious())
	if c == nil {
		c = d.mem.gone.take()
		c.ask(r.Contact, r)
		d.contacts[c.id()] = c
	} else {
		d.cancel(TimerForget, r.Contact)
		c.ask(c.id(), r)
		d.forgetExclusions(c)
	}
	if r.NotAgent != "" {
		d.exclude(c, r.NotAgent, "excluded")
	}
	q := d.decide(c, r)
	if c.standing = stands; stands {
		c.priority = force - q.config.GetPriority()
	}
	if c.state == lost {
		d.goOn(c, q)
	}
	if q.id != r.Queue {
		c.queue = q
		d.tell(c, "requeued", "", "")
	}
	d.enter(c, q)
}

// standing is the priority that a supervisor set for the contact before its agent was lost, or for the one that it goes on for.
func (d *Domain) standing(c *contact, previous string) (stands bool, priority int32) {
	if c == nil {
		c = d.contacts[previous]
	}
	if c == nil || !c.standing {
		return false, 0
	}
	return true, c.inForce()
}

// goOn takes the enqueue up again that ended answered by an agent who was lost before the first message. Where the contact is to wait in
// another queue now, it flowed out of the one before.
func (d *Domain) goOn(c *contact, q *queue) {
	if c.queue.id == q.id {
		c.cohort-- // entering counts it
		return
	}
	d.queueEntry(c, "flowed_out", "", agentLost).NextQueue = q.id
}

// wait puts a contact into its queue, at the place that its priority and its wait give it, or to the agent it is kept for.
func (d *Domain) wait(c *contact) {
	c.state, c.agent = waiting, nil
	c.queue.waits++
	if c.route != nil && c.route.preferred != "" && d.keeper(c) == nil {
		d.toStep(c, 1)
	}
	d.line(c)
	c.entry = true
	d.markContact(c)
	d.waiting = append(d.waiting, c)
	d.arm(c)
	if c.queue.config == nil && c.lane != nil {
		d.orphaned.insert(c.queue)
		d.after(TimerDrain, c.queue.id, 0)
	}
}

// line finds the contact's place in memory.
func (d *Domain) line(c *contact) {
	if c.keeper = d.agents[c.route.preference()]; c.keeper != nil {
		c.keeper.kept.insert(c.spot())
		return
	}
	d.insert(d.lane(d.group(c.queue, c.need(), c.route.of()), c.channel), c)
}

// unwait takes a contact out of the line.
func (d *Domain) unwait(c *contact) {
	c.queue.waits--
	if c.lane == nil {
		c.keeper.kept.remove(c.spot())
		c.keeper = nil
		return
	}
	d.remove(c)
	if c.queue.config == nil && !d.lined(c.queue) {
		d.orphaned.remove(c.queue)
		d.cancel(TimerDrain, c.queue.id)
	}
}

// lined tells whether contacts wait in the queue's lines.
func (d *Domain) lined(q *queue) bool {
	for _, g := range q.list {
		if d.busy.has(g.index) {
			return true
		}
	}
	return false
}

// exclude keeps an agent from being offered the contact for a while.
func (d *Domain) exclude(c *contact, agentID, reason string) {
	x := d.more(c)
	x.exclusions = slices.DeleteFunc(x.exclusions, func(x *event.RoutingExclusion) bool { return x.Agent == agentID })
	if len(x.exclusions) >= maxExclusions {
		x.exclusions = slices.Delete(x.exclusions, 0, 1)
	}
	x.exclusions = append(x.exclusions, &event.RoutingExclusion{
		Agent: agentID, Until: d.now.Served + d.rules.Exclude, Reason: reason,
	})
	d.armExclusion(c)
	d.markContact(c)
}

// armExclusion sets the timer to the exclusion that ends first; they are in the order of their ends.
func (d *Domain) armExclusion(c *contact) {
	if list := c.exclusions(); len(list) > 0 {
		d.after(TimerExclude, c.id(), list[0].Until-d.now.Served)
	}
}

// exclusionsEnd lets those whose time is over be offered the contact again.
func (d *Domain) exclusionsEnd(id string) {
	c := d.contacts[id]
	if c == nil || len(c.exclusions()) == 0 {
		return
	}
	c.extra.exclusions = slices.DeleteFunc(c.extra.exclusions, func(x *event.RoutingExclusion) bool {
		return x.Until <= d.now.Served
	})
	d.less(c)
	d.armExclusion(c)
	d.markContact(c)
	if c.state == waiting {
		d.waiting = append(d.waiting, c)
	}
}

// clearExclusions forgets them, as the contact waits no more.
func (d *Domain) clearExclusions(c *contact) {
	if len(c.exclusions()) > 0 {
		d.forgetExclusions(c)
		d.cancel(TimerExclude, c.id())
	}
}

func (d *Domain) forgetExclusions(c *contact) {
	if c.extra != nil {
		c.extra.exclusions = nil
		d.less(c)
	}
}

// leave says how the contact left its queue and forgets it.
func (d *Domain) leave(c *contact, state, reason string) {
	d.clearExclusions(c)
	d.queueEntry(c, state, "", reason)
	d.drop(c)
}

// drop forgets a contact.
func (d *Domain) drop(c *contact) {
	d.disarm(c)
	c.entry, c.gone = false, true
	d.markContact(c)
	delete(d.contacts, c.id())
}

// cancelRequest takes a contact out wherever it stands: the customer left, or its conversation needs no agent any more.
func (d *Domain) cancelRequest(r *event.RouteCancel) {
	c := d.contacts[r.Contact]
	if c == nil {
		return
	}
	state, reason := "flowed_out", r.Reason
	if r.Reason == "abandoned" || r.Reason == "ended" {
		state, reason = "abandoned", ""
	}
	switch c.state {
	case waiting:
		d.unwait(c)
		d.leave(c, state, reason)
	case offered:
		d.unring(c)
		d.closeOffer(c, event.OfferState_OFFER_STATE_RESCINDED, r.Reason)
		d.leave(c, state, reason)
	case assigned, wrapping:
		// The customer had left before the conversation knew of the agent: the entry that said answered is put right.
		d.release(c)
		d.leave(c, state, reason)
	case lost:
		d.cancel(TimerForget, r.Contact)
		d.drop(c)
	case event.RoutingContactState_ROUTING_CONTACT_STATE_UNSPECIFIED:
	}
}

// released frees an agent in two steps: the talk is over, then the wrap-up.
func (d *Domain) released(r *event.ContactReleased) {
	c := d.contacts[r.Contact]
	if c == nil {
		return
	}
	switch {
	case c.state == lost:
		d.cancel(TimerForget, r.Contact)
		d.drop(c)
	case c.agent == nil || c.state == offered || c.agent.row.Agent != r.Agent:
	case r.Wrapping:
		if c.state == assigned {
			d.touch(c.agent)
			c.state = wrapping
			d.markContact(c)
		}
	default:
		d.release(c)
		d.drop(c)
	}
}

// release takes a contact from its agent, who begins to idle.
func (d *Domain) release(c *contact) {
	a := c.agent
	d.touch(a)
	if i, found := slices.BinarySearchFunc(a.held, c, byContactID); found {
		a.held, a.moved = slices.Delete(a.held, i, i+1), true
	}
	c.agent = nil
	d.idle(a)
	if len(a.held) == 0 && a.row.NextStatus != "" {
		d.put(a, a.row.NextStatus, a.row.NextReason, a.row.NextBy)
	}
}

// idle gives an agent the last turn.
func (d *Domain) idle(a *agent) {
	d.turn++
	a.row.Turn, a.row.IdleMs = d.turn, d.now.stamp()
	d.toEnd(a)
}

// lose takes a contact from an agent who is gone. Its conversation decides how it goes on; the row is kept for a while,
// because the same contact may come back and its queue entries go on counting.
func (d *Domain) lose(c *contact) {
	a := c.agent
	d.release(c)
	d.tell(c, "agent_lost", a.row.Agent, "")
	c.state = lost
	d.markContact(c)
	d.after(TimerForget, c.id(), d.rules.LostKept)
}

// tellEntry tells the entry of a contact whose place in the queue changed.
func (d *Domain) tellEntry(c *contact) {
	if !c.entry {
		return
	}
	switch c.state {
	case waiting:
		d.queueEntry(c, "waiting", "", d.blocked(c))
	case offered:
		d.queueEntry(c, "offered", c.agent.row.Agent, "")
	case assigned, wrapping:
		d.queueEntry(c, "answered", c.agent.row.Agent, "")
	case lost, event.RoutingContactState_ROUTING_CONTACT_STATE_UNSPECIFIED:
	}
	c.entry = false
}

func (d *Domain) queueEntry(c *contact, state, agentID, reason string) *event.QueueEntry {
	c.version++
	m := d.mem.entries.take()
	m.entry = event.QueueEntry{
		Contact: c.id(), Conversation: c.conversation(), Queue: c.queue.id, Channel: c.channel, State: state,
		EnqueuedMs: c.enqueued, ChangedMs: d.now.stamp(), Waiting: c.queue.count(), Version: c.version,
		Agent: agentID, Reason: reason, Why: d.why(&m.why, c), Priority: c.inForce(), Cohort: c.cohort,
	}
	m.body.QueueEntry = &m.entry
	m.event = event.Event{Customer: c.customer(), Body: &m.body}
	d.fact(&m.event)
	return &m.entry
}

// setPriority moves a contact up or down among those that wait.
func (d *Domain) setPriority(w *event.SetPriority) {
	c := d.contacts[w.GetContact()]
	if c == nil || c.state != waiting && c.state != offered || c.standing && c.inForce() == w.GetPriority() {
		return
	}
	c.standing = true
	d.markContact(c)
	if c.inForce() == w.GetPriority() {
		return
	}
	own := w.GetPriority() - c.queue.config.GetPriority()
	c.entry = true
	if c.state == offered {
		c.priority = own
		return
	}
	d.unwait(c)
	c.priority = own
	d.wait(c)
}
