package live

import (
	"container/list"
	"sync"
	"time"
)

// Bucket is a token bucket: Rate tokens a second, at most Burst. It is used by one goroutine.
type Bucket struct {
	Rate, Burst float64
	tokens      float64
	last        time.Time
}

// Take takes a token, if there is one.
func (b *Bucket) Take(now time.Time) bool {
	if b.last.IsZero() {
		b.tokens = b.Burst
	} else if d := now.Sub(b.last); d > 0 {
		b.tokens = min(b.Burst, b.tokens+d.Seconds()*b.Rate)
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Limiter is a token bucket per key, for a bounded number of keys. When there are too many, the one that was not used for
// longest is forgotten: it has filled up the most, and who keeps trying is not forgotten.
type Limiter struct {
	mu          sync.Mutex
	rate, burst float64
	limit       int
	buckets     map[string]*list.Element
	// used holds *keyed, the latest used first.
	used *list.List
}

type keyed struct {
	key    string
	bucket Bucket
}

// NewLimiter makes a limiter of so many tokens a second, so many at once, for so many keys.
func NewLimiter(rate, burst float64, limit int) *Limiter {
	return &Limiter{rate: rate, burst: burst, limit: max(limit, 1), buckets: make(map[string]*list.Element), used: list.New()}
}

// Take takes a token of a key, if there is one.
func (l *Limiter) Take(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.buckets[key]
	if e == nil {
		if l.used.Len() >= l.limit {
			l.forget(l.used.Back())
		}
		e = l.used.PushFront(&keyed{key, Bucket{Rate: l.rate, Burst: l.burst}})
		l.buckets[key] = e
	}
	l.used.MoveToFront(e)
	k, ok := e.Value.(*keyed)
	return ok && k.bucket.Take(now)
}

func (l *Limiter) forget(e *list.Element) {
	if k, ok := l.used.Remove(e).(*keyed); ok {
		delete(l.buckets, k.key)
	}
}
