// Package client is a customer's and an agent's program: what the pages do in a browser, for the demo floor, the benchmarks
// and the chaos runs. It reconnects, repeats what was not accepted under the same id, and drops what it has by id.
package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

// Message is one thing said, as a page shows it.
type Message struct {
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence"`
	Author   string `json:"author"`
	Text     string `json:"text"`
	SentMS   int64  `json:"sent_ms"`
	State    string `json:"state"`
	ClientID string `json:"client_id"`
}

// frame is any frame of both doors; each kind uses some of the fields.
type frame struct {
	Type     string          `json:"type"`
	ID       string          `json:"id"`
	Request  string          `json:"request"`
	Code     string          `json:"code"`
	Text     string          `json:"text"`
	State    string          `json:"state"`
	Contact  json.RawMessage `json:"contact"`
	Message  json.RawMessage `json:"message"`
	Messages []Message       `json:"messages"`
	Offer    *Offer          `json:"offer"`
	Offers   []Offer         `json:"offers"`
	Contacts []Contact       `json:"contacts"`
	Agent    *AgentView      `json:"agent"`
}

// socket is one WebSocket with reconnecting around it. Frames are handled one after another.
type socket struct {
	url    string
	header func() http.Header
	hello  func(send func(any) error) error
	handle func(raw []byte)
	onDown func()

	mu   sync.Mutex
	conn *gws.Conn
	wg   sync.WaitGroup
}

// retryFirst and retryMost bound the pause between two tries to connect.
const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	pingEvery  = 500 * time.Millisecond
	deadAfter  = 2 * time.Second
)

type handler struct {
	gws.BuiltinEventHandler
	handle func([]byte)
	last   *clock
	closed chan struct{}
	once   sync.Once
}

// clock holds the time of the last frame.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) touch() {
	c.mu.Lock()
	c.at = time.Now()
	c.mu.Unlock()
}

func (c *clock) age() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.at)
}

func (h *handler) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close() //nolint:errcheck // returns the buffer
	h.last.touch()
	h.handle(m.Bytes())
}

func (h *handler) OnClose(*gws.Conn, error) { h.once.Do(func() { close(h.closed) }) }

// run keeps a connection until ctx is done.
func (s *socket) run(ctx context.Context) {
	pause := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		if err := s.once(ctx); err != nil && ctx.Err() == nil && s.onDown != nil {
			s.onDown()
		}
		if time.Since(began) > time.Second {
			pause = retryFirst
		}
		if !pauseFor(ctx, pause) {
			return
		}
		pause = min(2*pause, retryMost)
	}
}

func pauseFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once connects, serves frames, and returns when the connection is gone or silent.
func (s *socket) once(ctx context.Context) error {
	h := &handler{handle: s.handle, last: &clock{}, closed: make(chan struct{})}
	h.last.touch()
	conn, resp, err := gws.NewClient(h, &gws.ClientOption{
		Addr: s.url, RequestHeader: s.header(), HandshakeTimeout: 3 * time.Second, ReadMaxPayloadSize: 4 << 20,
		TlsConfig: &tls.Config{InsecureSkipVerify: strings.HasPrefix(s.url, "wss://127.0.0.1")}, //nolint:gosec // our own test servers on loopback
	})
	if err != nil {
		if resp != nil {
			return fmt.Errorf("connecting: %s: %w", resp.Status, err)
		}
		return err
	}
	go conn.ReadLoop()
	defer conn.WriteClose(1000, nil) //nolint:errcheck // it may be gone already
	if err := s.hello(func(v any) error { return write(conn, v) }); err != nil {
		return err
	}
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.conn = nil
		s.mu.Unlock()
	}()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-h.closed:
			return errors.New("the connection was closed")
		case <-ctx.Done():
			return nil
		case <-ping.C:
			if h.last.age() > deadAfter {
				return errors.New("the server is silent")
			}
			if err := write(conn, map[string]string{"type": "ping"}); err != nil {
				return err
			}
		}
	}
}

func write(c *gws.Conn, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.WriteMessage(gws.OpcodeText, b)
}

// send sends a frame if there is a connection; what must arrive is sent again by who keeps it.
func (s *socket) send(v any) error {
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c == nil {
		return errors.New("not connected")
	}
	return write(c, v)
}

// wsURL turns http into ws.
func wsURL(base, path string) string {
	return "ws" + strings.TrimPrefix(base, "http") + path
}
