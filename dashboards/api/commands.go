package api

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	maxText    = 8000
	maxID      = 64
	maxNote    = 2000
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

	WhenFree    bool         `json:"when_free"`
	Internal    bool         `json:"internal"`
	Attachments []attachment `json:"attachments"`
	Agent       string       `json:"agent"`
	Note        string       `json:"note"`
	On          bool         `json:"on"`
	LogOut      bool         `json:"log_out"`
	Priority    int32        `json:"priority"`
	profileWish
}

// attachment is a file that was given to the door before.
type attachment struct {
	File string `json:"file"`
	Name string `json:"name"`
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
	for _, id := range []string{c.Offer, c.Contact, c.Queue, c.Conversation, c.Agent, c.Customer} {
		if id != "" && !isID(id, maxID) {
			return c, invalid("an id has at most 64 characters of letters, digits, - _ . and /")
		}
	}
	if utf8.RuneCountInString(c.Note) > maxNote {
		return c, invalid("note: at most 2000 characters")
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
	case "typing":
		return c.doTyping(ctx, cmd)
	case "profile":
		return c.doProfile(ctx, cmd)
	case "watch_floor":
		return c.doWatchFloor(ctx, cmd)
	case "watch_colleagues":
		c.server.view.watchColleagues(c.who.Tenant, c.who.Agent, c, cmd.On)
		return nil
	case "set_status":
		return c.doSetStatus(ctx, cmd)
	case "move":
		return c.doMove(ctx, cmd)
	case "priority":
		return c.doPriority(ctx, cmd)
	}
	return invalid("type: no such command")
}

// answer tells the page what became of its command.
func (c *session) answer(cmd *command, err error) {
	if cmd.Type == "typing" {
		return // nobody waits for it, and one that is lost is no loss
	}
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
	if err := checkStatus(cmd.Status); err != nil {
		return err
	}
	e := &event.Event{Key: event.Key(c.who.Tenant, c.domain), Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{
		Agent: c.who.Agent, Status: cmd.Status, Reason: cmd.Reason, Request: cmd.Request, WhenFree: cmd.WhenFree,
	}}}
	return c.server.append(ctx, event.TopicRoutingIn, c.who.Tenant, e, nil, "status", c.who.Agent, cmd.Request)
}

func checkStatus(status string) error {
	switch status {
	case "available", "break", "offline":
		return nil
	}
	return invalid("status: available, break or offline")
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
