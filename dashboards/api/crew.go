package api

import "sync"

// crew counts the goroutines that belong to a server, so that its end can wait for all and none begins after it. A
// WaitGroup cannot be waited for while others may still begin.
type crew struct {
	mu     sync.Mutex
	active int
	ending bool
	ended  bool
	done   chan struct{}
}

func newCrew() *crew { return &crew{done: make(chan struct{})} }

// start runs f in a goroutine, unless the end has come.
func (c *crew) start(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.active++
	go func() {
		defer c.leave()
		f()
	}()
	return true
}

func (c *crew) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active--
	c.check()
}

// end gives a channel that is closed when nobody is at work any more.
func (c *crew) end() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	c.check()
	return c.done
}

func (c *crew) check() {
	if c.ending && !c.ended && c.active == 0 {
		c.ended = true
		close(c.done)
	}
}
