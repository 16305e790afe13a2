package live

import (
	"sync"
	"time"
)

// Gate lets so many through at once, in the order in which they came: after a restart all pages come at once, and each asks
// the log for what it shows.
type Gate struct {
	slots chan struct{}
	end   <-chan struct{}
}

// NewGate makes a gate for so many at once, at which nobody waits once the crew's end begins.
func NewGate(width int, work *Crew) *Gate {
	return &Gate{slots: make(chan struct{}, width), end: work.Ending()}
}

// Enter waits for a place, which Leave gives back. It is false when there was none for so long, or the end began.
func (g *Gate) Enter(patience time.Duration) bool {
	select {
	case g.slots <- struct{}{}:
		return true
	default:
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case g.slots <- struct{}{}:
		return true
	case <-t.C:
	case <-g.end:
	}
	return false
}

// Leave gives a place back.
func (g *Gate) Leave() { <-g.slots }

// Quota counts what is in use under keys: so much in all, and so much under each.
type Quota struct {
	mu          sync.Mutex
	total, each int
	used        int
	by          map[string]int
}

// NewQuota makes a quota.
func NewQuota(total, each int) *Quota {
	return &Quota{total: total, each: each, by: make(map[string]int)}
}

// Take takes one, if there is one.
func (q *Quota) Take(key string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.used >= q.total || q.by[key] >= q.each {
		return false
	}
	q.used++
	q.by[key]++
	return true
}

// Return gives one back that was taken.
func (q *Quota) Return(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used--
	if q.by[key]--; q.by[key] <= 0 {
		delete(q.by, key)
	}
}
