package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Offer is a contact reserved for the agent.
type Offer struct {
	ID      string `json:"id"`
	Contact string `json:"contact"`
	State   string `json:"state"`
}

// Contact is one handling.
type Contact struct {
	ID           string    `json:"id"`
	Conversation string    `json:"conversation"`
	Agent        string    `json:"agent"`
	Queue        string    `json:"queue"`
	State        string    `json:"state"`
	Version      uint64    `json:"version"`
	Messages     []Message `json:"messages"`
}

// AgentView is the agent as routing sees him.
type AgentView struct {
	ID       string   `json:"id"`
	Status   string   `json:"status"`
	Activity string   `json:"activity"`
	Contacts []string `json:"contacts"`
}

// Agent is an agent's page.
type Agent struct {
	base, tenant, login, password string
	http                          *http.Client
	socket                        *socket

	// OnOffer, OnMessage (once per id), OnContact, OnAgent, OnAccepted and OnRefused must not block.
	OnOffer    func(Offer)
	OnMessage  func(contact string, m Message)
	OnContact  func(Contact)
	OnAgent    func(AgentView)
	OnAccepted func(request string)
	OnRefused  func(request, code string)
	// OnReset is called when a snapshot comes, before what is in it; OnSnapshot after it.
	OnReset    func()
	OnSnapshot func()
	// OnFrame is called for each frame that shows something, with its type, before what it shows.
	OnFrame func(kind string)
	// LocalIP is the address to connect from; empty for any. Set it before Run.
	LocalIP string

	mu      sync.Mutex
	cookie  string
	refused bool
	shown   map[string]bool
	now     map[string]bool
	repeats int
	unsent  []command
}

type command struct {
	frame map[string]any
	at    time.Time
}

// NewAgent makes an agent's page. Run logs in and connects.
func NewAgent(base, tenant, login, password string) *Agent {
	a := &Agent{
		base: base, tenant: tenant, login: login, password: password,
		OnOffer: func(Offer) {}, OnMessage: func(string, Message) {}, OnContact: func(Contact) {}, OnAgent: func(AgentView) {},
		OnAccepted: func(string) {}, OnRefused: func(string, string) {}, OnReset: func() {}, OnSnapshot: func() {}, OnFrame: func(string) {},
		shown: make(map[string]bool), now: make(map[string]bool),
	}
	a.http = httpFrom(func() string { return a.LocalIP })
	a.socket = &socket{url: wsURL(base, "/api/ws"), header: a.header, prepare: a.ready, denied: a.forget, again: a.again, handle: a.handle}
	return a
}

func (a *Agent) header() http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	return http.Header{"Cookie": {a.cookie}, "Origin": {a.base}}
}

// ready logs in where there is no cookie.
func (a *Agent) ready(ctx context.Context) error {
	a.mu.Lock()
	has := a.cookie != ""
	clear(a.now)
	a.mu.Unlock()
	if has {
		return nil
	}
	err := a.Login(ctx)
	if errors.Is(err, ErrRefused) {
		a.mu.Lock()
		a.refused = true
		a.mu.Unlock()
	}
	return err
}

func (a *Agent) forget() {
	a.mu.Lock()
	a.cookie = ""
	a.mu.Unlock()
}

// Run keeps the page open until ctx is done. A login that is refused is tried again, and told at the end.
func (a *Agent) Run(ctx context.Context) error {
	a.socket.local = a.LocalIP
	a.socket.run(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused {
		return ErrRefused
	}
	return nil
}

// Drop cuts the connection, as a bad network does; the page connects again.
func (a *Agent) Drop() { a.socket.drop() }

// ServedBy is the process that serves the connection, as a balancer says in X-Served-By.
func (a *Agent) ServedBy() string { return a.socket.servedBy() }

// Repeats counts messages that one connection brought twice in frames of their own.
func (a *Agent) Repeats() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.repeats
}

