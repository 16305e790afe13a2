package openai

import (
	"sync"
	"time"
)

// The breaker's numbers.
const (
	// maxFailures in a row open it.
	maxFailures = 5
	// firstRest is how long it stays open; it doubles with each probe that fails, up to maxRest.
	firstRest = 5 * time.Second
	maxRest   = time.Minute
)

// State is the breaker's.
type State int

// The states, as the metric shows them.
const (
	// Closed lets all pass.
	Closed State = iota
	// HalfOpen lets one question pass, whose end decides.
	HalfOpen
	// Open lets none pass until it has rested.
	Open
)

// verdict is what a question's end says of the server.
type verdict int

const (
	// unknown: the asker went away first.
	unknown verdict = iota
	// alive: it answered, whatever it said. What customers write must not be able to open the breaker.
	alive
	// failed: it did not answer in time, or answered what no server should.
	failed
)

// breaker leaves a server alone that fails again and again, so that nobody waits for it and it can come back.
type breaker struct {
	now func() time.Time

	mu       sync.Mutex
	state    State
	failures int
	rest     time.Duration
	until    time.Time
	probing  bool
	// round counts the changes of state: the end of a question of an earlier round says nothing of this one.
	round int
}

func newBreaker(now func() time.Time) *breaker { return &breaker{now: now, rest: firstRest} }

// allow tells whether a question may be asked; then done must be called with its end, once.
func (b *breaker) allow() (done func(verdict), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Open && !b.now().Before(b.until) {
		b.turn(HalfOpen)
	}
	if b.state == Open || b.state == HalfOpen && b.probing {
		return nil, false
	}
	b.probing = b.state == HalfOpen
	round := b.round
	return func(v verdict) { b.ended(round, v) }, true
}

func (b *breaker) ended(round int, v verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if round != b.round {
		return
	}
	b.probing = false
	switch v {
	case unknown:
	case alive:
		b.failures = 0
		if b.state == HalfOpen {
			b.rest = firstRest
			b.turn(Closed)
		}
	case failed:
		b.failures++
		if b.state == HalfOpen {
			b.rest = min(2*b.rest, maxRest)
		}
		if b.state == HalfOpen || b.failures >= maxFailures {
			b.turn(Open)
			b.until = b.now().Add(b.rest)
		}
	}
}

func (b *breaker) turn(to State) {
	b.state, b.probing, b.failures = to, false, 0
	b.round++
}

// State is the one it would act on now.
func (b *breaker) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Open && !b.now().Before(b.until) {
		return HalfOpen
	}
	return b.state
}
