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

// Limiter is a token bucket per key, for a bounded number of keys. When there are too many, the one that was not used for
// longest is forgotten: it has filled up the most, and who keeps trying is not forgotten.
type Limiter struct {
	mu          sync.Mutex
	rate, burst float64
	limit       int
	keys        *Keys
	buckets     map[Key]Ref
	all         Slab[keyed]
	// newest and oldest are the ends of the chain by use.
	newest, oldest Ref
}

// keyed is a bucket without a pointer: tens of thousands of them must not cost the garbage collector anything.
type keyed struct {
	key          Key
	tokens       float64
	lastNs       int64
	newer, older Ref
}

// NewLimiter makes a limiter of so many tokens a second, so many at once, for so many keys.
func NewLimiter(rate, burst float64, limit int) *Limiter {
	return &Limiter{rate: rate, burst: burst, limit: max(limit, 1), keys: NewKeys(), buckets: make(map[Key]Ref)}
}

// Take takes a token of a key, if there is one.
func (l *Limiter) Take(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.keys.Of(key)
	r, known := l.buckets[id]
	if known {
		l.unchain(r)
	} else {
		if len(l.buckets) >= l.limit {
			l.forget(l.oldest)
		}
		var k *keyed
		r, k = l.all.Add()
		*k = keyed{key: id, tokens: l.burst, lastNs: now.UnixNano()}
		l.buckets[id] = r
	}
	k := l.all.Get(r)
	k.newer, k.older = 0, l.newest
	if l.newest != 0 {
		l.all.Get(l.newest).newer = r
	} else {
		l.oldest = r
	}
	l.newest = r
	b := Bucket{Rate: l.rate, Burst: l.burst, tokens: k.tokens, last: time.Unix(0, k.lastNs)}
	taken := b.Take(now)
	k.tokens, k.lastNs = b.tokens, now.UnixNano()
	return taken
}

// unchain takes a bucket out of the chain.
func (l *Limiter) unchain(r Ref) {
	k := l.all.Get(r)
	if k.newer != 0 {
		l.all.Get(k.newer).older = k.older
	} else {
		l.newest = k.older
	}
	if k.older != 0 {
		l.all.Get(k.older).newer = k.newer
	} else {
		l.oldest = k.newer
	}
}

func (l *Limiter) forget(r Ref) {
	l.unchain(r)
	delete(l.buckets, l.all.Get(r).key)
	l.all.Remove(r)
}
