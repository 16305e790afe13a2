package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// doSend appends what the agent said. Only the holder speaks in a contact: whoever reads it later must know who spoke.
func (c *session) doSend(ctx context.Context, cmd *command) error {
	if strings.TrimSpace(cmd.Text) == "" && len(cmd.Attachments) == 0 || utf8.RuneCountInString(cmd.Text) > maxText {
		return invalid("text: 1 to 8000 characters, or an attachment")
	}
	k, err := c.server.contactFor(ctx, c.who, cmd.Contact)
	if err != nil {
		return err
	}
	if !c.who.can(access.ActionContactWrite) || c.who.Agent == "" || k.agent != c.who.Agent {
		return denied("the contact is with somebody else")
	}
	if k.state != event.ContactState_CONTACT_STATE_ASSIGNED {
		return conflict("the contact has ended")
	}
	files, names, err := c.server.attached(ctx, c.who.Tenant, k, cmd.Attachments)
	if err != nil {
		return err
	}
	e := k.event(c.who.Tenant)
	e.Body = &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{
		Contact: k.id, Agent: c.who.Agent, Message: cmd.Request, Attachments: files, Internal: cmd.Internal,
	}}
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, &event.Content{Text: cmd.Text, FileNames: names},
		"agent message", k.id, c.who.Agent, cmd.Request)
}

// doContact appends what is asked of a contact by its holder, or by a supervisor where that is a supervisor's business.
// The conversation decides: what comes too late by then is told by a frame "error" with the code "refused".
func (c *session) doContact(ctx context.Context, cmd *command) error {
	k, err := c.server.contactFor(ctx, c.who, cmd.Contact)
	if err != nil {
		return err
	}
	holder := c.who.can(access.ActionContactWrite) && c.who.Agent != "" && k.agent == c.who.Agent
	if own := cmd.Type == "wrap_up" || cmd.Type == "read"; !holder && (own || !c.who.mayManage()) {
		return denied("the contact is with somebody else")
	}
	in := wholeScope // who holds a contact gives it to whom it belongs
	if !holder {
		if err = c.server.mayTake(c.who, k); err != nil {
			return err
		}
		in = c.server.scope(c.who)
	}
	if cmd.Type == "transfer" {
		if err = c.server.whereTo(c.who.Tenant, in, k, cmd); err != nil {
			return err
		}
	}
	by := ""
	if !holder {
		if by, err = c.overrules(ctx, k.id); err != nil {
			return err
		}
	}
	e := k.event(c.who.Tenant)
	if !k.ask(e, cmd, by) {
		return errors.New("a command without an event")
	}
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, cmd.sealed(), cmd.Type, k.id, c.who.Account, cmd.Request)
}

// sealed is the note that goes with a command; only a transfer and a wrap-up have one.
func (cmd *command) sealed() *event.Content {
	if strings.TrimSpace(cmd.Note) == "" || cmd.Type != "transfer" && cmd.Type != "wrap_up" {
		return nil
	}
	return &event.Content{Text: cmd.Note}
}

// whereTo checks where a transfer goes: to a queue, or to an agent and for the case that they do not take it to a queue that
// they serve, the contact's own where they serve it.
func (s *Server) whereTo(tenant string, in *scope, k *contactRef, cmd *command) error {
	switch {
	case (cmd.Queue == "") == (cmd.Agent == ""):
		return invalid("a transfer goes to a queue or to an agent")
	case cmd.Queue != "" && !s.mayGoTo(tenant, in, k, cmd.Queue):
		return errNoQueue
	case cmd.Queue != "":
		return nil
	case cmd.Agent == k.agent:
		return conflict("agent: the contact is with this agent")
	case !s.view.isAgent(tenant, cmd.Agent) || !in.agent(cmd.Agent):
		return errNoAgent
	}
	queues := s.view.agentState(tenant, cmd.Agent).config.GetQueues()
	if cmd.Queue = k.queue; slices.Contains(queues, k.queue) {
		return nil
	}
	if i := slices.IndexFunc(queues, func(q string) bool { return s.mayGoTo(tenant, wholeScope, k, q) }); i >= 0 {
		cmd.Queue = queues[i]
	}
	return nil
}

// mayGoTo tells whether a contact may be given to a queue that is there and seen: a customer goes to one to practise in only from
// such a one, as no number counts who is in it.
func (s *Server) mayGoTo(tenant string, in *scope, k *contactRef, queue string) bool {
	return s.view.hasQueue(tenant, queue) && in.queue(queue) &&
		(!s.view.isPractice(tenant, queue) || s.view.isPractice(tenant, s.queueOf(tenant, k)))
}

