package api

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

const (
	cookieName     = "tributary"
	csrfHeader     = "X-Tributary-Csrf"
	maxBody        = 64 << 10
	maxTokenBytes  = 4096
	requestTimeout = 15 * time.Second
	setupTimeout   = 45 * time.Second // a new version is in force when every fold has it
)

// route is one entry of the door. The table is what openapi.json is checked against.
type route struct {
	method, path string
	// open routes are served without a login.
	open bool
	// board routes are read by programs too; see boards.go.
	board bool
	// stream routes last as long as who reads them.
	stream bool
	// body and timeout bound it; zero is maxBody and requestTimeout.
	body    int64
	timeout time.Duration
	serve   func(s *Server, w http.ResponseWriter, r *http.Request, who person) error
}

func routes() []route {
	return []route{
		{method: "POST", path: "/api/login", open: true, serve: (*Server).login},
		{method: "GET", path: "/api/first", open: true, serve: (*Server).firstPage},
		{method: "POST", path: "/api/first", open: true, serve: (*Server).first},
		{method: "POST", path: "/api/logout", serve: (*Server).logout},
		{method: "GET", path: "/api/me", serve: (*Server).me},
		{method: "GET", path: "/api/openapi.json", open: true, serve: (*Server).openapi},
		{method: "GET", path: "/api/ws", serve: func(s *Server, w http.ResponseWriter, r *http.Request, who person) error {
			s.serveSocket(w, r, who)
			return nil
		}},
		{method: "GET", path: "/api/conversations/{id}", serve: (*Server).conversation},
		{method: "GET", path: "/api/conversations/{id}/messages", serve: (*Server).conversationMessages},
		{method: "GET", path: "/api/customers/{id}", serve: (*Server).customerProfile},
		{method: "GET", path: "/api/customers/{id}/messages", serve: (*Server).customerMessages},
		{method: "GET", path: "/api/customers/{id}/conversations", serve: (*Server).customerConversations},
		{method: "GET", path: "/api/contacts/{id}/decisions", serve: (*Server).contactDecisions},
		{method: "POST", path: "/api/messages/{id}/show", serve: (*Server).showMessage},
		{method: "POST", path: "/api/files", body: privacy.MaxFile + 1, timeout: fileTimeout, serve: (*Server).putFile},
		{method: "GET", path: "/api/files/{file}", timeout: fileTimeout, serve: (*Server).getFile},
		{method: "GET", path: "/api/floor", serve: (*Server).floor},
		{method: "GET", path: "/api/boards/me", board: true, serve: (*Server).boardMe},
		{method: "GET", path: "/api/boards/live", board: true, stream: true, serve: (*Server).boardLive},
		{method: "GET", path: "/api/boards/annotations", board: true, serve: (*Server).boardAnnotations},
		{method: "GET", path: "/api/queries", board: true, serve: (*Server).listQueries},
		{method: "POST", path: "/api/query", board: true, timeout: queryTimeout, serve: (*Server).runQueries},
		{method: "POST", path: "/api/practice", serve: (*Server).practice},
		{method: "GET", path: "/api/config", serve: (*Server).setup},
		{method: "POST", path: "/api/config", body: maxSetup, timeout: setupTimeout, serve: (*Server).applySetup},
		{method: "POST", path: "/api/config/check", body: maxSetup, serve: (*Server).checkSetup},
		{method: "GET", path: "/api/accounts", serve: (*Server).listAccounts},
		{method: "POST", path: "/api/accounts", serve: (*Server).createAccount},
		{method: "POST", path: "/api/accounts/{login}", serve: (*Server).changeAccount},
	}
}

func (s *Server) newHandler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.Handle(r.method+" "+r.path, s.wrap(r))
	}
	mux.Handle("/api/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, notFound("there is no such route"))
	}))
	mux.Handle("/", s.pages())
	return s.headers(mux)
}

// policy lets pages load what we serve and nothing else, and nobody frame them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		live.Secure(h, s.secure(r))
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func (s *Server) secure(r *http.Request) bool { return r.TLS != nil || s.config.Secure }

// wrap gives a route its limits, its login and its CSRF check.
func (s *Server) wrap(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &statusWriter{ResponseWriter: w, done: func(status int) {
			s.metrics.requests.WithLabelValues(rt.path, strconv.Itoa(status)).Inc()
		}}
		r.Body = live.Bounded(r.Body, cmp.Or(rt.body, maxBody))
		ctx := r.Context()
		if !rt.stream {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, cmp.Or(rt.timeout, requestTimeout))
			defer cancel()
			r = r.WithContext(ctx)
		}
		var who person
		var err error
		switch {
		case rt.board:
			who, err = s.authenticateBoard(r)
		case !rt.open:
			who, err = s.authenticate(r)
		}
		if err != nil {
			writeFault(w, err)
			return
		}
		if rt.timeout > 0 {
			defer carry(w, rt.timeout)()
		}
		if err := rt.serve(s, w, r, who); err != nil {
			if asFault(err).kind == kindInternal {
				s.logger.LogAttrs(ctx, slog.LevelError, "a request failed", slog.String("route", rt.path), slog.String("error", err.Error()))
			}
			writeFault(w, err)
		}
	})
}

// carry lifts the server's limit for whole requests, which is for small ones, for who has logged in; after its own time the
// connection neither reads nor writes any more, whoever holds its other end.
func carry(w http.ResponseWriter, limit time.Duration) (done func()) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // where it cannot be set there is none
	timer := time.AfterFunc(limit, func() {
		past := time.Unix(1, 0)
		_, _ = c.SetReadDeadline(past), c.SetWriteDeadline(past)
	})
	return func() { timer.Stop() }
}

func tokenOf(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return c.Value
}

// csrfOf derives the second half of the double check from the login's token: a page elsewhere has the browser send the
// cookie, but cannot read this.
func csrfOf(token string) string {
	sum := sha256.Sum256([]byte("tributary csrf\x00" + token))
	return hex.EncodeToString(sum[:16])
}

func (s *Server) authenticate(r *http.Request) (person, error) {
	token := tokenOf(r)
	if token == "" || len(token) > maxTokenBytes {
		return person{}, &fault{kindUnauthenticated, "unauthenticated", "log in first"}
	}
	who, err := s.who(r.Context(), token)
	if err != nil {
		return person{}, err
	}
	if who.can(access.ActionBoardForward) { // its token is for boards, and stands in their settings
		return person{}, denied("a program with the role dashboards reads boards and nothing else")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead &&
		subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(csrfOf(token))) != 1 {
		return person{}, errCsrf
	}
	return who, nil
}

// clientIP is what limits per client count by.
func (s *Server) clientIP(r *http.Request) string {
	return live.Site(live.ClientIP(r, s.config.ClientIP))
}

// decode reads a JSON body that has these fields and no others.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if f := asFault(err); f.kind == kindTooLarge {
			return f
		}
		return invalid("the body is not the JSON object that this route takes")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("there is something behind the JSON object")
	}
	return nil
}

// statusWriter tells the status of an answer once.
type statusWriter struct {
	http.ResponseWriter
	done func(status int)
	told bool
}

// WriteHeader passes the status on.
func (w *statusWriter) WriteHeader(status int) {
	if !w.told {
		w.told = true
		w.done(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is an answer with status 200 if none was given.
func (w *statusWriter) Write(b []byte) (int, error) {
	if !w.told {
		w.told = true
		w.done(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack gives the connection to a WebSocket.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("taking over the connection: %w", err)
	}
	w.told = true
	w.done(http.StatusSwitchingProtocols)
	return conn, rw, nil
}
