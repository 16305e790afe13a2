package privacy

import (
	"context"
	"sync"
	"time"
)

// cacheKey is a hash, so that entries are small and hold no address.
type cacheKey [16]byte

// cache is a bounded map that forgets what was not used for longest and what is older than an age, and that lets one
// caller load what many ask for. An entry of 32 bytes costs about 110 bytes in all.
type cache[V any] struct {
	mu      sync.Mutex
	now     func() time.Time
	age     time.Duration
	size    int
	index   map[cacheKey]uint32
	entries []cacheEntry[V] // entries[0] is the ring's anchor: next is the newest used, prev the oldest
	loads   map[cacheKey]*load[V]
	// drops counts removals; what was being loaded during one may be older than it and is not kept.
	drops uint64
}

type cacheEntry[V any] struct {
	key        cacheKey
	prev, next uint32
	until      int64 // Unix seconds
	value      V
}

// load is one read of the store that several callers wait for.
type load[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// loadLimit bounds a read of the store, which goes on when the caller that began it gives up: others wait for it.
const loadLimit = 30 * time.Second

func newCache[V any](size int, age time.Duration, now func() time.Time) *cache[V] {
	return &cache[V]{
		now: now, age: age, size: max(size, 1), index: map[cacheKey]uint32{},
		entries: make([]cacheEntry[V], 1), loads: map[cacheKey]*load[V]{},
	}
}

// peek answers from memory alone.
func (c *cache[V]) peek(key cacheKey) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lookup(key)
}

// get answers from memory or by fetch, which runs once however many ask. Failures are not kept.
func (c *cache[V]) get(ctx context.Context, key cacheKey, fetch func(context.Context) (V, error)) (V, error) {
	c.mu.Lock()
	if value, ok := c.lookup(key); ok {
		c.mu.Unlock()
		return value, nil
	}
	if l, ok := c.loads[key]; ok {
		c.mu.Unlock()
		return l.wait(ctx)
	}
	l := &load[V]{done: make(chan struct{})}
	c.loads[key] = l
	drops := c.drops
	c.mu.Unlock()

	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadLimit)
	defer cancel()
	l.value, l.err = fetch(limited)
	c.mu.Lock()
	if c.loads[key] == l {
		delete(c.loads, key)
	}
	if l.err == nil && c.drops == drops {
		c.insert(key, l.value)
	}
	c.mu.Unlock()
	close(l.done)
	return l.value, l.err
}

func (l *load[V]) wait(ctx context.Context) (V, error) {
	select {
	case <-l.done:
		return l.value, l.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// drop forgets an entry, and sees to it that no load that is under way brings it back or is waited for by later callers.
func (c *cache[V]) drop(key cacheKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	delete(c.loads, key)
	if i, ok := c.index[key]; ok {
		// The slot stays in the ring as the oldest, empty, and is the next to be used again.
		delete(c.index, key)
		c.unlink(i)
		e := &c.entries[i]
		var none V
		e.value, e.key = none, cacheKey{}
		last := c.entries[0].prev
		e.prev, e.next = last, 0
		c.entries[last].next, c.entries[0].prev = i, i
	}
}

// clear forgets everything, as drop does for one entry.
func (c *cache[V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	clear(c.loads)
	clear(c.index)
	c.entries = make([]cacheEntry[V], 1)
}

func (c *cache[V]) lookup(key cacheKey) (V, bool) {
	i, ok := c.index[key]
	if !ok || c.now().Unix() >= c.entries[i].until {
		var none V
		return none, false
	}
	c.unlink(i)
	c.pushFront(i)
	return c.entries[i].value, true
}

func (c *cache[V]) insert(key cacheKey, value V) {
	i, ok := c.index[key]
	oldest := c.entries[0].prev
	switch {
	case ok:
		c.unlink(i)
	case len(c.entries) <= c.size && (oldest == 0 || c.entries[oldest].key != cacheKey{}):
		i = uint32(len(c.entries)) //nolint:gosec // bounded by size
		c.entries = append(c.entries, cacheEntry[V]{})
	default:
		i = oldest
		if c.index[c.entries[i].key] == i {
			delete(c.index, c.entries[i].key)
		}
		c.unlink(i)
	}
	c.index[key] = i
	e := &c.entries[i]
	e.key, e.value, e.until = key, value, c.now().Add(c.age).Unix()
	c.pushFront(i)
}

func (c *cache[V]) unlink(i uint32) {
	e := &c.entries[i]
	c.entries[e.prev].next, c.entries[e.next].prev = e.next, e.prev
}

func (c *cache[V]) pushFront(i uint32) {
	e, anchor := &c.entries[i], &c.entries[0]
	e.prev, e.next = 0, anchor.next
	c.entries[anchor.next].prev = i
	anchor.next = i
}
