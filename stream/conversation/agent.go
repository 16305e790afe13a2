package conversation

import (
	"cmp"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// held gives a contact that the agent holds, in wrap-up or not. Whoever does not hold it has no say in it, but supervisors
// have.
func (c *customer) held(contact, agent string) (*event.ContactRow, error) {
	r := c.contact(contact)
	switch {
	case r == nil:
		return nil, tooLate(notOpen)
	case c.by == "" && r.GetContact().GetAgent() != agent:
		return nil, tooLate(notHolder)
	}
	return r, nil
}

// talking gives a contact that the agent holds and that is not over.
func (c *customer) talking(contact, agent string) (*event.ContactRow, error) {
	r, err := c.held(contact, agent)
	switch {
	case err != nil:
		return nil, err
	case r.GetContact().GetState() == event.ContactState_CONTACT_STATE_WRAPPING:
		return nil, tooLate(over)
	case r.GetContact().GetState() != event.ContactState_CONTACT_STATE_ASSIGNED:
		return nil, tooLate(notHolder) // a supervisor's wish; it needs somebody who holds the contact
	}
	return r, nil
}

// answered takes an agent's message.
func (c *customer) answered(m *event.AgentMessage) error {
	r, err := c.talking(m.GetContact(), m.GetAgent())
	if err != nil {
		return err
	}
	l := line{
		author: event.Author_AUTHOR_AGENT, agent: m.GetAgent(), clientID: m.GetMessage(), files: m.GetAttachments(), internal: m.GetInternal(),
	}
	if err := l.check(); err != nil {
		return err
	}
	if l.internal {
		c.add(r, l) // which the customer never sees, so it answers nothing
		return nil
	}
	ct := r.GetContact()
	c.answers(r)
	ct.AgentMessages++
	id, sequence := c.add(r, l)
	c.mark(ct, id, sequence)
	c.mayLeave(r)
	if ct.GetFirstResponseMs() == 0 {
		ct.FirstResponseMs = c.since(ct)
		c.changed(r, "first_response")
	}
	c.send(r, l, id, sequence)
	return nil
}

// endedByAgent ends the talk. If the customer was faster the wish is fulfilled. A supervisor also ends the wait for one.
func (c *customer) endedByAgent(m *event.EndContact) error {
	r, err := c.held(m.GetContact(), m.GetAgent())
	if err != nil {
		return err
	}
	switch r.GetContact().GetState() {
	case event.ContactState_CONTACT_STATE_QUEUED:
		c.abandon(r, endClosed, endClosed)
	case event.ContactState_CONTACT_STATE_ASSIGNED:
		c.wrap(r, endAgent)
	case event.ContactState_CONTACT_STATE_WRAPPING, event.ContactState_CONTACT_STATE_ENDED, event.ContactState_CONTACT_STATE_UNSPECIFIED:
	}
	return nil
}

// wrappedUp ends the wrap-up.
func (c *customer) wrappedUp(m *event.WrapUpDone) error {
	if len(m.GetCode()) > maxID {
		return &engine.Refusal{Kind: "limit", Reason: "the wrap-up code is longer than allowed"}
	}
	r, err := c.held(m.GetContact(), m.GetAgent())
	switch {
	case err != nil:
		return err
	case r.GetContact().GetState() != event.ContactState_CONTACT_STATE_WRAPPING:
		return tooLate(notWrapping)
	}
	if c.sealed != nil {
		c.add(r, line{author: event.Author_AUTHOR_AGENT, agent: m.GetAgent(), clientID: m.GetRequest(), internal: true, kind: "wrap_up_note"})
	}
	r.Contact.WrapUpCode = m.GetCode()
	c.finishWrapUp(r)
	return nil
}

// transfer ends this handling and begins the next one in a queue, which passes over the agent who had it, or with an agent
// who shall take it. A supervisor also moves a contact that waits. A note goes along, for who takes it.
func (c *customer) transfer(m *event.TransferContact) error {
	if len(m.GetToAgent()) > maxID {
		return &engine.Refusal{Kind: "limit", Reason: "the agent's id is longer than allowed"}
	}
	r, err := c.held(m.GetContact(), m.GetAgent())
	if err != nil {
		return err
	}
	ct := r.GetContact()
	queue := m.GetQueue()
	_, known := c.cfg.queue(c.tenant, queue)
	switch {
	case ct.GetState() == event.ContactState_CONTACT_STATE_WRAPPING:
		return tooLate(over)
	case m.GetToAgent() != "" && m.GetToAgent() == ct.GetAgent():
		return tooLate(noAgent) // who has it already is nobody else
	case m.GetToAgent() != "" && queue == "":
		queue = cmp.Or(ct.GetQueue(), c.cfg.arrival(c.tenant, ct.GetEntryPoint()))
	case !known:
		return tooLate(noQueue)
	}
	n := next{queue: queue, initiation: byTransfer, reason: endTransfer, ask: asking{notAgent: ct.GetAgent(), toAgent: m.GetToAgent()}}
	switch {
	case ct.GetState() != event.ContactState_CONTACT_STATE_QUEUED:
		c.release(r, false)
	case !unrouted(ct):
		n.ask.previous = ct.GetContact() // cancelled once routing has the next one, as what was set for it goes with it
	}
	if c.sealed != nil {
		n.note = &line{author: event.Author_AUTHOR_AGENT, agent: m.GetAgent(), clientID: m.GetRequest(), internal: true, kind: "transfer_note"}
		if c.by != "" {
			n.note.author, n.note.agent = event.Author_AUTHOR_SYSTEM, "" // the agent named is not who wrote it
		}
	}
	return c.follow(r, n)
}

// split lets a contact go on in a conversation of its own. What was said before stays where it was said.
func (c *customer) split(m *event.SplitConversation) error {
	r, err := c.talking(m.GetContact(), m.GetAgent())
	if err != nil {
		return err
	}
	if len(c.row.GetConversations()) >= maxConversations {
		return tooLate(limited)
	}
	ct := r.GetContact()
	ct.Conversation = c.open(ct.GetAddress(), ct.GetConversation()).GetConversation()
	c.changed(r, "split")
	return nil
}

// read takes how far the agent has read; it never goes back. Of a contact that is over or another's by then nobody wants
// to know.
func (c *customer) read(m *event.ReadMark) error {
	r, err := c.held(m.GetContact(), m.GetAgent())
	if err != nil {
		return nil //nolint:nilerr // nobody waits for an answer to a mark
	}
	ct := r.GetContact()
	sequence := min(m.GetSequence(), c.conversation(ct.GetConversation()).GetSequence())
	if sequence > ct.GetReadSequence() {
		ct.ReadSequence = sequence
		c.changed(r, "read")
		c.tellBy(r, "read", event.Author_AUTHOR_AGENT, sequence)
	}
	return nil
}

// outcome takes what became of a request to route.
func (c *customer) outcome(m *event.RouteOutcome) error {
	r := c.contact(m.GetContact())
	switch m.GetOutcome() {
	case "assigned":
		return c.assigned(r, m)
	case "agent_lost":
		return c.agentLost(r, m)
	case "requeued":
		c.requeued(r, m)
		return nil
	default:
		return engine.Refuse("routing knows no outcome %q", m.GetOutcome())
	}
}

// requeued follows a contact that routing moved to another queue of the domain: by the policy, as its own was full, closed
// or too slow, or was removed.
func (c *customer) requeued(r *event.ContactRow, m *event.RouteOutcome) {
	ct := r.GetContact()
	if ct.GetState() != event.ContactState_CONTACT_STATE_QUEUED || unrouted(ct) || m.GetQueue() == "" || m.GetQueue() == ct.GetQueue() {
		return
	}
	r.Contact.Queue = m.GetQueue()
	c.changed(r, "requeued")
}

// assigned gives a waiting contact to its agent. Where it does not wait any more, the cancellation and the assignment have
// crossed: the agent is free again.
func (c *customer) assigned(r *event.ContactRow, m *event.RouteOutcome) error {
	if m.GetAgent() == "" {
		return engine.Refuse("an assignment needs an agent")
	}
	if r == nil {
		q, _ := c.cfg.queue(c.tenant, m.GetQueue())
		c.release(&event.ContactRow{
			Contact: &event.Contact{Contact: m.GetContact(), Agent: m.GetAgent()}, Domain: q.GetDomain(),
		}, false)
		return nil
	}
	ct := r.GetContact()
	if ct.GetState() != event.ContactState_CONTACT_STATE_QUEUED || unrouted(ct) {
		return engine.Refuse("a contact that does not wait cannot be assigned")
	}
	ct.State, ct.Agent, ct.AssignedMs = event.ContactState_CONTACT_STATE_ASSIGNED, m.GetAgent(), c.since(ct)
	if m.GetQueue() != "" {
		ct.Queue = m.GetQueue()
	}
	c.unlimit(r)
	c.changed(r, "assigned")
	c.tell(r, "assigned")
	return nil
}

// agentLost puts a contact back whose agent vanished: unanswered with its place, answered as the next contact, and one in
// wrap-up is over. Routing has let go of the agent itself.
func (c *customer) agentLost(r *event.ContactRow, m *event.RouteOutcome) error {
	ct := r.GetContact()
	if r == nil || m.GetAgent() != "" && m.GetAgent() != ct.GetAgent() {
		return nil
	}
	switch {
	case ct.GetState() == event.ContactState_CONTACT_STATE_WRAPPING:
		c.finishLost(r)
		return nil
	case ct.GetState() != event.ContactState_CONTACT_STATE_ASSIGNED:
		return nil
	case ct.GetAgentMessages() > 0:
		return c.follow(r, next{queue: ct.GetQueue(), initiation: byRequeue, reason: endAgentLost})
	}
	ct.State, ct.Agent, ct.AssignedMs = event.ContactState_CONTACT_STATE_QUEUED, "", 0
	c.know(ct)
	c.waitFor(r)
	c.changed(r, "requeued")
	c.route(r, asking{chosen: true, before: m.GetAgent()})
	c.tell(r, "waiting")
	return nil
}
