package webchat

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	maxBody = 8 << 10
	// tokenTTL is how long a browser may stay away and still be the same visitor; each visit renews it.
	tokenTTL = 30 * 24 * time.Hour
)

// Handler serves customers' browsers below /webchat/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /webchat/widget.js", s.widget)
	mux.HandleFunc("POST /webchat/session", s.begin)
	mux.HandleFunc("OPTIONS /webchat/session", s.preflight)
	mux.HandleFunc("GET /webchat/ws", s.socket)
	mux.HandleFunc("/webchat/", func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, &fault{http.StatusNotFound, "not_found", "there is no such route"})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		live.Secure(h, s.secure(r))
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		// The widget runs in the pages of shops.
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) secure(r *http.Request) bool { return r.TLS != nil || s.config.Secure }

func (s *Server) widget(w http.ResponseWriter, r *http.Request) {
	if s.config.Widget == nil {
		writeFault(w, &fault{http.StatusNotFound, "not_found", "this process serves no widget"})
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeFileFS(w, r, s.config.Widget, "widget.js")
}

// preflight answers a browser's question whether it may post from another origin. It cannot be asked for one entry point:
// the post itself is.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); s.entries.anyAllows(origin) {
		allowOrigin(w, origin)
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

func allowOrigin(w http.ResponseWriter, origin string) {
	w.Header().Set("Access-Control-Allow-Origin", origin)
}

type sessionBody struct {
	EntryPoint string `json:"entry_point"`
	Token      string `json:"token"`
}

type sessionAnswer struct {
	Token     string `json:"token"`
	ExpiresMs int64  `json:"expires_ms"`
	Greeting  string `json:"greeting"`
	Language  string `json:"language"`
}

// begin gives a browser a visitor's token, or renews the one it has.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if s.entries.anyAllows(origin) {
		allowOrigin(w, origin) // so that the shop's page may read refusals too
	}
	answer, err := s.session(w, r, origin)
	if err != nil {
		writeFault(w, err)
		return
	}
	live.WriteJSON(w, http.StatusOK, answer)
}

func (s *Server) session(w http.ResponseWriter, r *http.Request, origin string) (*sessionAnswer, error) {
	if err := s.Ready(); err != nil || s.stopped.Load() {
		return nil, &fault{http.StatusServiceUnavailable, "unavailable", "the chat is starting; try again"}
	}
	if !s.sessions.Take(s.clientIP(r), s.config.Now()) {
		return nil, errRate
	}
	var body sessionBody
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		if f := asFault(err); f.status == http.StatusRequestEntityTooLarge {
			return nil, f
		}
		return nil, invalid("the body is not the JSON object that this route takes")
	}
	entry, err := s.admitted(r, body.EntryPoint, origin)
	if err != nil {
		return nil, err
	}
	visitor := s.config.NewID()
	if old, oldErr := s.config.Tokens.VerifyVisitor(body.Token); oldErr == nil && old.Tenant == entry.tenant && old.EntryPoint == entry.GetId() {
		visitor = old.Visitor
	}
	token, err := s.config.Tokens.VisitorToken(access.Visitor{Tenant: entry.tenant, EntryPoint: entry.GetId(), Visitor: visitor}, tokenTTL)
	if err != nil {
		return nil, err
	}
	return &sessionAnswer{token, s.config.Now().Add(tokenTTL).UnixMilli(), entry.GetGreeting(), entry.GetLanguage()}, nil
}

// admitted finds the entry point and checks that the page may show it.
func (s *Server) admitted(r *http.Request, name, origin string) (entryPoint, error) {
	entry, err := s.entries.find(name)
	if err != nil {
		return entryPoint{}, err
	}
	if !entry.allows(origin) && !sameHost(origin, r.Host, s.secure(r)) {
		return entryPoint{}, &fault{http.StatusForbidden, "origin", "this page may not show this entry point"}
	}
	return entry, nil
}

// clientIP is what limits per client count by.
func (s *Server) clientIP(r *http.Request) string {
	return live.Site(live.ClientIP(r, s.config.ClientIP))
}

// socket upgrades a browser's connection; it says who it is in its first frame.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(); err != nil || s.stopped.Load() {
		writeFault(w, &fault{http.StatusServiceUnavailable, "unavailable", "the chat is starting; try again"})
		return
	}
	entry, err := s.admitted(r, r.URL.Query().Get("entry_point"), r.Header.Get("Origin"))
	if err != nil {
		writeFault(w, err)
		return
	}
	where := s.clientIP(r)
	if !s.places.Take(where) {
		writeFault(w, errRate)
		return
	}
	if !s.sockets.Serve(w, r, func(conn *live.Conn) live.Peer { return s.newSession(conn, entry, where) }) {
		s.places.Return(where)
	}
}

func (s *Server) leave(c *session) {
	s.conns.Leave(c)
	s.places.Return(c.where)
}

func (s *Server) all() []*session { return s.conns.All() }
