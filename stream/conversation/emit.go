package conversation

import (
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
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

// asking is what a request to route says beyond the contact.
type asking struct {
	notAgent, toAgent string
	// before is who had the contact just now: no last agent to go back to. previous is the contact that it goes on for, if that
	// still waits.
	before, previous string
	chosen           bool
}

// route asks for an agent. The domain is remembered, as what follows must go where the request went, whatever the
// configuration says by then.
func (c *customer) route(r *event.ContactRow, a asking) {
	ct := r.GetContact()
	q, _ := c.cfg.queue(c.tenant, ct.GetQueue())
	r.Domain = omit(q.GetDomain(), mainDomain)
	c.toRouting(r.GetDomain(), ct.GetAddress(), &event.Event{
		ConfigVersion: c.cfg.version,
		Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
			Contact: ct.GetContact(), Conversation: ct.GetConversation(), Customer: c.id, Channel: ct.GetChannel(),
			Queue: ct.GetQueue(), Priority: q.GetPriority(), EnqueuedMs: ct.GetEnqueuedMs(), NotAgent: a.notAgent,
			EntryPoint: ct.GetEntryPoint(), Intent: ct.GetIntent(), Confidence: ct.GetConfidence(), Language: ct.GetLanguage(),
			Tier: ct.GetTier(), Tags: c.row.GetProfile().GetTags(), LastAgent: omit(c.row.GetLastAgent(), a.before),
			ToAgent: a.toAgent, Chosen: a.chosen, Previous: a.previous,
		}},
	})
}

// cancel takes a waiting contact out of its queue, if it is in one yet.
func (c *customer) cancel(r *event.ContactRow, reason string) {
	if unrouted(r.GetContact()) {
		return
	}
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

// tell lets the customer know the state of a contact: waiting, assigned, ended, and that a survey is asked.
func (c *customer) tell(r *event.ContactRow, kind string) {
	c.tellBy(r, kind, event.Author_AUTHOR_SYSTEM, 0)
}

// tellBy lets the customer know what somebody does: typing, and how far they have read.
func (c *customer) tellBy(r *event.ContactRow, kind string, author event.Author, sequence uint64) {
	ct := r.GetContact()
	d := c.memory.newDeliver()
	d.deliver = event.Deliver{
		Delivery: c.tx.NewID(), Channel: ct.GetChannel(), EntryPoint: ct.GetEntryPoint(), Conversation: ct.GetConversation(),
		Contact: ct.GetContact(), Author: author, Sequence: sequence, SentMs: c.at, Kind: kind,
	}
	c.toAddress(ct.GetAddress(), &d.event)
}

// maxFiles bounds the files of a message.
const maxFiles = 10

// line is one thing said, besides its text, which is sealed.
type line struct {
	author   event.Author
	agent    string
	clientID string
	files    []*event.Attachment
	// internal is for agents only.
	internal bool
	kind     string
}

func (l line) check() error {
	if len(l.files) > maxFiles {
		return &engine.Refusal{Kind: "limit", Reason: "a message has more files than allowed"}
	}
	for _, f := range l.files {
		if f.GetFile() == "" || max(len(f.GetFile()), len(f.GetMediaType())) > maxID {
			return engine.Refuse("a file of a message needs a name and a type, of at most %d bytes", maxID)
		}
	}
	return nil
}

// add puts a message into the conversation of its contact. Notes of agents are no part of the talk: they keep nothing open.
func (c *customer) add(r *event.ContactRow, l line) (message string, sequence uint64) {
	ct := r.GetContact()
	v := c.conversation(ct.GetConversation())
	v.Sequence++
	if !l.internal {
		v.LastMs = c.tx.Served()
	}
	message, sequence = c.tx.NewID(), v.GetSequence()
	m := c.memory.newAdded()
	m.added = event.MessageAdded{
		Message: message, Conversation: ct.GetConversation(), Contact: ct.GetContact(), Channel: ct.GetChannel(),
		Author: l.author, Agent: l.agent, Sequence: sequence, ClientId: l.clientID, SentMs: c.at, Attachments: l.files,
		Internal: l.internal, Kind: l.kind,
	}
	m.event.Sealed = c.sealed
	c.fact(ct.GetAddress(), &m.event)
	return message, sequence
}

// send asks for the delivery of a message that was added: of an answer, and as an echo of the customer's own words, as
// every device of the customer shows the whole history.
func (c *customer) send(r *event.ContactRow, l line, message string, sequence uint64) {
	ct := r.GetContact()
	d := c.memory.newDeliver()
	d.deliver = event.Deliver{
		Delivery: message, Channel: ct.GetChannel(), EntryPoint: ct.GetEntryPoint(), Conversation: ct.GetConversation(),
		Contact: ct.GetContact(), Author: l.author, Sequence: sequence, SentMs: c.at, Kind: "message", Attachments: l.files,
	}
	if l.author == event.Author_AUTHOR_CUSTOMER {
		d.deliver.Kind, d.deliver.ClientId = "echo", l.clientID
	}
	d.event.Sealed = c.sealed
	c.toAddress(ct.GetAddress(), &d.event)
}
