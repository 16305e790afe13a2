package api

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/access"
)

// Boards are read by programs in front of people: a program's token says for whom it asks, and what that person may see is
// decided here. Supervisors' own sessions may read the same.

const (
	userHeader = "X-Tributary-User"
	// askRate and askBurst bound the requests of one person's boards: fifty screens may be signed in as the same.
	askRate, askBurst = 500, 2000
	// lookEvery is how often it is written down that a person looks at boards: a board asks every few seconds.
	lookEvery = time.Hour
)

// looks remember of whom it was written down lately that they look at boards.
type looks struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (l *looks) due(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, known := l.at[key]
	return !known || now.Sub(at) >= lookEvery
}

func (l *looks) told(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil || len(l.at) >= maxLimited {
		l.at = make(map[string]time.Time)
	}
	l.at[key] = now
}

var errUnauthenticated = &fault{kindUnauthenticated, "unauthenticated", "log in first, or send a program's token: Authorization: Bearer …"}

// bearerOf is the token of a program, or nothing.
func bearerOf(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// asking is by what right a board is read: a token, and for whom a program asks. Who is asked for without a name is nobody:
// a program that knows nobody's login must not see what the program itself may.
type asking struct {
	token     string
	login     string
	forwarded bool
	cookie    bool // the token is a browser's
}

func (a asking) String() string { return "a token" } // it is no word for logs

func askingOf(r *http.Request) asking {
	logins := r.Header.Values(userHeader)
	a := asking{token: bearerOf(r), login: strings.Join(logins, ","), forwarded: len(logins) > 0}
	if a.token == "" {
		a.token, a.cookie = tokenOf(r), true
	}
	return a
}

// authenticateBoard says who reads a board: who is logged in, or the program, or the person for whom it asks.
func (s *Server) authenticateBoard(r *http.Request) (person, error) {
	a, program := askingOf(r), bearerOf(r) != ""
	if a.token == "" || len(a.token) > maxTokenBytes {
		return person{}, errUnauthenticated
	}
	who, err := s.boardPerson(r.Context(), a)
	if err != nil {
		return person{}, err
	}
	// A browser sends the cookie by itself, so a change needs the second half; a token is sent on purpose.
	if !program && r.Method != http.MethodGet && subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(csrfOf(a.token))) != 1 {
		return person{}, errCsrf
	}
	if !s.asks.Take(who.account(), s.now()) {
		return person{}, errRate
	}
	return who, nil
}

// boardPerson finds who reads by a right; the same again tells whether the right still stands.
func (s *Server) boardPerson(ctx context.Context, a asking) (person, error) {
	who, err := s.who(ctx, a.token)
	if err != nil {
		return person{}, err
	}
	if a.cookie && access.Program(who.who.Roles) { // a program sends its token on purpose, and no browser should have it
		return person{}, errUnauthenticated
	}
	if !a.forwarded {
		return who, s.mayLook(ctx, who)
	}
	if !who.can(access.ActionBoardForward) {
		return person{}, &fault{kindInvalid, "invalid", userHeader + ": only the token of a program with the role dashboards asks for others; leave it out"}
	}
	p, err := s.config.Accounts.Forward(ctx, who.who, a.login)
	if errors.Is(err, access.ErrNotFound) {
		if !s.asks.Take(who.account()+" unknown", s.now()) {
			return person{}, errRate // it is not here that logins are tried out
		}
		return person{}, &fault{
			kindDenied, "unknown_user",
			"there is no open account here with the login of who is signed in; an administrator makes it with the same login, e.g. `tributary user add LOGIN --role supervisor`",
		}
	}
	if err != nil {
		return person{}, err
	}
	forwarded := personOf(p)
	return forwarded, s.mayLook(ctx, forwarded)
}

// mayLook asks for the right to read boards. Refusals are written down, and that somebody looks, once an hour.
func (s *Server) mayLook(ctx context.Context, who person) error {
	may := who.can(access.ActionBoardRead)
	key := who.account()
	if !may {
		key += " refused"
	}
	if s.looks.due(key, s.now()) {
		if err := s.audit(ctx, who, access.ActionBoardRead, "boards", may); err != nil {
			return err
		}
		s.looks.told(key, s.now())
	}
	if !may {
		return &fault{kindDenied, "forbidden", "boards are open to the roles supervisor, qa and admin, and to programs with the role dashboards; an administrator gives roles"}
	}
	return nil
}
