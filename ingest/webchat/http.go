package webchat

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	maxBody = 8 << 10
	// tokenTTL is how long a browser may stay away and still be the same visitor; each visit renews it.
	tokenTTL = 30 * 24 * time.Hour
	// userTTL is the most for a site's user, whom only the site's word lets in again, and no longer than it says.
	userTTL = 24 * time.Hour
)

// Handler serves customers' browsers below /webchat/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /webchat/widget.js", s.widget)
	mux.HandleFunc("POST /webchat/session", s.begin)
	mux.HandleFunc("OPTIONS /webchat/session", s.preflight)
	mux.HandleFunc("GET /webchat/ws", s.socket)
	mux.HandleFunc("POST /webchat/files", s.upload)
	mux.HandleFunc("OPTIONS /webchat/files", s.preflight)
	mux.HandleFunc("GET /webchat/files/{file}", s.download)
	mux.HandleFunc("OPTIONS /webchat/files/{file}", s.preflight)
	mux.HandleFunc("/webchat/", func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, &fault{status: http.StatusNotFound, Code: "not_found", Text: "there is no such route"})
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
		writeFault(w, &fault{status: http.StatusNotFound, Code: "not_found", Text: "this process serves no widget"})
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeFileFS(w, r, s.config.Widget, "widget.js")
}

// preflight answers a browser's question whether it may ask from another origin. It cannot be asked for one entry point:
// the post itself is.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); s.entries.anyAllows(origin) {
		allowOrigin(w, origin)
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

func allowOrigin(w http.ResponseWriter, origin string) {
	w.Header().Set("Access-Control-Allow-Origin", origin)
}

// allowPage lets a page that may show any entry point read the answer, refusals too.
func (s *Server) allowPage(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); s.entries.anyAllows(origin) {
		allowOrigin(w, origin)
	}
}

func writeJSON(w http.ResponseWriter, body any) { live.WriteJSON(w, http.StatusOK, body) }

type sessionBody struct {
	EntryPoint string `json:"entry_point"`
	Token      string `json:"token"`
	// Visitor is the site's signed word for who its user is.
	Visitor string `json:"visitor"`
}

type question struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Kind     string   `json:"kind"`
	Required bool     `json:"required"`
	Choices  []string `json:"choices,omitempty"`
}

type sessionAnswer struct {
	Token     string `json:"token"`
	ExpiresMs int64  `json:"expires_ms"`
	Greeting  string `json:"greeting"`
	Language  string `json:"language"`
	// Form is asked before the first message of a chat.
	Form []question `json:"form"`
	// Open is false outside of the queue's hours, and opens_ms when they begin next, 0 if that is not in sight.
	Open    bool  `json:"open"`
	OpensMs int64 `json:"opens_ms,omitempty"`
	Survey  bool  `json:"survey"`
	Files   bool  `json:"files"`
	// Known says that the token is of the site's user.
	Known bool `json:"known"`
}

// begin gives a browser a visitor's token, or renews the one it has.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) {
	s.allowPage(w, r)
	answer, err := s.session(w, r, r.Header.Get("Origin"))
	if err != nil {
		writeFault(w, err)
		return
	}
	writeJSON(w, answer)
}

func (s *Server) session(w http.ResponseWriter, r *http.Request, origin string) (*sessionAnswer, error) {
	if err := s.Ready(); err != nil || s.stopped.Load() {
		return nil, &fault{status: http.StatusServiceUnavailable, Code: "unavailable", Text: "the chat is starting; try again"}
	}
	if !s.sessions.Take(s.clientIP(r), s.config.Now()) {
		return nil, errRate
	}
	var body sessionBody
	if err := json.NewDecoder(live.Bounded(r.Body, maxBody)).Decode(&body); err != nil {
		if f := asFault(err); f.status == http.StatusRequestEntityTooLarge {
			return nil, f
		}
		return nil, invalid("the body is not the JSON object that this route takes")
	}
	entry, err := s.admitted(r, body.EntryPoint, origin)
	if err != nil {
		return nil, err
	}
	visitor, ttl, err := s.visitorOf(r, entry, &body)
	if err != nil {
		return nil, err
	}
	token, err := s.config.Tokens.VisitorToken(access.Visitor{Tenant: entry.tenant, EntryPoint: entry.GetId(), Visitor: visitor}, ttl)
	if err != nil {
		return nil, err
	}
	now, hours := s.config.Now(), s.entries.hoursOf(entry)
	answer := &sessionAnswer{
		Token: token, ExpiresMs: now.Add(ttl).UnixMilli(), Greeting: entry.GetGreeting(), Language: entry.GetLanguage(), Form: []question{},
		Open: openAt(hours, now.UnixMilli()), Survey: entry.GetSurvey(), Files: s.config.Files != nil, Known: strings.HasPrefix(visitor, sitePrefix),
	}
	if !answer.Open {
		answer.OpensMs = opensAt(hours, now.UnixMilli())
	}
	for _, f := range formOf(entry, answer.Open) {
		answer.Form = append(answer.Form, question{f.GetName(), f.GetLabel(), f.GetKind(), f.GetRequired(), f.GetChoices()})
	}
	return answer, nil
}

// visitorOf is whose token a browser gets, and for how long: the site's user, who they were, or somebody new. A user's token is
// never renewed by itself: who logs out of the site must not go on reading.
func (s *Server) visitorOf(r *http.Request, entry entryPoint, body *sessionBody) (visitor string, ttl time.Duration, err error) {
	if body.Visitor != "" {
		intro, vouchErr := s.vouched(r.Context(), entry, body.Visitor)
		if vouchErr != nil {
			return "", 0, vouchErr
		}
		return intro.visitor, min(userTTL, intro.until.Sub(s.config.Now())), nil
	}
	old, oldErr := s.config.Tokens.VerifyVisitor(body.Token)
	if oldErr == nil && old.Tenant == entry.tenant && old.EntryPoint == entry.GetId() && !strings.HasPrefix(old.Visitor, sitePrefix) {
		return old.Visitor, tokenTTL, nil
	}
	return s.config.NewID(), tokenTTL, nil
}

// admitted finds the entry point and checks that the page may show it.
func (s *Server) admitted(r *http.Request, name, origin string) (entryPoint, error) {
	entry, err := s.entries.find(name)
	if err != nil {
		return entryPoint{}, err
	}
	if !entry.allows(origin) && !sameHost(origin, r.Host, s.secure(r)) {
		return entryPoint{}, &fault{status: http.StatusForbidden, Code: "origin", Text: "this page may not show this entry point"}
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
		writeFault(w, &fault{status: http.StatusServiceUnavailable, Code: "unavailable", Text: "the chat is starting; try again"})
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
