package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Customer is a visitor of a web chat. Its methods may be called from any goroutine.
type Customer struct {
	base, entry string
	http        *http.Client
	socket      *socket

	// OnMessage is called for each message shown, once per id; OnAccepted when the log has what the customer wrote; OnState
	// with waiting, assigned or ended. They must not block.
	OnMessage  func(Message)
	OnAccepted func(clientID string)
	OnState    func(state string)
	// OnFrame is called for each frame that shows something, with its type, before what it shows.
	OnFrame func(kind string)
	// OnSurvey is called with the contact that the customer is asked about.
	OnSurvey func(contact string)
	// Visitor is a token by which the site vouches for its user; empty for a stranger. Form are the answers before the chat. Set
	// them before Run.
	Visitor string
	Form    map[string]string
	// LocalIP is the address to connect from, for many customers on one machine; empty for any. Set it before Run.
	LocalIP string

	mu      sync.Mutex
	token   string
	last    uint64
	shown   map[string]bool
	now     map[string]bool
	repeats int
	unsent  []outgoing
}

type outgoing struct {
	Type    string            `json:"type"`
	ID      string            `json:"id"`
	Text    string            `json:"text,omitempty"`
	Form    map[string]string `json:"form,omitempty"`
	Contact string            `json:"contact,omitempty"`
	Score   int               `json:"score,omitempty"`
	Comment string            `json:"comment,omitempty"`
	at      time.Time
}

// NewCustomer makes a visitor of an entry point, which is named with its tenant if there is one. Run connects.
func NewCustomer(base, tenant, entry string) *Customer {
	if tenant != "" {
		entry = tenant + "/" + entry
	}
	c := &Customer{
		base: base, entry: entry,
		OnMessage: func(Message) {}, OnAccepted: func(string) {}, OnState: func(string) {}, OnFrame: func(string) {}, OnSurvey: func(string) {},
		shown: make(map[string]bool), now: make(map[string]bool),
	}
	c.http = httpFrom(func() string { return c.LocalIP })
	c.socket = &socket{
		url:    wsURL(base, "/webchat/ws?entry_point="+url.QueryEscape(entry)),
		header: func() http.Header { return http.Header{"Origin": {base}} }, prepare: c.session, denied: c.forget,
		hello: c.hello, again: c.again, handle: c.handle,
	}
	return c
}

// Run keeps the customer connected until ctx is done. It may be run again after that: the same visitor comes back.
func (c *Customer) Run(ctx context.Context) {
	c.socket.local = c.LocalIP
	c.socket.run(ctx)
}

// Drop cuts the connection, as a bad network does; the customer connects again.
func (c *Customer) Drop() { c.socket.drop() }

// ServedBy is the process that serves the connection, as a balancer says in X-Served-By.
func (c *Customer) ServedBy() string { return c.socket.servedBy() }

// Repeats counts messages that one connection showed twice.
func (c *Customer) Repeats() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.repeats
}

func (c *Customer) forget() {
	c.mu.Lock()
	c.token = ""
	c.mu.Unlock()
}

// session asks for the visitor's token, where there is none.
func (c *Customer) session(ctx context.Context) error {
	c.mu.Lock()
	has := c.token != ""
	clear(c.now)
	c.mu.Unlock()
	if has {
		return nil
	}
	wish := map[string]string{"entry_point": c.entry}
	if c.Visitor != "" {
		wish["visitor"] = c.Visitor
	}
	body, err := json.Marshal(wish)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/webchat/session", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", c.base)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("no session: %s", resp.Status)
	}
	var out struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return err
	}
	c.mu.Lock()
	c.token = out.Token
	c.mu.Unlock()
	return nil
}

func (c *Customer) hello() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]any{"type": "hello", "token": c.token, "last": c.last}
}

func (c *Customer) again(olderThan time.Duration) []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	var out []any
	for i := range c.unsent {
		if now.Sub(c.unsent[i].at) >= olderThan {
			c.unsent[i].at = now
			out = append(out, c.unsent[i])
		}
	}
	return out
}

// Send says something under an id of the caller's; it is sent again until it is accepted.
func (c *Customer) Send(id, text string) {
	c.mu.Lock()
	form := c.Form
	c.Form = nil // answered once
	c.mu.Unlock()
	c.put(outgoing{Type: "send", ID: id, Text: text, Form: form})
}

// Survey answers what the customer is asked about a contact.
func (c *Customer) Survey(id, contact string, score int, comment string) {
	c.put(outgoing{Type: "survey", ID: id, Contact: contact, Score: score, Comment: comment})
}

// Typing says that the customer writes.
func (c *Customer) Typing() { _ = c.socket.send(map[string]any{"type": "typing"}) } // nobody needs it later

// End ends the chat.
func (c *Customer) End(id string) { c.put(outgoing{Type: "end", ID: id}) }

func (c *Customer) put(o outgoing) {
	o.at = time.Now()
	c.mu.Lock()
	c.unsent = append(c.unsent, o)
	c.mu.Unlock()
	_ = c.socket.send(o) // else with the next connection
}

// Unaccepted counts what the log does not have yet.
func (c *Customer) Unaccepted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.unsent)
}

func (c *Customer) handle(raw []byte) {
	var f frame
	if json.Unmarshal(raw, &f) != nil {
		return
	}
	switch f.Type {
	case "history":
		c.OnFrame(f.Type)
		c.show(f.Messages)
		c.OnState(f.State)
		if f.Survey != "" {
			c.OnSurvey(f.Survey)
		}
	case "survey":
		var contact string
		if json.Unmarshal(f.Contact, &contact) == nil {
			c.OnSurvey(contact)
		}
	case "message":
		c.OnFrame(f.Type)
		// The message stands in the frame itself, or under "message".
		var m Message
		if len(f.Message) > 0 {
			raw = f.Message
		}
		if json.Unmarshal(raw, &m) == nil {
			c.show([]Message{m})
		}
	case "state":
		c.OnFrame(f.Type)
		c.OnState(f.State)
	case "accepted":
		if c.settle(f.ID) {
			c.OnAccepted(f.ID)
		}
	case "error":
		if f.ID != "" && f.Code != "internal" && f.Code != "rate" && f.Code != "unavailable" {
			c.settle(f.ID)
		}
	}
}

func (c *Customer) settle(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, o := range c.unsent {
		if o.ID == id {
			c.unsent = append(c.unsent[:i:i], c.unsent[i+1:]...)
			return true
		}
	}
	return false
}

// show takes messages, drops those it has, acknowledges all.
func (c *Customer) show(all []Message) {
	var ids []string
	for _, m := range all {
		c.mu.Lock()
		known := c.shown[m.ID]
		c.shown[m.ID] = true
		if c.now[m.ID] {
			c.repeats++
		}
		c.now[m.ID] = true
		c.last = max(c.last, m.Sequence)
		c.mu.Unlock()
		ids = append(ids, m.ID)
		if !known {
			c.OnMessage(m)
		}
	}
	if len(ids) > 0 {
		_ = c.socket.send(map[string]any{"type": "ack", "ids": ids}) // else they come again
	}
}
