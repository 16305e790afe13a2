package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Customer is a visitor of a web chat. Its methods may be called from any goroutine.
type Customer struct {
	base, tenant, entry string
	http                *http.Client
	socket              *socket

	// OnMessage is called for each message shown, once per id; OnAccepted when the log has what the customer wrote; OnState
	// with waiting, assigned or ended. They must not block.
	OnMessage  func(Message)
	OnAccepted func(clientID string)
	OnState    func(state string)

	mu      sync.Mutex
	token   string
	last    uint64
	shown   map[string]bool
	unsent  []outgoing
	refused map[string]string
}

type outgoing struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Text string `json:"text,omitempty"`
}

// NewCustomer makes a visitor of an entry point. Run connects.
func NewCustomer(base, tenant, entry string) *Customer {
	c := &Customer{
		base: base, tenant: tenant, entry: entry, http: &http.Client{Timeout: 5 * time.Second},
		OnMessage: func(Message) {}, OnAccepted: func(string) {}, OnState: func(string) {},
		shown: make(map[string]bool), refused: make(map[string]string),
	}
	c.socket = &socket{
		url: wsURL(base, "/webchat/ws?entry_point="+entry+"&tenant="+tenant), header: func() http.Header { return http.Header{"Origin": {base}} },
		hello: c.hello, handle: c.handle,
	}
	return c
}

// Run keeps the customer connected until ctx is done.
func (c *Customer) Run(ctx context.Context) {
	for c.session(ctx) != nil {
		if !pauseFor(ctx, 100*time.Millisecond) {
			return
		}
	}
	c.socket.run(ctx)
}

// session asks for the visitor's token.
func (c *Customer) session(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{"tenant": c.tenant, "entry_point": c.entry})
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

func (c *Customer) hello(send func(any) error) error {
	c.mu.Lock()
	token, last := c.token, c.last
	again := append([]outgoing(nil), c.unsent...)
	c.mu.Unlock()
	if err := send(map[string]any{"type": "hello", "token": token, "last": last}); err != nil {
		return err
	}
	for _, o := range again {
		if err := send(o); err != nil {
			return err
		}
	}
	return nil
}

// Send says something under an id of the caller's; it is sent again until it is accepted.
func (c *Customer) Send(id, text string) { c.put(outgoing{"send", id, text}) }

// End ends the chat.
func (c *Customer) End(id string) { c.put(outgoing{Type: "end", ID: id}) }

func (c *Customer) put(o outgoing) {
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

// Refused gives the code that a message was refused with, or nothing.
func (c *Customer) Refused(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused[id]
}

func (c *Customer) handle(raw []byte) {
	var f frame
	if json.Unmarshal(raw, &f) != nil {
		return
	}
	switch f.Type {
	case "history":
		c.show(f.Messages)
		c.OnState(f.State)
	case "message":
		// The message stands in the frame itself, or under "message".
		var m Message
		if len(f.Message) > 0 {
			raw = f.Message
		}
		if json.Unmarshal(raw, &m) == nil {
			c.show([]Message{m})
		}
	case "state":
		c.OnState(f.State)
	case "accepted":
		if c.settle(f.ID) {
			c.OnAccepted(f.ID)
		}
	case "error":
		if f.ID != "" && f.Code != "rate" && f.Code != "unavailable" {
			c.mu.Lock()
			c.refused[f.ID] = f.Code
			c.mu.Unlock()
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
