package webchat

import (
	"container/list"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	// maxLines is how many of the latest messages of a chat are known; older ones were acknowledged or are given up.
	maxLines = 50
)

// What a line's state says of its message, as bits.
const (
	// acked: a browser acknowledged it, outbound settled it, or it is an echo.
	acked = 1 << iota
	// ours: it is to the customer, not an echo of what the customer said.
	ours
	// seen: the customer has read it, or a later one.
	seen
	// earlier: it is of a conversation before this one, kept because it is not acknowledged. Its sequence says nothing.
	earlier
)

// chatState is what the customer sees of the contact.
type chatState uint8

const (
	stateNone chatState = iota
	stateWaiting
	stateAssigned
	stateEnded
)

func (s chatState) String() string { return [...]string{"none", "waiting", "assigned", "ended"}[s] }

// chats is the view of outbound: for each address with a chat, where its latest messages stand. One mutex orders what is
// applied and who connects, so that history and what follows it have no gap and no double.
type chats struct {
	mu   sync.Mutex
	seed maphash.Seed
	all  map[string]*chat
	// over holds chats that have ended and have no connection, oldest first; beyond the limit they are forgotten.
	over  *list.List
	limit int
}

// chat is one address's.
type chat struct {
	key          string
	conversation uint64
	state        chatState
	lines        live.Lines
	conns        []*session
	over         *list.Element
}

func newChats(limit int) *chats {
	return &chats{seed: maphash.MakeSeed(), all: make(map[string]*chat), over: list.New(), limit: limit}
}

// applyStep is how many events are applied between two moments at which a browser may connect.
const applyStep = 256

func (c *chats) apply(batch []engine.Delivered) {
	for len(batch) > 0 {
		n := min(len(batch), applyStep)
		c.mu.Lock()
		for i := range batch[:n] {
			c.applyOne(&batch[i])
		}
		c.mu.Unlock()
		batch = batch[n:]
	}
}

func (c *chats) applyOne(d *engine.Delivered) {
	e := d.Event
	key := event.Key(e.GetTenant(), e.GetAddress())
	switch body := e.GetBody().(type) {
	case *event.Event_Deliver:
		if body.Deliver.GetChannel() == event.Channel_CHANNEL_WEBCHAT {
			c.deliver(c.chat(key), e, live.PlaceOf(&d.Record))
		}
	case *event.Event_DeliverySettled:
		settled := body.DeliverySettled
		if k := c.all[key]; k != nil && settled.GetState() >= event.DeliveryState_DELIVERY_STATE_DELIVERED {
			k.mark(live.HashID(c.seed, settled.GetDelivery()), acked)
		}
	}
}

func (c *chats) chat(key string) *chat {
	k := c.all[key]
	if k == nil {
		k = &chat{key: key}
		c.all[key] = k
	}
	return k
}

func (c *chats) deliver(k *chat, e *event.Event, at live.Place) {
	d := e.GetDeliver()
	switch d.GetKind() {
	case "message", "echo":
		if conversation := live.HashID(c.seed, d.GetConversation()); conversation != k.conversation {
			k.conversation, k.lines = conversation, k.unacknowledged()
		}
		k.add(at, live.HashID(c.seed, d.GetDelivery()), d)
		k.tell(note{kind: noteMessage, event: e})
		return
	case "waiting":
		k.state = stateWaiting
	case "assigned":
		k.state = stateAssigned
	case "ended":
		k.state = stateEnded
	default:
		return
	}
	k.tell(note{kind: noteState, state: k.state})
	c.settle(k)
}

// unacknowledged are the lines that outlive their conversation.
func (k *chat) unacknowledged() live.Lines {
	var kept live.Lines
	for _, l := range k.lines {
		if l.State()&acked == 0 {
			kept = append(kept, l)
			kept.Set(len(kept)-1, l.State()|earlier)
		}
	}
	return kept
}

