package conversation

import (
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// fact writes to the customer's history.
func (c *customer) fact(address string, e *event.Event) {
	e.Tenant, e.Key, e.Customer, e.Address, e.AtMs = c.tenant, c.key, c.id, address, c.at
	c.tx.Emit(event.TopicConversationFacts, e)
}

// changed tells a contact's new state, whole, under its next version.
func (c *customer) changed(r *event.ContactRow, change string) {
	ct := r.GetContact()
	ct.Version++
	c.fact(ct.GetAddress(), &event.Event{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{
		Contact: proto.CloneOf(ct), Change: change, By: c.by,
	}}})
}

// toRouting asks or tells the routing domain of a queue.
func (c *customer) toRouting(domain, address string, e *event.Event) {
	if domain == "" {
		domain = mainDomain
	}
	e.Tenant, e.Key, e.Customer, e.Address, e.AtMs = c.tenant, event.Key(c.tenant, domain), c.id, address, c.at
	c.tx.Emit(event.TopicRoutingIn, e)
}

// route asks for an agent. The domain is remembered, as what follows must go where the request went, whatever the
// configuration says by then.
func (c *customer) route(r *event.ContactRow, notAgent string) {
	ct := r.GetContact()
	q, _ := c.cfg.queue(c.tenant, ct.GetQueue())
	r.Domain = omit(q.GetDomain(), mainDomain)
	c.toRouting(r.GetDomain(), ct.GetAddress(), &event.Event{
		ConfigVersion: c.cfg.version,
		Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
			Contact: ct.GetContact(), Conversation: ct.GetConversation(), Customer: c.id, Channel: ct.GetChannel(),
			Queue: ct.GetQueue(), Priority: q.GetPriority(), EnqueuedMs: ct.GetEnqueuedMs(), NotAgent: notAgent,
		}},
	})
}

// cancel takes a waiting contact out of its queue.
func (c *customer) cancel(r *event.ContactRow, reason string) {
	c.toRouting(r.GetDomain(), r.GetContact().GetAddress(), &event.Event{Body: &event.Event_RouteCancel{RouteCancel: &event.RouteCancel{
		Contact: r.GetContact().GetContact(), Reason: reason,
	}}})
}

// release frees the agent who holds a contact: first of the talk, then of the wrap-up.
func (c *customer) release(r *event.ContactRow, wrapping bool) {
	ct := r.GetContact()
	c.toRouting(r.GetDomain(), ct.GetAddress(), &event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{
		Contact: ct.GetContact(), Agent: ct.GetAgent(), Wrapping: wrapping,
	}}})
}

// toAddress asks for a delivery to an address.
func (c *customer) toAddress(address string, e *event.Event) {
	e.Tenant, e.Key, e.Customer, e.Address, e.AtMs = c.tenant, event.Key(c.tenant, address), c.id, address, c.at
	c.tx.Emit(event.TopicOutboundIn, e)
}

// tell lets the customer know the state of a contact: waiting, assigned, ended.
func (c *customer) tell(r *event.ContactRow, kind string) {
	ct := r.GetContact()
	d := c.memory.newDeliver()
	d.deliver = event.Deliver{
		Delivery: c.tx.NewID(), Channel: ct.GetChannel(), EntryPoint: ct.GetEntryPoint(), Conversation: ct.GetConversation(),
		Contact: ct.GetContact(), Author: event.Author_AUTHOR_SYSTEM, SentMs: c.at, Kind: kind,
	}
	c.toAddress(ct.GetAddress(), &d.event)
}

// add puts a message into the conversation of its contact and, as every device of the customer shows the whole history,
// on its way to the address: an answer as message, the customer's own words as echo.
func (c *customer) add(r *event.ContactRow, author event.Author, clientID string) (message string, sequence uint64) {
	ct := r.GetContact()
	v := c.conversation(ct.GetConversation())
	v.Sequence++
	v.LastMs = c.tx.Served()
	message, sequence = c.tx.NewID(), v.GetSequence()
	m := c.memory.newAdded()
	m.added = event.MessageAdded{
		Message: message, Conversation: ct.GetConversation(), Contact: ct.GetContact(), Channel: ct.GetChannel(),
		Author: author, Sequence: sequence, ClientId: clientID, SentMs: c.at,
	}
	if author == event.Author_AUTHOR_AGENT {
		m.added.Agent = ct.GetAgent()
	}
	m.event.Sealed = c.sealed
	c.fact(ct.GetAddress(), &m.event)
	return message, sequence
}

// send asks for the delivery of a message that was added.
func (c *customer) send(r *event.ContactRow, author event.Author, message string, sequence uint64, clientID string) {
	ct := r.GetContact()
	d := c.memory.newDeliver()
	d.deliver = event.Deliver{
		Delivery: message, Channel: ct.GetChannel(), EntryPoint: ct.GetEntryPoint(), Conversation: ct.GetConversation(),
		Contact: ct.GetContact(), Author: author, Sequence: sequence, SentMs: c.at, Kind: "message",
	}
	if author == event.Author_AUTHOR_CUSTOMER {
		d.deliver.Kind, d.deliver.ClientId = "echo", clientID
	}
	d.event.Sealed = c.sealed
	c.toAddress(ct.GetAddress(), &d.event)
}
