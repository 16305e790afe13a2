package live

import (
	"sync"
	"time"
)

// Member is a connection on a roll. Neither method may block.
type Member interface {
	comparable
	// End closes the connection with a code, politely.
	End(code uint16, reason string)
	// Cut closes it at once.
	Cut()
}

// Roll is who is connected to a server. The zero value is ready for use.
type Roll[M Member] struct {
	mu       sync.Mutex
	members  map[M]struct{}
	stopping bool
}

const stopReason = "the server stops; reconnect"

// Join enters a member; one that comes while the server stops is ended.
func (r *Roll[M]) Join(m M) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = make(map[M]struct{})
	}
	r.members[m] = struct{}{}
	if r.stopping {
		m.End(CloseGoingAway, stopReason)
	}
}

// Leave strikes a member.
func (r *Roll[M]) Leave(m M) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, m)
}

// All are the members now, in no order.
func (r *Roll[M]) All() []M {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]M, 0, len(r.members))
	for m := range r.members {
		out = append(out, m)
	}
	return out
}

// Stop ends all members and waits for the crew that serves them; who is still there after grace is cut off.
func (r *Roll[M]) Stop(work *Crew, grace time.Duration) {
	r.mu.Lock()
	r.stopping = true
	r.mu.Unlock()
	for _, m := range r.All() {
		m.End(CloseGoingAway, stopReason)
	}
	done := work.End()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
		for _, m := range r.All() {
			m.Cut()
		}
		<-done
	}
}
