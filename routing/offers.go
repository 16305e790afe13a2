package routing

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// offer reserves a waiting contact for an agent, with the record of who else was looked at.
func (d *Domain) offer(c *contact, a *agent) {
	m := d.mem.offers.take()
	over := d.candidates(m, c, a)
	d.touch(a)
	d.unwait(c)
	c.queue.offered++
	timeout := c.queue.config.GetOfferTimeoutMs()
	if timeout <= 0 {
		timeout = d.rules.OfferTimeout
	}
	x := d.more(c)
	x.offer, x.offered, x.expiry = d.now.NewID(), d.now.stamp(), timeout
	c.state, c.agent, a.ringing = offered, a, c
	d.offers[x.offer] = c
	c.entry = true
	d.markContact(c)
	d.after(TimerOffer, x.offer, timeout)
	o := d.tellOffer(m, c, event.OfferState_OFFER_STATE_OFFERED)
	o.Candidates, o.PassedOver, o.Why = m.list, over, d.why(&m.why, c)
}

// tellOffer tells the state of the open offer.
func (d *Domain) tellOffer(m *offerChanged, c *contact, state event.OfferState) *event.OfferChanged {
	m.offer = event.OfferChanged{
		Offer: c.extra.offer, Contact: c.id(), Conversation: c.conversation(), Agent: c.agent.row.Agent, Queue: c.queue.id,
		State: state, OfferedMs: c.extra.offered, ExpiresAfterMs: c.extra.expiry, Channel: c.channel,
		Customer: c.customer(), Version: 1,
	}
	if state != event.OfferState_OFFER_STATE_OFFERED {
		m.offer.Version, m.offer.ClosedMs = 2, d.now.stamp()
	}
	m.body.OfferChanged = &m.offer
	m.event = event.Event{Customer: c.customer(), Body: &m.body}
	d.fact(&m.event)
	return &m.offer
}

// unring takes the ringing contact from its agent; closeOffer must follow.
func (d *Domain) unring(c *contact) {
	d.touch(c.agent)
	c.agent.ringing = nil
	c.queue.offered--
	delete(d.offers, c.extra.offer)
	d.cancel(TimerOffer, c.extra.offer)
}

// closeOffer says how the offer ended. Every offer ends here, once.
func (d *Domain) closeOffer(c *contact, state event.OfferState, reason string) {
	d.tellOffer(d.mem.offers.take(), c, state).Reason = reason
	c.agent = nil
	c.extra.offer, c.extra.offered, c.extra.expiry = "", 0, 0
	d.less(c)
}

// answer takes an agent's word. An offer that is closed, or another's, has no answer any more.
func (d *Domain) answer(w *event.OfferAnswer) {
	c := d.offers[w.Offer]
	if c == nil || c.agent.row.Agent != w.Agent {
		return
	}
	a := c.agent
	d.unring(c)
	if !w.Accept {
		d.closeOffer(c, event.OfferState_OFFER_STATE_REJECTED, "")
		d.exclude(c, w.Agent, "just_missed")
		d.again(c)
		return
	}
	d.closeOffer(c, event.OfferState_OFFER_STATE_ACCEPTED, "")
	d.clearExclusions(c)
	d.disarm(c)
	c.state, c.agent = assigned, a
	at, _ := slices.BinarySearchFunc(a.held, c, byContactID)
	a.held, a.moved = slices.Insert(a.held, at, c), true
	d.idle(a)
	c.entry = true
	d.markContact(c)
	d.tell(c, "assigned", a.row.Agent, w.Offer)
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
		a.row.Status, a.row.Reason, a.row.By = StatusAway, ReasonMissedOffer, ""
	}
	d.again(c)
}

// again lets a contact wait whose offer failed. Whom it was kept for has had their chance.
func (d *Domain) again(c *contact) {
	if c.route != nil && c.route.preferred != "" {
		d.toStep(c, 1)
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
	d.again(c)
}
