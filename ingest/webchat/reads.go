package webchat

import (
	"context"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// readEvery is how often a connection's read marks go to the log at most.
const readEvery = time.Second

// readMarks takes a connection's read marks: what is read already costs nothing, and of what comes quickly only the last
// goes on. Each that goes on costs one record read and one appended.
type readMarks struct {
	mu sync.Mutex
	// conversation is the one that want and done are sequences of.
	conversation uint64
	want, done   uint64
	// pause runs since the last that went on.
	pause *time.Timer
	ended bool
}

// take is told that the customer has seen all up to a sequence.
func (r *readMarks) take(c *session, sequence uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := c.server.chats.conversation(c.chat()); now != r.conversation {
		r.conversation, r.want, r.done = now, 0, 0
	}
	if sequence <= r.want || r.ended {
		return nil
	}
	r.want = sequence
	if r.pause != nil {
		return nil
	}
	return r.goOn(c)
}

// goOn marks with r locked; while it lasts the connection's next frame waits.
func (r *readMarks) goOn(c *session) error {
	err := c.markRead(r.want)
	if err == nil {
		r.done = r.want
	} else {
		r.want = r.done // so that the same may come again
	}
	r.pause = time.AfterFunc(readEvery, func() { c.server.work.Start(func() { r.afterPause(c) }) })
	return err
}

func (r *readMarks) afterPause(c *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pause = nil
	if r.ended || r.want <= r.done {
		return
	}
	if err := r.goOn(c); err != nil {
		c.refuse("", err)
	}
}

// end marks what still waits.
func (r *readMarks) end(c *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.pause != nil {
		r.pause.Stop()
	}
	if r.want > r.done {
		_ = c.markRead(r.want) // nobody is left to be told, and the next connection tells it again
	}
}

// markRead tells that the customer has seen all up to a sequence, by the last message to the customer in it.
func (c *session) markRead(sequence uint64) error {
	key := c.chat()
	at, ok := c.server.chats.unseen(key, sequence)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), renderTimeout)
	defer cancel()
	found, err := live.Fetch(ctx, c.server.config.Log, event.TopicOutbound, []live.Place{at})
	if err != nil {
		return err
	}
	d := found[at].GetDeliver()
	if d == nil {
		return nil // not kept any more
	}
	if err := c.receipt(d.GetDelivery(), event.DeliveryState_DELIVERY_STATE_READ); err != nil {
		return err
	}
	c.server.chats.setSeen(key, at)
	return nil
}
