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
	OnSnapshot func()

	mu     sync.Mutex
	cookie string
	shown  map[string]bool
	unsent []command
}

type command map[string]any

// NewAgent makes an agent's page. Run logs in and connects.
func NewAgent(base, tenant, login, password string) *Agent {
	a := &Agent{
		base: base, tenant: tenant, login: login, password: password, http: &http.Client{Timeout: 5 * time.Second},
		OnOffer: func(Offer) {}, OnMessage: func(string, Message) {}, OnContact: func(Contact) {}, OnAgent: func(AgentView) {},
		OnAccepted: func(string) {}, OnRefused: func(string, string) {}, OnSnapshot: func() {}, shown: make(map[string]bool),
	}
	a.socket = &socket{url: wsURL(base, "/api/ws"), header: a.header, hello: a.hello, handle: a.handle}
	return a
}

func (a *Agent) header() http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	return http.Header{"Cookie": {a.cookie}, "Origin": {a.base}}
}

// Run keeps the page open until ctx is done.
func (a *Agent) Run(ctx context.Context) error {
	for {
		err := a.Login(ctx)
		if err == nil {
			break
		}
		if errors.Is(err, ErrRefused) {
			return err
		}
		if !pauseFor(ctx, 100*time.Millisecond) {
			return nil
		}
	}
	a.socket.run(ctx)
	return nil
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

func (a *Agent) hello(send func(any) error) error {
	a.mu.Lock()
	again := append([]command(nil), a.unsent...)
	a.mu.Unlock()
	for _, c := range again {
		if err := send(c); err != nil {
			return err
		}
	}
	return nil
}

// Do sends a command under a request id; it is sent again until it is accepted or refused.
func (a *Agent) Do(request, kind string, fields map[string]any) {
	c := command{"type": kind, "request": request}
	for k, v := range fields {
		c[k] = v
	}
	a.mu.Lock()
	a.unsent = append(a.unsent, c)
	a.mu.Unlock()
	_ = a.socket.send(c) // else with the next connection
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
		if c["request"] == request {
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
			a.show(contact, []Message{m})
		}
	case "accepted":
		if a.settle(f.Request) {
			a.OnAccepted(f.Request)
		}
	case "error":
		if f.Request != "" && f.Code != "rate" && f.Code != "unavailable" && a.settle(f.Request) {
			a.OnRefused(f.Request, f.Code)
		}
	}
}

func (a *Agent) snapshot(f *frame) {
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
