package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/lxzan/gws"
)

// holder carries the session of a connection in the place that gws has for values by name.
type holder struct{ session *session }

func (h *holder) Len() int                     { return 0 }
func (h *holder) Load(string) (any, bool)      { return nil, false }
func (h *holder) Delete(string)                {}
func (h *holder) Store(string, any)            {}
func (h *holder) Range(func(string, any) bool) {}

// events passes gws's callbacks to the session.
type events struct{ server *Server }

func sessionOf(conn *gws.Conn) *session {
	h, ok := conn.Session().(*holder)
	if !ok {
		return nil
	}
	return h.session
}

// OnOpen is called first, in the connection's reading goroutine.
func (events) OnOpen(conn *gws.Conn) {
	if c := sessionOf(conn); c != nil {
		c.open()
	}
}

// OnClose is called last, in the same goroutine.
func (events) OnClose(conn *gws.Conn, _ error) {
	if c := sessionOf(conn); c != nil {
		c.close()
	}
}

// OnPing answers, through the queue: a flood of pings is bounded as everything else.
func (events) OnPing(conn *gws.Conn, _ []byte) {
	if c := sessionOf(conn); c != nil {
		c.read(gws.OpcodeText, []byte(`{"type":"ping"}`))
	}
}

// OnPong is a sign of life.
func (events) OnPong(conn *gws.Conn, _ []byte) {
	if c := sessionOf(conn); c != nil {
		c.idle.Store(0)
	}
}

// OnMessage is called for one frame after the other.
func (events) OnMessage(conn *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }() // gives the buffer back; it cannot fail
	if c := sessionOf(conn); c != nil {
		c.read(m.Opcode, m.Bytes())
	}
}

// silent drops the library's own log lines: they may quote a frame.
type silent struct{}

func (silent) Error(...any) {}

func (s *Server) newUpgrader() *gws.Upgrader {
	return gws.NewUpgrader(events{s}, &gws.ServerOption{
		ReadMaxPayloadSize: maxFrame, WriteMaxPayloadSize: 64 << 20, ReadBufferSize: 2 << 10, CheckUtf8Enabled: true,
		HandshakeTimeout: 5 * time.Second, Logger: silent{},
		NewSession: func() gws.SessionStorage { return new(holder) },
		Recovery: func(gws.Logger) {
			if r := recover(); r != nil {
				s.logger.Error("a command panicked", slog.String("kind", fmt.Sprintf("%T", r)), slog.String("stack", string(debug.Stack())))
			}
		},
	})
}

// serveSocket upgrades an agent's page.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, who person) {
	switch {
	case !s.sameOrigin(r):
		writeFault(w, denied("this origin may not open a connection"))
		return
	case s.stopped.Load() || s.Ready() != nil:
		writeFault(w, unavailable("the view is catching up; try again"))
		return
	case !s.admit(who):
		writeFault(w, errRate)
		return
	}
	conn, err := s.upgrader.Upgrade(w, r)
	if err != nil {
		s.release(who)
		return // the library has answered
	}
	h, ok := conn.Session().(*holder)
	if !ok {
		s.release(who)
		return
	}
	c := s.newSession(who, tokenOf(r))
	c.conn, h.session = conn, c
	if !s.work.Start(conn.ReadLoop) {
		s.release(who)
		c.Cut()
	}
}

// sameOrigin checks the Origin that a browser sends: a page elsewhere must not open a connection with our cookie.
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Host, r.Host) && (u.Scheme == "https" || (u.Scheme == "http" && r.TLS == nil && !s.config.Secure)) {
		return true
	}
	for _, o := range s.config.Origins {
		if strings.EqualFold(o, origin) {
			return true
		}
	}
	return false
}

// admit counts a connection before it is made.
func (s *Server) admit(who person) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := 0
	for _, n := range s.accounts {
		total += n
	}
	key := who.Tenant + "/" + who.Account
	if total >= s.limits.Connections || s.accounts[key] >= s.limits.PerAccount {
		return false
	}
	s.accounts[key]++
	return true
}

func (s *Server) release(who person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := who.Tenant + "/" + who.Account
	if s.accounts[key]--; s.accounts[key] <= 0 {
		delete(s.accounts, key)
	}
}

func (s *Server) leave(c *session) {
	s.conns.Leave(c)
	s.release(c.who)
}

func (s *Server) all() []*session { return s.conns.All() }

// domain is a routing domain of a tenant.
type domain struct{ tenant, domain string }

// domains are the routing domains that have agents here.
func (s *Server) domains() []domain {
	seen := make(map[domain]bool)
	var out []domain
	for _, c := range s.all() {
		d := domain{c.who.Tenant, c.domain}
		if c.who.works() && !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}
