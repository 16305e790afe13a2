package chaos

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Said is one message in the ledger.
type Said struct {
	ID, Token, Text string
	// By is who wrote it, Agent whether that is an agent, Contact where an agent wrote it.
	By, Contact string
	Agent       bool
	SentAt      time.Time
	// Accepted is when "accepted" came; zero while it has not. Refused is the code of a refusal.
	Accepted time.Time
	Refused  string
}

// Ledger is what the generator knows, kept outside the system. It may be used from many goroutines.
type Ledger struct {
	seed uint64
	// history is what agents did with contacts.
	history *History

	mu    sync.Mutex
	said  map[string]*Said
	order []*Said
	// shown tells for each person and token under which message ids it was shown.
	shown map[viewed]map[string]bool
	// byToken finds what a token belongs to.
	byToken  map[string]*Said
	foreign  []string
	frames   int
	accepted int
}

type viewed struct{ who, token string }

// NewLedger makes an empty one.
func NewLedger(seed uint64) *Ledger {
	return &Ledger{seed: seed, history: NewHistory(), said: map[string]*Said{}, shown: map[viewed]map[string]bool{}, byToken: map[string]*Said{}}
}

// letters leaves out x, which can end an identity card.
const letters = "abcdefghijklmnopqrstuvwyz"

// Token is the word that a message is known by, of letters alone so that masking leaves it as it is.
func (l *Ledger) Token(id string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", l.seed, id))
	out := []byte("tok")
	for _, b := range sum[:12] {
		out = append(out, letters[int(b)%len(letters)])
	}
	return string(out)
}

// Say enters a message before it is sent and gives its text: the token, then what is said.
func (l *Ledger) Say(id, by, contact string, agent bool, words string) string {
	s := &Said{ID: id, Token: l.Token(id), By: by, Contact: contact, Agent: agent, SentAt: time.Now()}
	s.Text = s.Token + " " + words
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said[id], l.byToken[s.Token] = s, s
	l.order = append(l.order, s)
	return s.Text
}

// Accepted enters the acknowledgement.
func (l *Ledger) Accepted(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.said[id]; s != nil && s.Accepted.IsZero() {
		s.Accepted = time.Now()
		l.accepted++
	}
}

// Refused enters a refusal.
func (l *Ledger) Refused(id, code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.said[id]; s != nil {
		s.Refused = code
	}
}

// Shown enters that a screen shows a message.
func (l *Ledger) Shown(who, message, text string) {
	token, _, _ := strings.Cut(text, " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames++
	if l.byToken[token] == nil {
		if len(l.foreign) < 20 {
			l.foreign = append(l.foreign, fmt.Sprintf("%s was shown message %s, which nobody said", who, message))
		}
		return
	}
	k := viewed{who, token}
	if l.shown[k] == nil {
		l.shown[k] = make(map[string]bool, 1)
	}
	l.shown[k][message] = true
}

// saidAfter tells whether a token belongs to a message that was said after a moment.
func (l *Ledger) saidAfter(token string, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.byToken[token]
	return s != nil && s.SentAt.After(at)
}

// Saw tells whether somebody was shown what was said under an id.
func (l *Ledger) Saw(who, id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.said[id]
	return s != nil && len(l.shown[viewed{who, s.Token}]) > 0
}

// idOf gives the id of what was said with a text's token; empty for nothing.
func (l *Ledger) idOf(text string) string {
	token, _, _ := strings.Cut(text, " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.byToken[token]; s != nil {
		return s.ID
	}
	return ""
}

// Waits are the times from sending to the acknowledgement.
func (l *Ledger) Waits() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []time.Duration
	for _, s := range l.order {
		if !s.Accepted.IsZero() {
			out = append(out, s.Accepted.Sub(s.SentAt))
		}
	}
	return out
}

// Counts tells how much was said, accepted and shown.
func (l *Ledger) Counts() (said, accepted, shown int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.order), l.accepted, l.frames
}

// all is a copy of what was said, in order.
func (l *Ledger) all() []Said {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Said, len(l.order))
	for i, s := range l.order {
		out[i] = *s
	}
	return out
}