func (k *chat) add(at live.Place, hash uint64, d *event.Deliver) {
	k.lines = k.lines.Add(at, hash, maxLines)
	last := len(k.lines) - 1
	k.lines.SetSequence(last, d.GetSequence())
	if d.GetKind() == "message" {
		k.lines.Set(last, ours)
	} else {
		k.lines.Set(last, acked) // an echo is what the customer said and has: nobody asks whether it arrived
	}
}

// mark adds to what is known of the message with that hash.
func (k *chat) mark(hash uint64, state uint8) {
	if i := k.lines.Find(hash); i >= 0 {
		k.lines.Set(i, k.lines[i].State()|state)
	}
}

func (k *chat) tell(n note) {
	for _, s := range k.conns {
		s.out.Push(n)
	}
}

// settle keeps the list of chats that may be forgotten.
func (c *chats) settle(k *chat) {
	idle := len(k.conns) == 0 && (k.state == stateEnded || !k.begun())
	switch {
	case idle && k.over == nil:
		k.over = c.over.PushBack(k)
	case !idle && k.over != nil:
		c.over.Remove(k.over)
		k.over = nil
	}
	for c.over.Len() > c.limit {
		first := c.over.Front()
		if old, ok := c.over.Remove(first).(*chat); ok {
			delete(c.all, old.key)
		}
	}
}

// connect registers a browser and pushes its history to it, in one step; one that was shown an empty history already gets
// another only if there is something in it. It refuses beyond limit.
func (c *chats) connect(key string, s *session, last uint64, limit int, shown bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.chat(key)
	if len(k.conns) >= limit {
		c.settle(k)
		return false
	}
	k.conns = append(k.conns, s)
	c.settle(k)
	if !shown || k.begun() {
		s.out.Push(note{kind: noteHistory, state: k.state, lines: slices.Clone(k.lines), last: last})
	}
	return true
}

// begun reports whether the chat is more than somebody who looks.
func (k *chat) begun() bool { return k.state != stateNone || len(k.lines) > 0 }

// known reports whether the address has a chat.
func (c *chats) known(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.all[key]
	return k != nil && k.begun()
}

func (c *chats) disconnect(key string, s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.all[key]; k != nil {
		k.conns = slices.DeleteFunc(k.conns, func(x *session) bool { return x == s })
		c.settle(k)
	}
}

// unacked keeps of the ids those that are messages of the chat and not acknowledged yet.
func (c *chats) unacked(key string, ids []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.all[key]
	if k == nil {
		return nil
	}
	var out []string
	for _, id := range ids {
		if i := k.lines.Find(live.HashID(c.seed, id)); i >= 0 && k.lines[i].State()&acked == 0 && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// setAcked notes that the receipt of a message is in the log.
func (c *chats) setAcked(key, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.all[key]; k != nil {
		k.mark(live.HashID(c.seed, id), acked)
	}
}

// conversation tells the chat's conversations apart.
func (c *chats) conversation(key string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.all[key]; k != nil {
		return k.conversation
	}
	return 0
}

// unseen is where the last message to the customer up to a sequence stands, unless it or a later one is read already.
func (c *chats) unseen(key string, sequence uint64) (at live.Place, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.all[key]
	if k == nil {
		return 0, false
	}
	var last uint64
	for _, l := range k.lines {
		if n := l.Sequence(); l.State()&(ours|earlier) == ours && n <= sequence && n >= last {
			at, ok, last = l.At, l.State()&seen == 0, n
		}
	}
	return at, ok
}

// setSeen notes that the customer has read all up to the message at a place.
func (c *chats) setSeen(key string, at live.Place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.all[key]
	if k == nil {
		return
	}
	i := slices.IndexFunc(k.lines, func(l live.Line) bool { return l.At == at })
	if i < 0 || k.lines[i].State()&earlier != 0 {
		return // another conversation has begun
	}
	read := k.lines[i].Sequence()
	for i, l := range k.lines {
		if l.State()&(ours|earlier) == ours && l.Sequence() <= read {
			k.lines.Set(i, l.State()|seen)
		}
	}
}

// size is how many chats are known.
func (c *chats) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}
