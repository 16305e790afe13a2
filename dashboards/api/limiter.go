package api

import (
	"sync"
	"time"
)

// limiter is a token bucket per key, for a bounded number of keys. When there are too many, buckets that have filled up
// again are forgotten, which changes nothing; if none has, all are: then an attack is too wide for this to stop it.
type limiter struct {
	mu          sync.Mutex
	rate, burst float64
	limit       int
	buckets     map[string]*bucket
}

func newLimiter(rate, burst float64, limit int) *limiter {
	return &limiter{rate: rate, burst: burst, limit: limit, buckets: make(map[string]*bucket)}
}

func (l *limiter) take(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= l.limit {
			l.shrink(now)
		}
		b = &bucket{rate: l.rate, burst: l.burst}
		l.buckets[key] = b
	}
	return b.take(now)
}

func (l *limiter) shrink(now time.Time) {
	for k, b := range l.buckets {
		if b.tokens+now.Sub(b.last).Seconds()*l.rate >= l.burst {
			delete(l.buckets, k)
		}
	}
	if len(l.buckets) >= l.limit {
		clear(l.buckets)
	}
}
