package live

import (
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

// Limiter is a token bucket per key, for a bounded number of keys. When there are too many, buckets that have filled up
// again are forgotten, which changes nothing; if none has, all are: then an attack is too wide for this to stop it.
type Limiter struct {
	mu          sync.Mutex
	rate, burst float64
	limit       int
	buckets     map[string]*Bucket
}

// NewLimiter makes a limiter of so many tokens a second, so many at once, for so many keys.
func NewLimiter(rate, burst float64, limit int) *Limiter {
	return &Limiter{rate: rate, burst: burst, limit: limit, buckets: make(map[string]*Bucket)}
}

// Take takes a token of a key, if there is one.
func (l *Limiter) Take(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= l.limit {
			l.shrink(now)
		}
		b = &Bucket{Rate: l.rate, Burst: l.burst}
		l.buckets[key] = b
	}
	return b.Take(now)
}

func (l *Limiter) shrink(now time.Time) {
	for k, b := range l.buckets {
		if b.tokens+now.Sub(b.last).Seconds()*l.rate >= l.burst {
			delete(l.buckets, k)
		}
	}
	if len(l.buckets) >= l.limit {
		clear(l.buckets)
	}
}
