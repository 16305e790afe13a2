package process

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// contactEvery is how often the log is asked for an answer, and contactWait how long it is waited for.
	contactEvery = time.Second
	contactWait  = 2 * time.Second
	// contactAge is how old the last answer may be until the process says that it is not ready. A broker that hesitates must
	// not take every process out of its balancer at once; one that is gone must.
	contactAge = 8 * time.Second
)

// contact knows when a broker answered last. It asks in the background, so that whoever wants to know gets an answer at once.
type contact struct {
	now  func() time.Time
	ping func(context.Context) error

	mu    sync.Mutex
	last  time.Time
	fault error
}

// newContact begins with an answer: the log was just used.
func newContact(now func() time.Time, ping func(context.Context) error) *contact {
	return &contact{now: now, ping: ping, last: now()}
}

// Run asks until the context ends.
func (c *contact) Run(ctx context.Context) {
	t := time.NewTicker(contactEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			c.ask(ctx)
		}
	}
}

func (c *contact) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, contactWait)
	defer cancel()
	asked := c.now() // what is answered now may have changed since it was asked
	err := c.ping(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = err
	if err == nil {
		c.last = asked
	}
}

// Ready answers at once.
func (c *contact) Ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := c.now().Sub(c.last); age > contactAge {
		return fmt.Errorf("the log has not answered for %s: %w", age.Round(time.Second), c.fault)
	}
	return nil
}
