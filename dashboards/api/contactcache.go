package api

import "sync"

// contactCache remembers contacts by the place of their newest record, so that a changed contact is never a hit. When it
// is full it begins anew: a miss costs one read of the log.
type contactCache struct {
	mu    sync.Mutex
	limit int
	refs  map[place]*contactRef
}

func (c *contactCache) get(at place) *contactRef {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refs[at]
}

func (c *contactCache) put(at place, k *contactRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refs == nil || len(c.refs) >= c.limit {
		c.refs = make(map[place]*contactRef)
	}
	c.refs[at] = k
}
