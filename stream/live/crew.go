package live

import (
	"sync"
	"time"
)

// Crew counts the goroutines that belong to a server, so that its end can wait for all and none begins after it. A
// WaitGroup cannot be waited for while others may still begin.
type Crew struct {
	mu     sync.Mutex
	active int
	ended  bool
	// ending is closed by End, done when nobody is at work after it.
	ending, done chan struct{}
}

// NewCrew makes a crew of nobody.
func NewCrew() *Crew { return &Crew{ending: make(chan struct{}), done: make(chan struct{})} }

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
	if !c.isEnding() {
		close(c.ending)
	}
	c.check()
	return c.done
}

// Ending is closed when the end begins.
func (c *Crew) Ending() <-chan struct{} { return c.ending }

func (c *Crew) isEnding() bool {
	select {
	case <-c.ending:
		return true
	default:
		return false
	}
}

func (c *Crew) check() {
	if c.isEnding() && !c.ended && c.active == 0 {
		c.ended = true
		close(c.done)
	}
}

// insistEvery is the pause between two tries.
const insistEvery = time.Second

// Insist tries, once a second, until it succeeds, or again refuses after a failure, or the end begins; it returns the last
// failure.
func (c *Crew) Insist(try func() error, again func(error) bool) error {
	for {
		err := try()
		if err == nil || c.isEnding() || !again(err) {
			return err
		}
		t := time.NewTimer(insistEvery)
		select {
		case <-t.C:
		case <-c.ending:
		}
		t.Stop()
	}
}
