package conversation

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// said takes a customer's message: into the contact on that address, or into a new one that waits for an agent.
func (c *customer) said(address string, m *event.CustomerMessage) error {
	if address == "" {
		return errNoAddress()
	}
	l := line{author: event.Author_AUTHOR_CUSTOMER, clientID: m.GetMessage(), files: m.GetAttachments()}
	if err := l.check(); err != nil {
		return err
	}
	r := c.talk(address)
	fresh := r == nil
	if fresh {
		var err error
		if r, err = c.arrive(address, m); err != nil {
			return err
		}
	} else {
		c.heard(r, m.GetLeft())
	}
	r.Contact.CustomerMessages++
	c.asks(r)
	id, sequence := c.add(r, l)
	if fresh {
		c.ask(r)
	}
	c.send(r, l, id, sequence)
	if fresh {
		c.tell(r, "waiting")
	}
	return nil
}

// heard takes that the customer wrote in a contact: who writes is not gone for good, though no connection is known. A
// message that was left keeps its place without them.
func (c *customer) heard(r *event.ContactRow, left bool) {
	before := r.GetLeft()
	r.Left = left
	switch queued := r.GetContact().GetState() == event.ContactState_CONTACT_STATE_QUEUED; {
	case left || !queued:
		c.unlimit(r)
	case r.GetTimed():
		c.grace(r)
	case before:
		c.waitFor(r)
	}
}

// arrive begins a contact by a customer's message.
func (c *customer) arrive(address string, m *event.CustomerMessage) (*event.ContactRow, error) {
	if len(m.GetEntryPoint()) > maxID {
		return nil, &engine.Refusal{Kind: "limit", Reason: "the entry point's id is longer than allowed"}
	}
	v := c.join(address)
	ct := &event.Contact{
		Contact: c.tx.NewID(), Conversation: v.GetConversation(), Channel: m.GetChannel(), EntryPoint: m.GetEntryPoint(),
		Initiation: inbound, Address: address,
	}
	if m.GetLeft() {
		ct.Initiation = byLeaving
	}
	if c.cfg.entryPoint(c.tenant, m.GetEntryPoint()).GetIntentModel() == "" {
		ct.Queue = c.cfg.arrival(c.tenant, m.GetEntryPoint())
		c.know(ct)
	}
	r, err := c.begin(ct)
	if err != nil {
		return nil, err
	}
	r.Left = m.GetLeft()
	return r, nil
}

// join gives the conversation that a new contact belongs to: the open one begun last, else the closed one that may still
// be re-opened, else a new one.
func (c *customer) join(address string) *event.ConversationRow {
	var v *event.ConversationRow
	for _, x := range c.row.GetConversations() {
		if !x.GetClosed() {
			v = x
		}
	}
	if v != nil {
		return v
	}
	for _, x := range c.row.GetConversations() {
		if c.conversationDue(x) > c.tx.Served() && (v == nil || x.GetClosedMs() >= v.GetClosedMs()) {
			v = x
		}
	}
	if v == nil {
		return c.open(address, "")
	}
	v.Closed, v.ClosedMs, v.LastMs = false, 0, c.tx.Served()
	c.fact(address, &event.Event{Body: &event.Event_ConversationOpened{ConversationOpened: &event.ConversationOpened{
		Conversation: v.GetConversation(), Reopened: true,
	}}})
	return v
}

// open begins a conversation.
func (c *customer) open(address, splitFrom string) *event.ConversationRow {
	v := &event.ConversationRow{Conversation: c.tx.NewID(), LastMs: c.tx.Served()}
	c.row.Conversations = append(c.row.Conversations, v)
	c.fact(address, &event.Event{Body: &event.Event_ConversationOpened{ConversationOpened: &event.ConversationOpened{
		Conversation: v.GetConversation(), SplitFrom: splitFrom,
	}}})
	return v
}

// connected takes a connection of the customer's client; a contact that waits keeps its place.
func (c *customer) connected(address string, m *event.CustomerConnected) error {
	if address == "" || m.GetConnection() == "" || max(len(m.GetConnection()), len(m.GetGateway())) > maxID {
		return engine.Refuse("a connection needs an address and an id, of at most %d bytes as its gateway's", maxID)
	}
	if c.row.GetAddress() == "" {
		c.row.Address = address
	}
	hash := linkHash(m.GetConnection())
	c.row.Links = append(slices.DeleteFunc(c.row.Links, func(l *event.LinkRow) bool {
		return l.GetHash() == hash
	}), &event.LinkRow{Hash: hash, Address: address, Gateway: c.gateways.number(c.tx, m.GetGateway())})
	if len(c.row.GetLinks()) > maxLinks {
		lost := slices.IndexFunc(c.row.Links, func(l *event.LinkRow) bool { return c.gateways.gone(l.GetGateway()) })
		c.row.Links = slices.Delete(c.row.Links, max(lost, 0), max(lost, 0)+1)
	}
	c.row.MetMs = 0
	if len(c.row.GetConversations()) == 0 {
		c.row.MetMs = c.tx.Served()
	}
	if r := c.talk(address); r != nil && !r.GetContact().GetConnected() {
		c.connection(r, true)
	}
	return nil
}

// disconnected takes the end of a connection; with the last one, a customer who waits has the queue's grace to return.
func (c *customer) disconnected(address string, m *event.CustomerDisconnected) error {
	if address == "" {
		return errNoAddress()
	}
	hash := linkHash(m.GetConnection())
	c.row.Links = slices.DeleteFunc(c.row.Links, func(l *event.LinkRow) bool {
		return l.GetHash() == hash && l.GetAddress() == address
	})
	if r := c.talk(address); r != nil && r.GetContact().GetConnected() && !c.linked(address) {
		c.connection(r, false)
	}
	return nil
}

// connection takes whether the customer of a contact is there.
func (c *customer) connection(r *event.ContactRow, here bool) {
	r.Contact.Connected = here
	switch {
	case here:
		c.unlimit(r)
	case r.GetContact().GetState() == event.ContactState_CONTACT_STATE_QUEUED:
		c.waitFor(r)
	default:
		c.mayLeave(r)
	}
	c.changed(r, "connection")
}

// left ends the contact on an address by the customer's wish. Where there is none, the wish is fulfilled.
func (c *customer) left(address string) error {
	if address == "" {
		return errNoAddress()
	}
	switch r := c.talk(address); {
	case r == nil:
	case r.GetContact().GetState() == event.ContactState_CONTACT_STATE_QUEUED:
		c.abandon(r, endAbandoned, endAbandoned)
	default:
		c.wrap(r, endCustomer)
	}
	return nil
}

func errNoAddress() error { return engine.Refuse("what a customer does needs an address") }
