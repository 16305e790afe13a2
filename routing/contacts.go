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
	if c == nil {
		c = d.mem.gone.take()
		c.ask(r.Contact, r)
		d.contacts[c.id()] = c
	} else {
		d.cancel(TimerForget, r.Contact)
		c.ask(c.id(), r)
		d.forgetExclusions(c)
	}
	c.queue = d.queue(r.Queue)
	if r.NotAgent != "" {
		d.exclude(c, r.NotAgent, "excluded")
	}
	d.wait(c)
}

// wait puts a contact into its queue, at the place that its priority and its wait give it.
func (d *Domain) wait(c *contact) {
	c.state, c.agent = waiting, nil
	c.queue.waiting.insert(c.spot())
	c.entry = true
	d.markContact(c)
	d.waiting = append(d.waiting, c)
	if c.queue.config == nil {
		d.orphaned.insert(c.queue)
		d.after(TimerDrain, c.queue.id, 0)
	}
}

// unwait takes a contact out of the line.
func (d *Domain) unwait(c *contact) {
	c.queue.waiting.remove(c.spot())
	if c.queue.config == nil && c.queue.waiting.len() == 0 {
		d.orphaned.remove(c.queue)
		d.cancel(TimerDrain, c.queue.id)
	}
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
func (d *Domain) leave(c *contact, state string) {
	d.clearExclusions(c)
	d.queueEntry(c, state, "", "")
	d.drop(c)
}

// drop forgets a contact.
func (d *Domain) drop(c *contact) {
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
	state := "flowed_out"
	if r.Reason == "abandoned" || r.Reason == "ended" {
		state = "abandoned"
	}
	switch c.state {
	case waiting:
		d.unwait(c)
		d.leave(c, state)
	case offered:
		d.unring(c)
		d.closeOffer(c, event.OfferState_OFFER_STATE_RESCINDED, r.Reason)
		d.leave(c, state)
	case assigned, wrapping:
		// The customer had left before the conversation knew of the agent: the entry that said answered is put right.
		d.release(c)
		d.leave(c, state)
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
}

// idle gives an agent the last turn.
func (d *Domain) idle(a *agent) {
	d.turn++
	a.row.Turn, a.row.IdleMs = d.turn, d.now.stamp()
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
		d.queueEntry(c, "waiting", "", c.blocked())
	case offered:
		d.queueEntry(c, "offered", c.agent.row.Agent, "")
	case assigned, wrapping:
		d.queueEntry(c, "answered", c.agent.row.Agent, "")
	case lost, event.RoutingContactState_ROUTING_CONTACT_STATE_UNSPECIFIED:
	}
	c.entry = false
}

func (d *Domain) queueEntry(c *contact, state, agentID, reason string) {
	c.version++
	m := d.mem.entries.take()
	m.entry = event.QueueEntry{
		Contact: c.id(), Conversation: c.conversation(), Queue: c.queue.id, Channel: c.channel, State: state,
		EnqueuedMs: c.enqueued, ChangedMs: d.now.stamp(), Waiting: c.queue.count(), Version: c.version,
		Agent: agentID, Reason: reason,
	}
	m.body.QueueEntry = &m.entry
	m.event = event.Event{Customer: c.customer(), Body: &m.body}
	d.fact(&m.event)
}
