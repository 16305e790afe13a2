package api

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	maxText    = 8000
	maxID      = 64
	maxReason  = 64
	maxRequest = 64
)

// command is a frame from a page.
type command struct {
	Type         string `json:"type"`
	Request      string `json:"request"`
	Status       string `json:"status"`
	Reason       string `json:"reason"`
	Offer        string `json:"offer"`
	Accept       bool   `json:"accept"`
	Contact      string `json:"contact"`
	Text         string `json:"text"`
	Code         string `json:"code"`
	Queue        string `json:"queue"`
	Conversation string `json:"conversation"`
	Sequence     uint64 `json:"sequence"`
}

// parseCommand decodes a frame and checks what all commands share. It answers the command even with an error, as far as
// it is known, so that the answer can name the request.
func parseCommand(frame []byte) (*command, error) {
	c := new(command)
	if !utf8.Valid(frame) {
		return c, invalid("the frame is not UTF-8")
	}
	if err := json.Unmarshal(frame, c); err != nil {
		return &command{}, invalid("the frame is not a JSON object of a command")
	}
	if c.Type == "ping" {
		return c, nil
	}
	if !isID(c.Request, maxRequest) {
		c.Request = ""
		return c, invalid("request: 1 to 64 characters of letters, digits, - and _ are needed")
	}
	for _, id := range []string{c.Offer, c.Contact, c.Queue, c.Conversation} {
		if id != "" && !isID(id, maxID) {
			return c, invalid("an id has at most 64 characters of letters, digits, - _ . and /")
		}
	}
	for _, code := range []string{c.Status, c.Reason, c.Code} {
		if code != "" && !isID(code, maxReason) {
			return c, invalid("a code has at most 64 characters of letters, digits, - _ . and /")
		}
	}
	return c, nil
}

// isID reports whether s can be an id or a code: these stand in events in the clear, so that no free text may pass as one.
func isID(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("-_./", r)
	})
}

// do carries a command out: checks the right, then appends. Nil means that the log has it.
func (c *session) do(ctx context.Context, cmd *command) error {
	switch cmd.Type {
	case "ping":
		return nil
	case "status":
		return c.doStatus(ctx, cmd)
	case "answer":
		return c.doAnswer(ctx, cmd)
	case "send":
		return c.doSend(ctx, cmd)
	case "end", "wrap_up", "transfer", "read", "split":
		return c.doContact(ctx, cmd)
	case "close":
		return c.doClose(ctx, cmd)
	}
	return invalid("type: no such command")
}

// answer tells the page what became of its command.
func (c *session) answer(cmd *command, err error) {
	f := answerFrame{Type: "accepted", Request: cmd.Request}
	switch {
	case err != nil:
		if problem := asFault(err); problem.kind == kindInternal {
			c.server.logger.Error("a command failed", "error", err.Error())
		}
		f.Type, f.Code, f.Text = "error", asFault(err).Code, asFault(err).Text
	case cmd.Type == "ping":
		f.Type = "pong"
	}
	made, err := json.Marshal(f)
	if err != nil {
		return // four strings encode
	}
	c.out.Push(note{kind: noteMade, made: made})
}

func (c *session) mustBeAgent() error {
	if !c.who.works() {
		return denied("this account is no agent")
	}
	return nil
}

func (c *session) doStatus(ctx context.Context, cmd *command) error {
	if err := c.mustBeAgent(); err != nil {
		return err
	}
	switch cmd.Status {
	case "available", "break", "offline":
	default:
		return invalid("status: available, break or offline")
	}
	e := &event.Event{Key: event.Key(c.who.Tenant, c.domain), Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{
		Agent: c.who.Agent, Status: cmd.Status, Reason: cmd.Reason, Request: cmd.Request,
	}}}
	return c.server.append(ctx, event.TopicRoutingIn, c.who.Tenant, e, nil, "status", c.who.Agent, cmd.Request)
}