// ask fills in what is asked of the contact: by its holder, or by the account of a supervisor.
func (k *contactRef) ask(e *event.Event, cmd *command, by string) bool {
	switch cmd.Type {
	case "end":
		e.Body = &event.Event_EndContact{EndContact: &event.EndContact{
			Contact: k.id, Agent: k.agent, Request: cmd.Request, BySupervisor: by != "", By: by,
		}}
	case "wrap_up":
		e.Body = &event.Event_WrapUpDone{WrapUpDone: &event.WrapUpDone{Contact: k.id, Agent: k.agent, Code: cmd.Code, Request: cmd.Request}}
	case "transfer":
		e.Body = &event.Event_TransferContact{TransferContact: &event.TransferContact{
			Contact: k.id, Agent: k.agent, Queue: cmd.Queue, ToAgent: cmd.Agent, Request: cmd.Request, BySupervisor: by != "", By: by,
		}}
	case "split":
		e.Body = &event.Event_SplitConversation{SplitConversation: &event.SplitConversation{
			Contact: k.id, Agent: k.agent, Request: cmd.Request, BySupervisor: by != "", By: by,
		}}
	case "read":
		e.Body = &event.Event_ReadMark{ReadMark: &event.ReadMark{Contact: k.id, Agent: k.agent, Sequence: cmd.Sequence}}
	default:
		return false
	}
	return true
}

// doClose appends the wish to close a conversation. A supervisor closes it over the head of whoever holds a contact of it.
func (c *session) doClose(ctx context.Context, cmd *command) error {
	holder, supervisor := c.who.Agent, c.who.mayManage()
	if supervisor {
		holder = ""
	} else if !c.who.can(access.ActionContactWrite) || holder == "" {
		return denied("this account is no agent")
	}
	id, ok := c.server.view.holderOf(c.who.Tenant, cmd.Conversation, holder)
	if !ok {
		return errNoConversation
	}
	if supervisor {
		if err := c.mayTakeAll(ctx, cmd.Conversation); err != nil {
			return err
		}
	}
	k, err := c.server.contact(ctx, c.who.Tenant, id)
	if err != nil {
		return err
	}
	by := ""
	if supervisor {
		if by, err = c.overrules(ctx, cmd.Conversation); err != nil {
			return err
		}
	}
	e := k.event(c.who.Tenant)
	e.Body = &event.Event_CloseConversation{CloseConversation: &event.CloseConversation{
		Conversation: cmd.Conversation, Agent: holder, Request: cmd.Request, BySupervisor: supervisor, By: by,
	}}
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, nil, "close", cmd.Conversation, c.who.Account, cmd.Request)
}

var errNoConversation = notFound("conversation: you hold no open contact of it")

// mayTakeAll asks whether a supervisor may take all open contacts of a conversation from those who hold them.
func (c *session) mayTakeAll(ctx context.Context, conversation string) error {
	if !c.who.bound() {
		return nil
	}
	seen, all, err := c.server.contactsFor(ctx, c.who, c.server.view.openContacts(c.who.Tenant, conversation, ""))
	switch {
	case err != nil:
		return err
	case len(seen) == 0:
		return errNoConversation
	case !all:
		return denied("a contact of the conversation is with an agent of another team")
	}
	for _, k := range seen {
		if err = c.server.mayTake(c.who, k); err != nil {
			return err
		}
	}
	return nil
}

// overrules writes down that a supervisor, whose right was checked, acts on what others hold, and gives the account.
func (c *session) overrules(ctx context.Context, subject string) (string, error) {
	return c.who.Account, c.server.auditor.Audit(ctx, access.Entry{
		Tenant: c.who.Tenant, Actor: c.who.Account, Action: access.ActionRoutingAct, Subject: subject, Allowed: true,
	})
}

// contactRef is what commands need to know of a contact.
type contactRef struct {
	id, customer, address, agent, queue string
	state                               event.ContactState
	at                                  live.Place
}

// event begins an event to the customer's conversation.
func (k *contactRef) event(tenant string) *event.Event {
	return &event.Event{Key: event.Key(tenant, k.customer), Customer: k.customer, Address: k.address}
}

// contact reads an open contact's newest record: the view knows where it stands, and a few thousand are remembered.
func (s *Server) contact(ctx context.Context, tenant, id string) (*contactRef, error) {
	at, _, ok := s.view.contactAt(tenant, id)
	if !ok {
		return nil, errNoContact
	}
	if k, known := s.contacts.get(at); known && k.id == id {
		return k, nil
	}
	found, err := s.fetch(ctx, []live.Place{at})
	if err != nil {
		return nil, err
	}
	e := found[at]
	c := e.GetContactChanged().GetContact()
	if c.GetContact() != id {
		return nil, errors.New("the log does not hold the contact any more: its retention is shorter than contacts live")
	}
	k := &contactRef{id, e.GetCustomer(), c.GetAddress(), c.GetAgent(), c.GetQueue(), c.GetState(), at}
	if k.address == "" {
		k.address = e.GetAddress()
	}
	s.contacts.put(at, k)
	return k, nil
}
