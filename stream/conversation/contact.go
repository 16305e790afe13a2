package conversation

import (
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Why a contact began.
const (
	inbound    = "inbound"
	byLeaving  = "left_message"
	byTransfer = "transfer"
	byRequeue  = "requeue"
)

// Why a contact ended.
const (
	endCustomer  = "customer"
	endAgent     = "agent"
	endAbandoned = "abandoned"
	endTransfer  = "transfer"
	endAgentLost = "agent_lost"
	endSilence   = "silence"
	endClosed    = "closed"
	endLeft      = "customer_left"
)

// begin opens a contact in a queue, by the customer's message or as what follows another contact.
func (c *customer) begin(ct *event.Contact) (*event.ContactRow, error) {
	if err := c.makeRoom(); err != nil {
		return nil, err
	}
	if c.row.GetAddress() == "" {
		c.row.Address = ct.GetAddress()
	}
	ct.State = event.ContactState_CONTACT_STATE_QUEUED
	ct.StartedMs, ct.EnqueuedMs = c.at, c.at
	ct.Connected = c.linked(ct.GetAddress())
	if ct.GetInitial() == "" {
		ct.Initial = ct.GetContact()
	}
	r := &event.ContactRow{Contact: ct}
	c.row.Contacts = append(c.row.Contacts, r)
	c.changed(r, "started")
	return r, nil
}

// makeRoom keeps the row small where agents leave wrap-ups open: the oldest of too many is over.
func (c *customer) makeRoom() error {
	if len(c.row.GetContacts()) < maxContacts {
		return nil
	}
	for _, r := range c.row.GetContacts() {
		if r.GetContact().GetState() == event.ContactState_CONTACT_STATE_WRAPPING {
			c.finishWrapUp(r)
			return nil
		}
	}
	return &engine.Refusal{Kind: "limit", Reason: "the customer has too many contacts at once"}
}

// next is what follows a contact that ends without its talk being over.
type next struct {
	queue, initiation, reason string
	ask                       asking
	// note goes with it, for who takes it.
	note *line
}

// follow opens the contact after one that was transferred or whose agent was lost; the old one is told with its successor.
func (c *customer) follow(old *event.ContactRow, n next) error {
	was := old.GetContact()
	n.ask.chosen, n.ask.before = true, was.GetAgent()
	c.spoke(was)
	was.Next = c.tx.NewID()
	was.State, was.EndReason, was.EndedMs = event.ContactState_CONTACT_STATE_ENDED, n.reason, c.since(was)
	c.forget(old)
	c.changed(old, "ended")
	ct := &event.Contact{
		Contact: was.GetNext(), Conversation: was.GetConversation(), Initial: was.GetInitial(), Previous: was.GetContact(),
		Channel: was.GetChannel(), EntryPoint: was.GetEntryPoint(), Initiation: n.initiation, Queue: n.queue, Address: was.GetAddress(),
		Intent: was.GetIntent(), Confidence: was.GetConfidence(), Language: was.GetLanguage(),
	}
	c.know(ct)
	r, err := c.begin(ct)
	if err != nil {
		return err
	}
	r.Left = old.GetLeft()
	if old.GetAskedMs() != 0 {
		r.AskedMs = ct.GetStartedMs() // the customer still waits for an answer
	}
	if n.note != nil {
		c.add(r, *n.note)
	}
	c.waitFor(r)
	c.route(r, n.ask)
	if n.ask.previous != "" {
		c.cancel(old, n.reason)
	}
	c.tell(r, "waiting")
	return nil
}

// waitFor starts the time in which a customer must return, when a contact comes back to a queue while its customer is
// away. Who left a message need not stay.
func (c *customer) waitFor(r *event.ContactRow) {
	if ct := r.GetContact(); ct.GetConnected() || r.GetLeft() || !comesAndGoes(ct.GetChannel()) {
		return
	}
	c.grace(r)
}

// grace begins the time that a customer who is gone keeps the place or the agent, from now on.
func (c *customer) grace(r *event.ContactRow) {
	ct := r.GetContact()
	queue := ct.GetQueue()
	if unrouted(ct) {
		queue = c.cfg.arrival(c.tenant, ct.GetEntryPoint())
	}
	c.limit(r, c.cfg.grace(c.tenant, queue))
}

// spoke remembers the agent of a contact that ends, if they spoke in it: the customer may want the same one again.
func (c *customer) spoke(ct *event.Contact) {
	if ct.GetAgentMessages() > 0 && ct.GetAgent() != "" {
		c.row.LastAgent = ct.GetAgent()
	}
}

// since is the time of what happens to a contact now: never before what happened to it, as clocks of writers differ.
func (c *customer) since(ct *event.Contact) int64 {
	return max(c.at, ct.GetStartedMs(), ct.GetEnqueuedMs(), ct.GetAssignedMs(), ct.GetFirstResponseMs(), ct.GetEndedMs())
}

// abandon ends a contact that waits.
func (c *customer) abandon(r *event.ContactRow, reason, why string) {
	ct := r.GetContact()
	ct.State, ct.EndReason, ct.EndedMs = event.ContactState_CONTACT_STATE_ENDED, reason, c.since(ct)
	c.forget(r)
	c.changed(r, "ended")
	c.cancel(r, why)
	c.tell(r, "ended")
}

// wrap ends the talk of an answered contact; its agent is left with the wrap-up.
func (c *customer) wrap(r *event.ContactRow, reason string) {
	ct := r.GetContact()
	ct.State, ct.EndReason, ct.EndedMs = event.ContactState_CONTACT_STATE_WRAPPING, reason, c.since(ct)
	c.spoke(ct)
	c.unlimit(r)
	if q, _ := c.cfg.queue(c.tenant, ct.GetQueue()); q.GetWrapUpMs() > 0 {
		c.limit(r, q.GetWrapUpMs())
	}
	c.changed(r, "ended")
	c.release(r, true)
	c.tell(r, "ended")
	c.askSurvey(r, reason)
}

// finishWrapUp ends a contact in wrap-up.
func (c *customer) finishWrapUp(r *event.ContactRow) {
	c.finishLost(r)
	c.release(r, false)
}

// finishLost ends a contact in wrap-up whose agent routing has let go already.
func (c *customer) finishLost(r *event.ContactRow) {
	ct := r.GetContact()
	ct.State, ct.WrappedMs = event.ContactState_CONTACT_STATE_ENDED, c.since(ct)
	c.forget(r)
	c.changed(r, "wrapped")
	c.keepForSurvey(r)
}

// finish ends a contact in whatever state, with no wrap-up to follow.
func (c *customer) finish(r *event.ContactRow, reason string) {
	ct := r.GetContact()
	switch ct.GetState() {
	case event.ContactState_CONTACT_STATE_QUEUED:
		c.abandon(r, reason, "closed")
	case event.ContactState_CONTACT_STATE_ASSIGNED:
		ct.State, ct.EndReason, ct.EndedMs = event.ContactState_CONTACT_STATE_ENDED, reason, c.since(ct)
		c.spoke(ct)
		c.forget(r)
		c.changed(r, "ended")
		c.release(r, false)
		c.tell(r, "ended")
	case event.ContactState_CONTACT_STATE_WRAPPING:
		c.finishWrapUp(r)
	case event.ContactState_CONTACT_STATE_ENDED, event.ContactState_CONTACT_STATE_UNSPECIFIED:
		c.forget(r) // such rows are never stored
	}
}