func (c *session) doAnswer(ctx context.Context, cmd *command) error {
	if err := c.mustBeAgent(); err != nil {
		return err
	}
	if !c.server.view.hasOffer(c.who.Tenant, c.who.Agent, cmd.Offer) {
		return conflict("the offer is no longer open")
	}
	e := &event.Event{Key: event.Key(c.who.Tenant, c.domain), Body: &event.Event_OfferAnswer{OfferAnswer: &event.OfferAnswer{
		Offer: cmd.Offer, Agent: c.who.Agent, Accept: cmd.Accept,
	}}}
	return c.server.append(ctx, event.TopicRoutingIn, c.who.Tenant, e, nil, "answer", c.who.Agent, cmd.Request)
}

// doSend appends what the agent said. Only the holder speaks in a contact: whoever reads it later must know who spoke.
func (c *session) doSend(ctx context.Context, cmd *command) error {
	if strings.TrimSpace(cmd.Text) == "" || utf8.RuneCountInString(cmd.Text) > maxText {
		return invalid("text: 1 to 8000 characters")
	}
	k, err := c.server.contact(ctx, c.who.Tenant, cmd.Contact)
	if err != nil {
		return err
	}
	if !c.who.can(access.ActionContactWrite) || c.who.Agent == "" || k.agent != c.who.Agent {
		return denied("the contact is with somebody else")
	}
	if k.state != event.ContactState_CONTACT_STATE_ASSIGNED {
		return conflict("the contact has ended")
	}
	e := k.event(c.who.Tenant)
	e.Body = &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{Contact: k.id, Agent: c.who.Agent, Message: cmd.Request}}
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, &event.Content{Text: cmd.Text},
		"agent message", k.id, c.who.Agent, cmd.Request)
}

// doContact appends what is asked of a contact by its holder, or by a supervisor where that is a supervisor's business.
// The conversation decides: what comes too late by then is told by a frame "error" with the code "refused".
func (c *session) doContact(ctx context.Context, cmd *command) error {
	k, err := c.server.contact(ctx, c.who.Tenant, cmd.Contact)
	if err != nil {
		return err
	}
	holder := c.who.can(access.ActionContactWrite) && c.who.Agent != "" && k.agent == c.who.Agent
	if own := cmd.Type == "wrap_up" || cmd.Type == "read"; !holder && (own || !c.who.mayManage()) {
		return denied("the contact is with somebody else")
	}
	if cmd.Type == "transfer" && !c.server.view.hasQueue(c.who.Tenant, cmd.Queue) {
		return notFound("queue: there is no such queue")
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
	return c.server.append(ctx, event.TopicConversationIn, c.who.Tenant, e, nil, cmd.Type, k.id, c.who.Account, cmd.Request)
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
			Contact: k.id, Agent: k.agent, Queue: cmd.Queue, Request: cmd.Request, BySupervisor: by != "", By: by,
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
		return notFound("conversation: you hold no open contact of it")
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

// overrules writes down that a supervisor, whose right was checked, acts on what others hold, and gives the account.
func (c *session) overrules(ctx context.Context, subject string) (string, error) {
	return c.who.Account, c.server.auditor.Audit(ctx, access.Entry{
		Tenant: c.who.Tenant, Actor: c.who.Account, Action: access.ActionRoutingAct, Subject: subject, Allowed: true,
	})
}

// contactRef is what commands need to know of a contact.
type contactRef struct {
	id, customer, address, agent string
	state                        event.ContactState
	at                           live.Place
}

// event begins an event to the customer's conversation.
func (k *contactRef) event(tenant string) *event.Event {
	return &event.Event{Key: event.Key(tenant, k.customer), Customer: k.customer, Address: k.address}
}

// contact reads an open contact's newest record: the view knows where it stands, and a few thousand are remembered.
func (s *Server) contact(ctx context.Context, tenant, id string) (*contactRef, error) {
	at, _, ok := s.view.contactAt(tenant, id)
	if !ok {
		return nil, notFound("contact: there is no such open contact")
	}
	if k := s.contacts.get(at); k != nil && k.id == id {
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
	k := &contactRef{id, e.GetCustomer(), c.GetAddress(), c.GetAgent(), c.GetState(), at}
	if k.address == "" {
		k.address = e.GetAddress()
	}
	s.contacts.put(at, k)
	return k, nil
}
