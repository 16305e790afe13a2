package webchat

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// lookEvery is how often it is looked whether a visitor has begun a chat at another process meanwhile.
const lookEvery = 20 * time.Second

// lookers are the connections of visitors who have said nothing yet. They have no pseudonym and no key: whoever opens a page
// must not cost the store anything. When one of a visitor's connections sits down in a chat, the others do.
type lookers struct {
	mu  sync.Mutex
	all map[string][]*session
}

// add registers a connection, before its visitor's pseudonym is looked for: so no other can find it in between unnoticed.
func (l *lookers) add(c *session, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all[c.who]) >= limit {
		return false
	}
	if l.all == nil {
		l.all = make(map[string][]*session)
	}
	l.all[c.who] = append(l.all[c.who], c)
	return true
}

// take gives the visitor's connections, which look no more.
func (l *lookers) take(who string) []*session {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.all[who]
	delete(l.all, who)
	return out
}

func (l *lookers) remove(c *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rest := slices.DeleteFunc(l.all[c.who], func(x *session) bool { return x == c }); len(rest) > 0 {
		l.all[c.who] = rest
	} else {
		delete(l.all, c.who)
	}
}

// seat is a connection's place in a chat: the visitor's pseudonym, and what it is in the view.
type seat struct {
	address string
	chat    live.Key
}

// chat names the chat in the view; for who only looks there is none.
func (c *session) chat() live.Key {
	if s := c.seat.Load(); s != nil {
		return s.chat
	}
	return live.Key{}
}

// enter has all of the visitor's connections sit down in the chat of the pseudonym that find answers.
func (c *session) enter(find func(ctx context.Context, tenant, address string) (event.Pseudonym, error)) error {
	if c.seat.Load() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	address, err := find(ctx, c.entry.tenant, "webchat:"+c.visitor)
	if err != nil {
		return err
	}
	for _, x := range c.server.lookers.take(c.who) {
		x.sit(string(address))
	}
	c.sit(string(address))
	if c.seat.Load() == nil {
		return errRate
	}
	return nil
}

// sit connects to a chat, once.
func (c *session) sit(address string) {
	c.arrival.Lock()
	defer c.arrival.Unlock()
	if c.gone || c.seat.Load() != nil {
		return
	}
	chat := c.server.chats.key(c.entry.tenant, address)
	if !c.server.chats.connect(chat, c, c.has, c.server.limits.PerVisitor, c.shown) {
		c.End(live.CloseRate, "too many connections")
		return
	}
	c.shown = true
	c.seat.Store(&seat{address, chat})
}

// rise leaves for good and says where the connection sat, if it did.
func (c *session) rise() *seat {
	if c.visitor != "" {
		c.server.lookers.remove(c)
	}
	c.arrival.Lock()
	defer c.arrival.Unlock()
	c.gone = true
	return c.seat.Load()
}

// look sits down if the visitor has a pseudonym; otherwise the browser is shown that there is nothing.
func (c *session) look() error {
	c.looked = c.server.config.Now()
	if err := c.enter(c.server.config.Pseudonyms.Lookup); err != nil && !errors.Is(err, privacy.ErrErased) {
		return err
	}
	c.arrival.Lock()
	defer c.arrival.Unlock()
	if !c.shown {
		c.shown = true
		c.out.Push(note{kind: noteHistory})
	}
	return nil
}

// notice looks after what another connection of the visitor may have begun: it sits down and is announced, once.
func (c *session) notice() error {
	if c.visitor == "" {
		return nil
	}
	if c.seat.Load() == nil && c.server.config.Now().Sub(c.looked) >= lookEvery {
		if err := c.look(); err != nil {
			return err
		}
	}
	if !c.announced && c.server.chats.begun(c.chat()) {
		return c.announce()
	}
	return nil
}
