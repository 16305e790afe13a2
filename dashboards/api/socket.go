package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/tributary-cc/tributary/stream/live"
)

// serveSocket upgrades an agent's page.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, who person) {
	switch {
	case !s.sameOrigin(r):
		writeFault(w, denied("this origin may not open a connection"))
		return
	case s.stopped.Load() || s.Ready() != nil:
		writeFault(w, unavailable("the view is catching up; try again"))
		return
	case !s.places.Take(who.account()):
		writeFault(w, errRate)
		return
	}
	if !s.sockets.Serve(w, r, func(conn *live.Conn) live.Peer { return s.newSession(conn, who, tokenOf(r)) }) {
		s.places.Return(who.account())
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

// account names whose connections are counted together.
func (p person) account() string { return p.Tenant + "/" + p.Account }

func (s *Server) leave(c *session) {
	s.conns.Leave(c)
	s.places.Return(c.who.account())
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
