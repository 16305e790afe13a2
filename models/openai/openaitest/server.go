// Package openaitest is a stand-in for a model server, for tests: it speaks the wire format over real HTTP, and can be slow, off or lying.
// What it says is chosen by the test; it understands nothing.
package openaitest

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mode is how the stand-in behaves, in words.
type Mode = string

// The modes.
const (
	On            Mode = "on"
	Hang          Mode = "hanging"
	Slow          Mode = "slow" // answers after Delay
	Error500      Mode = "status 500"
	Error429      Mode = "status 429"
	ErrorOnce     Mode = "status 503 once"
	BusyLong      Mode = "status 429, come back in an hour"
	Filtered      Mode = "status 400 that repeats the question"
	Denied        Mode = "status 401"
	Redirect      Mode = "redirect"
	Huge          Mode = "huge body"
	CutOff        Mode = "closed inside the body"
	Drop          Mode = "closed before an answer"
	NotJSON       Mode = "not JSON"
	NotChat       Mode = "JSON of something else"
	NoChoice      Mode = "no choice"
	TwoChoices    Mode = "two choices"
	Refusal       Mode = "refusal"
	ToolCall      Mode = "tool call"
	Unfinished    Mode = "unfinished"
	Prose         Mode = "prose instead of JSON"
	Echo          Mode = "repeats the customer"
	UnknownIntent Mode = "unknown intent"
	ExtraField    Mode = "a field of its own"
	ExtraText     Mode = "text behind the object"
	TwiceIntent   Mode = "the intent twice"
	OtherCase     Mode = "a field in capitals"
	WrongType     Mode = "confidence as text"
	Fraction      Mode = "confidence as a fraction"
	TooSure       Mode = "confidence beyond all"
	Missing       Mode = "without confidence"
	Array         Mode = "an array"
)

// Lies are the modes in which the server answers, and nothing of it may be taken.
func Lies() []Mode {
	return []Mode{
		Huge, NotJSON, NotChat, NoChoice, TwoChoices, Refusal, ToolCall, Unfinished, Prose, Echo, UnknownIntent, ExtraField, ExtraText,
		TwiceIntent, OtherCase, WrongType, Fraction, TooSure, Missing, Array,
	}
}

// Request is what the client sent, as far as tests ask.
type Request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role, Content string
	} `json:"messages"`
	ResponseFormat struct {
		Type       string
		JSONSchema struct {
			Name   string
			Strict bool
			Schema json.RawMessage
		} `json:"json_schema"`
	} `json:"response_format"`
	Temperature   float64         `json:"temperature"`
	Tools         json.RawMessage `json:"tools"`
	Authorization string          `json:"-"`
}

// Server is the stand-in.
type Server struct {
	*httptest.Server

	mu       sync.Mutex
	mode     Mode
	delay    time.Duration
	answer   func(Request) (intent string, confidence int)
	requests []Request
	ending   chan struct{}
}

// Start starts it until the test ends. It answers with what answer says.
func Start(t testing.TB, answer func(Request) (intent string, confidence int)) *Server {
	return start(t, answer, (*httptest.Server).Start)
}

// StartTLS starts it with a certificate that only CAs verifies.
func StartTLS(t testing.TB, answer func(Request) (intent string, confidence int)) *Server {
	return start(t, answer, (*httptest.Server).StartTLS)
}

// StartPiped starts it without a network, in a bubble of testing/synctest; dial leads to it.
func StartPiped(t testing.TB, answer func(Request) (intent string, confidence int)) (s *Server, dial func(ctx context.Context, network, addr string) (net.Conn, error)) {
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	s = start(t, answer, func(h *httptest.Server) {
		_ = h.Listener.Close()
		h.Listener = l
		h.Start()
	})
	return s, l.dial
}

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept gives the next connection.
func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further ones.
func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is of the machine itself.
func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func start(t testing.TB, answer func(Request) (string, int), listen func(*httptest.Server)) *Server {
	s := &Server{mode: On, answer: answer, ending: make(chan struct{})}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that refuses a certificate is part of a test
	listen(s.Server)
	t.Cleanup(func() { close(s.ending); s.Close() })
	return s
}

// CAs verify the certificate of StartTLS.
func (s *Server) CAs() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.Certificate())
	return p
}

// Be changes how it behaves.
func (s *Server) Be(m Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = m
}