// ErrRefused says that login and password are not accepted.
var ErrRefused = errors.New("login refused")

// Login logs in.
func (a *Agent) Login(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{"tenant": a.tenant, "login": a.login, "password": a.password})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/api/login", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", a.base)
	resp, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // the cookie is all we want
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w: %s", ErrRefused, resp.Status)
	default:
		return fmt.Errorf("no login: %s", resp.Status)
	}
	for _, c := range resp.Cookies() {
		if c.Name == "tributary" {
			a.mu.Lock()
			a.cookie = c.Name + "=" + c.Value
			a.mu.Unlock()
			return nil
		}
	}
	return errors.New("no login: there is no cookie")
}

func (a *Agent) again(olderThan time.Duration) []any {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	var out []any
	for i := range a.unsent {
		if now.Sub(a.unsent[i].at) >= olderThan {
			a.unsent[i].at = now
			out = append(out, a.unsent[i].frame)
		}
	}
	return out
}

// Do sends a command under a request id; it is sent again until it is accepted or refused.
func (a *Agent) Do(request, kind string, fields map[string]any) {
	c := command{map[string]any{"type": kind, "request": request}, time.Now()}
	for k, v := range fields {
		c.frame[k] = v
	}
	a.mu.Lock()
	a.unsent = append(a.unsent, c)
	a.mu.Unlock()
	_ = a.socket.send(c.frame) // else with the next connection
}

// Unaccepted counts commands that the log does not have yet.
func (a *Agent) Unaccepted() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.unsent)
}

func (a *Agent) settle(request string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, c := range a.unsent {
		if c.frame["request"] == request {
			a.unsent = append(a.unsent[:i:i], a.unsent[i+1:]...)
			return true
		}
	}
	return false
}

func (a *Agent) handle(raw []byte) {
	var f frame
	if json.Unmarshal(raw, &f) != nil {
		return
	}
	switch f.Type {
	case "snapshot", "offer", "agent", "contact", "message":
		a.OnFrame(f.Type)
	}
	switch f.Type {
	case "snapshot":
		a.snapshot(&f)
	case "offer":
		if f.Offer != nil {
			a.OnOffer(*f.Offer)
		}
	case "agent":
		if f.Agent != nil {
			a.OnAgent(*f.Agent)
		}
	case "contact":
		var c Contact
		if json.Unmarshal(f.Contact, &c) == nil {
			a.OnContact(c)
			a.show(c.ID, c.Messages)
		}
	case "message":
		var contact string
		var m Message
		if json.Unmarshal(f.Contact, &contact) == nil && json.Unmarshal(f.Message, &m) == nil {
			a.repeat(contact + " " + m.ID)
			a.show(contact, []Message{m})
		}
	case "accepted":
		if a.settle(f.Request) {
			a.OnAccepted(f.Request)
		}
	case "error":
		again := f.Code == "rate" || f.Code == "internal" || f.Code == "unavailable"
		// What was accepted may still come too late: then "refused" follows.
		if f.Request != "" && !again && (a.settle(f.Request) || f.Code == "refused") {
			a.OnRefused(f.Request, f.Code)
		}
	}
}

func (a *Agent) repeat(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.now[key] {
		a.repeats++
	}
	a.now[key] = true
}

func (a *Agent) snapshot(f *frame) {
	a.OnReset()
	if f.Agent != nil {
		a.OnAgent(*f.Agent)
	}
	for _, o := range f.Offers {
		a.OnOffer(o)
	}
	for _, c := range f.Contacts {
		a.OnContact(c)
		a.show(c.ID, c.Messages)
	}
	a.OnSnapshot()
}

func (a *Agent) show(contact string, all []Message) {
	for _, m := range all {
		a.mu.Lock()
		known := a.shown[m.ID]
		a.shown[m.ID] = true
		a.mu.Unlock()
		if !known {
			a.OnMessage(contact, m)
		}
	}
}
