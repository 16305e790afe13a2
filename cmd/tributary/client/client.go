// Package client is a customer's and an agent's program: what the pages do in a browser, for the demo floor, the benchmarks
// and the chaos runs. It reconnects, repeats what was not accepted under the same id, and drops what it has by id.
package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
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
	Survey   string          `json:"survey"`
}

// socket is one WebSocket with reconnecting around it. Frames are handled one after another.
type socket struct {
	url    string
	header func() http.Header
	// prepare runs before each try to connect: it gets what the connection needs, a token or a cookie.
	prepare func(ctx context.Context) error
	// hello makes the first frame of a connection; nil for none.
	hello func() any
	// again gives the frames that wait for an answer for longer than the time given.
	again  func(olderThan time.Duration) []any
	handle func(raw []byte)
	// denied is told when the server does not accept the token or the cookie.
	denied func()
	// local is the address to connect from; empty for any.
	local string

	mu     sync.Mutex
	conn   *gws.Conn
	server string
	// writing keeps a frame said again behind the frames said before it.
	writing sync.Mutex
}

// retryFirst and retryMost bound the pause between two tries to connect; what is not answered is said again after sayAgain.
const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	pingEvery  = 500 * time.Millisecond
	deadAfter  = 2 * time.Second
	sayAgain   = 2 * time.Second
	closeToken = 4001
)

type handler struct {
	gws.BuiltinEventHandler
	handle func([]byte)
	last   *clock
	closed chan struct{}
	code   uint16
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

func (h *handler) OnClose(_ *gws.Conn, err error) {
	h.once.Do(func() {
		if e := (*gws.CloseError)(nil); errors.As(err, &e) {
			h.code = e.Code
		}
		close(h.closed)
	})
}

// run keeps a connection until ctx is done.
func (s *socket) run(ctx context.Context) {
	pause := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		_ = s.once(ctx) // whatever it was, the next try tells
		if time.Since(began) > time.Second {
			pause = retryFirst
		}
		if !Pause(ctx, pause) {
			return
		}
		pause = min(2*pause, retryMost)
	}
}

// Pause waits for d; it is false when ctx was done first.
func Pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *socket) connect(ctx context.Context, h *handler) (*gws.Conn, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	conn, resp, err := gws.NewClient(h, &gws.ClientOption{ //nolint:bodyclose // the connection itself
		Addr: s.url, RequestHeader: s.header(), HandshakeTimeout: 3 * time.Second, ReadMaxPayloadSize: 4 << 20,
		TlsConfig: &tls.Config{InsecureSkipVerify: strings.HasPrefix(s.url, "wss://127.0.0.1")}, //nolint:gosec // our own test servers on loopback
		NewDialer: func() (gws.Dialer, error) { return dialerFrom(s.local), nil },
	})
	if err != nil {
		if resp != nil {
			if resp.StatusCode == http.StatusUnauthorized {
				s.denied()
			}
			return nil, fmt.Errorf("connecting: %s: %w", resp.Status, err)
		}
		return nil, err
	}
	s.mu.Lock()
	s.server = resp.Header.Get("X-Served-By")
	s.mu.Unlock()
	return conn, nil
}

// once connects, serves frames, and returns when the connection is gone or silent.
func (s *socket) once(ctx context.Context) error {
	h := &handler{handle: s.handle, last: &clock{}, closed: make(chan struct{})}
	h.last.touch()
	conn, err := s.connect(ctx, h)
	if err != nil {
		return err
	}
	go conn.ReadLoop()
	defer conn.WriteClose(1000, nil) //nolint:errcheck // it may be gone already
	if s.hello != nil {
		if err := write(conn, s.hello()); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.conn = nil
		s.mu.Unlock()
	}()
	if err := s.repeat(0); err != nil {
		return err
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-h.closed:
			if h.code == closeToken {
				s.denied()
			}
			return errors.New("the connection was closed")
		case <-ctx.Done():
			return nil
		case <-ping.C:
			if h.last.age() > deadAfter {
				return errors.New("the server is silent")
			}
			if err := s.send(map[string]string{"type": "ping"}); err != nil {
				return err
			}
			if err := s.repeat(sayAgain); err != nil {
				return err
			}
		}
	}
}

// repeat says again what was not answered.
func (s *socket) repeat(olderThan time.Duration) error {
	for _, f := range s.again(olderThan) {
		if err := s.send(f); err != nil {
			return err
		}
	}
	return nil
}

// drop cuts the connection, as a bad network does.
func (s *socket) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.NetConn().Close()
	}
}

// servedBy is what the balancer says of who serves the connection.
func (s *socket) servedBy() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server
}

func dialerFrom(local string) *net.Dialer {
	d := &net.Dialer{Timeout: 3 * time.Second}
	if local != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(local)}
	}
	return d
}

// httpFrom is a client whose connections begin at an address and do not outlive a request: a server that is killed keeps none.
func httpFrom(local func() string) *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // our own test servers on loopback
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialerFrom(local()).DialContext(ctx, network, addr)
		},
	}}
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
	s.writing.Lock()
	defer s.writing.Unlock()
	return write(c, v)
}

// wsURL turns http into ws.
func wsURL(base, path string) string {
	return "ws" + strings.TrimPrefix(base, "http") + path
}