// Delay is how long Slow takes.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Requests are all so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var asked Request
	if err != nil || json.Unmarshal(body, &asked) != nil || r.URL.Path != "/v1/chat/completions" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	asked.Authorization = r.Header.Get("Authorization")
	s.mu.Lock()
	mode, delay := s.mode, s.delay
	s.requests = append(s.requests, asked)
	if mode == ErrorOnce {
		s.mode = On
	}
	s.mu.Unlock()
	if mode == Hang {
		delay = time.Hour
	}
	if mode == Slow || mode == Hang {
		select {
		case <-time.NewTimer(delay).C:
		case <-r.Context().Done():
			return
		case <-s.ending:
			return
		}
	}
	if !s.broken(w, mode, asked) {
		s.speak(w, mode, asked)
	}
}

// broken behaves as a server that does not get as far as an answer.
func (s *Server) broken(w http.ResponseWriter, mode Mode, asked Request) bool {
	fail := func(status int, message string) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "error"}})
		return true
	}
	switch mode {
	case Error500:
		return fail(http.StatusInternalServerError, "broken")
	case ErrorOnce:
		return fail(http.StatusServiceUnavailable, "starting")
	case Error429:
		return fail(http.StatusTooManyRequests, "too many")
	case BusyLong:
		w.Header().Set("Retry-After", "3600")
		return fail(http.StatusTooManyRequests, "too many")
	case Filtered:
		return fail(http.StatusBadRequest, "filtered: "+asked.Messages[len(asked.Messages)-1].Content)
	case Denied:
		return fail(http.StatusUnauthorized, "who are you")
	case Redirect:
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case Huge:
		_, _ = io.WriteString(w, `{"id":"`)
		for range 1000 {
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
		}
		_, _ = io.WriteString(w, `"}`)
	case CutOff:
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, `{"id":"x","choices":[`)
		panic(http.ErrAbortHandler) //nolint:forbidigo // how a handler closes the connection
	case Drop:
		panic(http.ErrAbortHandler) //nolint:forbidigo // how a handler closes the connection
	case NotJSON:
		_, _ = io.WriteString(w, "<html>welcome</html>")
	case NotChat:
		_, _ = io.WriteString(w, `{"choices":"none","usage":[]}`)
	default:
		return false
	}
	return true
}

// speak answers in the wire format, with what the mode makes of it.
func (s *Server) speak(w http.ResponseWriter, mode Mode, asked Request) {
	intent, confidence := s.answer(asked)
	right, _ := json.Marshal(map[string]any{"intent": intent, "confidence": confidence}) //nolint:errchkjson // text and a number
	name, _ := json.Marshal(intent)                                                      //nolint:errchkjson // text
	q := string(name)
	content := map[Mode]string{
		Prose:         "The customer wants " + intent + ".",
		Echo:          asked.Messages[len(asked.Messages)-1].Content,
		UnknownIntent: `{"intent":"make_me_vip","confidence":1000}`,
		ExtraField:    `{"intent":` + q + `,"confidence":900,"priority":1}`,
		ExtraText:     string(right) + " Best wishes!",
		TwiceIntent:   `{"intent":"make_me_vip","intent":` + q + `,"confidence":900}`,
		OtherCase:     `{"Intent":` + q + `,"confidence":900}`,
		WrongType:     `{"intent":` + q + `,"confidence":"900"}`,
		Fraction:      `{"intent":` + q + `,"confidence":0.9}`,
		TooSure:       `{"intent":` + q + `,"confidence":1001}`,
		Missing:       `{"intent":` + q + `}`,
		Array:         `[` + string(right) + `]`,
	}[mode]
	if content == "" {
		content = string(right)
	}
	message := map[string]any{"role": "assistant", "content": content}
	finish := "stop"
	switch mode {
	case Refusal:
		message["refusal"] = "no"
	case ToolCall:
		message["tool_calls"] = []any{map[string]any{"id": "1", "type": "function", "function": map[string]any{"name": "make_vip", "arguments": "{}"}}}
	case Unfinished:
		finish = "length"
	}
	choice := map[string]any{"index": 0, "message": message, "finish_reason": finish}
	choices := []any{choice}
	switch mode {
	case NoChoice:
		choices = []any{}
	case TwoChoices:
		choices = []any{choice, choice}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked.Model, "choices": choices,
		"usage": map[string]any{"prompt_tokens": 400, "completion_tokens": 20, "total_tokens": 420},
	})
}
