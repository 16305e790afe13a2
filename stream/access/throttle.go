package access

import (
	"hash/maphash"
	"sync"
	"time"
)

// throttle is a token bucket per key in a fixed number of slots, by the generic cell rate algorithm (ITU-T I.371). Keys
// share slots by a hash with a secret seed: memory is bounded, nothing can be evicted by a flood, and nobody can choose
// whom to share with. It knows time only as an argument.
type throttle struct {
	burst, interval time.Duration
	seed            maphash.Seed
	mu              sync.Mutex
	slots           [1 << 14]int64 // when the bucket will be full again, Unix nanoseconds
}

// newThrottle allows burst tries at once and one more each interval.
func newThrottle(burst int, interval time.Duration) *throttle {
	return &throttle{burst: time.Duration(burst-1) * interval, interval: interval, seed: maphash.MakeSeed()}
}

// take uses a try, or answers how long to wait for one.
func (t *throttle) take(key string, now time.Time) (wait time.Duration) {
	slot := t.slot(key)
	t.mu.Lock()
	defer t.mu.Unlock()
	at := now.UnixNano()
	full := max(t.slots[slot], at)
	if over := time.Duration(full-at) - t.burst; over > 0 {
		return over
	}
	t.slots[slot] = full + int64(t.interval)
	return 0
}

// clear gives all tries back.
func (t *throttle) clear(key string) {
	slot := t.slot(key)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slots[slot] = 0
}

func (t *throttle) slot(key string) uint64 {
	return maphash.String(t.seed, key) % uint64(len(t.slots))
}
