package routing

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// offer reserves a waiting contact for an agent, with the record of who else was looked at.
func (d *Domain) offer(c *contact, a *agent) {
	list, over := d.candidates(c, a)
	d.touch(a)
	d.unwait(c)
	c.queue.offered++
	timeout := c.queue.config.GetOfferTimeoutMs()
	if timeout <= 0 {
		timeout = d.rules.OfferTimeout
	}
	c.row.State, c.row.Agent, c.row.Offer = offered, a.row.Agent, d.now.NewID()
	c.row.OfferedMs, c.row.ExpiresAfterMs = d.now.stamp(), timeout
	c.agent, a.ringing = a, c
	d.offers[c.row.Offer] = c
	c.entry = true
	d.markContact(c)
	d.after(TimerOffer, c.row.Offer, timeout)
	o := d.offerBody(c, event.OfferState_OFFER_STATE_OFFERED)
	o.Candidates, o.PassedOver = list, over
	d.fact(&event.Event{Customer: o.Customer, Body: &event.Event_OfferChanged{OfferChanged: o}})
}

func (d *Domain) offerBody(c *contact, state event.OfferState) *event.OfferChanged {
	r := c.row.Request
	o := &event.OfferChanged{
		Offer: c.row.Offer, Contact: r.Contact, Conversation: r.Conversation, Agent: c.row.Agent, Queue: c.row.Queue,
		State: state, OfferedMs: c.row.OfferedMs, ExpiresAfterMs: c.row.ExpiresAfterMs, Channel: r.Channel,
		Customer: r.Customer, Version: 1,
	}
	if state != event.OfferState_OFFER_STATE_OFFERED {
		o.Version, o.ClosedMs = 2, d.now.stamp()
	}
	return o
}

// unring takes the ringing contact from its agent; closeOffer must follow.
func (d *Domain) unring(c *contact) {
	d.touch(c.agent)
	c.agent.ringing = nil
	c.queue.offered--
	delete(d.offers, c.row.Offer)
	d.cancel(TimerOffer, c.row.Offer)
}

// closeOffer says how the offer ended. Every offer ends here, once.
func (d *Domain) closeOffer(c *contact, state event.OfferState, reason string) {
	o := d.offerBody(c, state)
	o.Reason = reason
	d.fact(&event.Event{Customer: o.Customer, Body: &event.Event_OfferChanged{OfferChanged: o}})
	c.agent = nil
}

// answer takes an agent's word. An offer that is closed, or another's, has no answer any more.
func (d *Domain) answer(w *event.OfferAnswer) {
	c := d.offers[w.Offer]
	if c == nil || c.row.Agent != w.Agent {
		return
	}
	a := c.agent
	d.unring(c)
	if !w.Accept {
		d.closeOffer(c, event.OfferState_OFFER_STATE_REJECTED, "")
		d.exclude(c, w.Agent, "just_missed")
		d.wait(c)
		return
	}
	d.closeOffer(c, event.OfferState_OFFER_STATE_ACCEPTED, "")
	d.clearExclusions(c)
	c.row.State, c.agent = assigned, a
	at, _ := slices.BinarySearchFunc(a.held, c, byContactID)
	a.held, a.moved = slices.Insert(a.held, at, c), true
	d.idle(a)
	c.entry = true
	d.markContact(c)
	d.tell(c, &event.RouteOutcome{Outcome: "assigned", Agent: w.Agent, Offer: w.Offer})
}

// timeOut ends an offer that nobody answered. The agent is taken to be away, or the next one would ring in vain too.
func (d *Domain) timeOut(offer string) {
	c := d.offers[offer]
	if c == nil {
		return
	}
	a := c.agent
	d.unring(c)
	d.closeOffer(c, event.OfferState_OFFER_STATE_TIMED_OUT, "")
	if a.row.Status == StatusAvailable {
		a.row.Status, a.row.Reason = StatusAway, ReasonMissedOffer
	}
	d.wait(c)
}

// rescind takes back what rings at an agent who cannot answer.
func (d *Domain) rescind(a *agent, reason string) {
	c := a.ringing
	if c == nil {
		return
	}
	d.unring(c)
	d.closeOffer(c, event.OfferState_OFFER_STATE_RESCINDED, reason)
	d.wait(c)
}
