package api

import (
	"sync"

	"github.com/tributary-cc/tributary/stream/live"
)

// cache remembers what was read of the log by its place: a contact by that of its newest record, so that a changed contact is
// never a hit. When it is full it begins anew: a miss costs one read of the log.
type cache[T any] struct {
	mu    sync.Mutex
	limit int
	known map[live.Place]T
}

func (c *cache[T]) get(at live.Place) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.known[at]
	return v, ok
}

func (c *cache[T]) put(at live.Place, v T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= max(c.limit, 1) {
		c.known = make(map[live.Place]T)
	}
	c.known[at] = v
}
