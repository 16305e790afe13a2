package live

import "sync"

// Crew counts the goroutines that belong to a server, so that its end can wait for all and none begins after it. A
// WaitGroup cannot be waited for while others may still begin.
type Crew struct {
	mu     sync.Mutex
	active int
	ending bool
	ended  bool
	done   chan struct{}
}

// NewCrew makes a crew of nobody.
func NewCrew() *Crew { return &Crew{done: make(chan struct{})} }

// Start runs f in a goroutine, unless the end has come.
func (c *Crew) Start(f func()) bool {
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

func (c *Crew) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active--
	c.check()
}

// End gives a channel that is closed when nobody is at work any more.
func (c *Crew) End() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	c.check()
	return c.done
}

func (c *Crew) check() {
	if c.ending && !c.ended && c.active == 0 {
		c.ended = true
		close(c.done)
	}
}
