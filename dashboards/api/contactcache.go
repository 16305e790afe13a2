package api

import (
	"sync"

	"github.com/tributary-cc/tributary/stream/live"
)

// contactCache remembers contacts by the place of their newest record, so that a changed contact is never a hit. When it
// is full it begins anew: a miss costs one read of the log.
type contactCache struct {
	mu    sync.Mutex
	limit int
	refs  map[live.Place]*contactRef
}

func (c *contactCache) get(at live.Place) *contactRef {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refs[at]
}

func (c *contactCache) put(at live.Place, k *contactRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refs == nil || len(c.refs) >= c.limit {
		c.refs = make(map[live.Place]*contactRef)
	}
	c.refs[at] = k
}
