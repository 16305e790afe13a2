package webchat

import (
	"container/list"
	"math"
	"slices"
	"sync"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	// maxLines is how many of the latest messages of a chat are known; older ones were acknowledged or are given up.
	maxLines = 50
	// maxShown is how many of them a browser is shown that has none.
	maxShown = 20
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
// applied and who connects, so that history and what follows it have no gap and no double. Of the chats, nothing is a pointer:
// however many there are, the garbage collector looks at those with a connection only.
type chats struct {
	mu    sync.Mutex
	keys  *live.Keys
	all   map[live.Key]live.Ref
	slab  live.Slab[chat]
	lines live.LineSlab
	conns map[live.Ref][]*session
	// over holds the live.Ref of chats that have ended and have no connection, oldest first, and overAt where they stand in it;
	// beyond the limit they are forgotten.
	over   *list.List
	overAt map[live.Ref]*list.Element
	limit  int
}

// chat is one address's.
type chat struct {
	key live.Key
	// conversation tells its conversations apart; 0 is none.
	conversation uint64
	lines        live.LineList
	// survey is one more than the place of what is asked about the last contact; 0 is nothing.
	survey live.Place
	// read is the last message of the conversation that the agent has read.
	read  uint32
	state chatState
}

func newChats(limit int) *chats {
	return &chats{
		keys: live.NewKeys(), all: make(map[live.Key]live.Ref), conns: make(map[live.Ref][]*session),
		over: list.New(), overAt: make(map[live.Ref]*list.Element), limit: limit,
	}
}

// key names the chat of an address.
func (c *chats) key(tenant, address string) live.Key { return c.keys.Of(event.Key(tenant, address)) }

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
	switch body := e.GetBody().(type) {
	case *event.Event_Deliver:
		if body.Deliver.GetChannel() == event.Channel_CHANNEL_WEBCHAT {
			r, k := c.chat(c.key(e.GetTenant(), e.GetAddress()))
			c.deliver(r, k, e, live.PlaceOf(&d.Record))
		}
	case *event.Event_DeliverySettled:
		settled := body.DeliverySettled
		if settled.GetState() >= event.DeliveryState_DELIVERY_STATE_DELIVERED {
			c.mark(c.known(c.key(e.GetTenant(), e.GetAddress())), settled.GetDelivery(), acked)
		}
	}
}

// known is the chat of a key, or nil.
func (c *chats) known(key live.Key) *chat {
	if r := c.all[key]; r != 0 {
		return c.slab.Get(r)
	}
	return nil
}

func (c *chats) chat(key live.Key) (live.Ref, *chat) {
	if r := c.all[key]; r != 0 {
		return r, c.slab.Get(r)
	}
	r, k := c.slab.Add()
	k.key = key
	c.all[key] = r
	return r, k
}

func (c *chats) deliver(r live.Ref, k *chat, e *event.Event, at live.Place) {
	d := e.GetDeliver()
	switch d.GetKind() {
	case "message", "echo":
		if conversation := c.keys.Short(d.GetConversation()); conversation != k.conversation {
			k.conversation = conversation
			c.dropAcknowledged(k)
			k.read = 0
		}
		state := uint8(ours)
		if d.GetKind() == "echo" {
			state = acked // it is what the customer said and has: nobody asks whether it arrived
		}
		c.lines.Add(&k.lines, live.NewLine(at, c.keys.Short(d.GetDelivery()), d.GetSequence(), state), maxLines)
		c.tell(r, note{kind: noteMessage, event: e})
		return
	case "typing", "read", "survey":
		c.sign(r, k, e, at)
		return
	case "waiting":
		k.state, k.survey = stateWaiting, 0
	case "assigned":
		k.state, k.survey = stateAssigned, 0
	case "ended":
		k.state = stateEnded
	default:
		return
	}
	c.tell(r, note{kind: noteState, state: k.state})
	c.settle(r, k)
}

// sign takes what is no message: that the agent writes, has read, or what is asked after the contact.
func (c *chats) sign(r live.Ref, k *chat, e *event.Event, at live.Place) {
	d := e.GetDeliver()
	switch d.GetKind() {
	case "typing":
		c.tell(r, note{kind: noteTyping, event: e})
	case "read":
		if c.keys.Short(d.GetConversation()) != k.conversation || d.GetSequence() <= uint64(k.read) || d.GetSequence() > math.MaxUint32 {
			break
		}
		k.read = uint32(d.GetSequence()) //nolint:gosec // checked above
		c.tell(r, note{kind: noteRead, last: d.GetSequence()})
	case "survey":
		k.survey = at + 1
		c.tell(r, note{kind: noteSurvey, contact: d.GetContact()})
	}
	c.settle(r, k)
}

// asked is one more than the place of what the customer is asked; 0 is nothing.
func (c *chats) asked(key live.Key) live.Place {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.known(key); k != nil {
		return k.survey
	}
	return 0
}

// setAnswered notes that the answer is in the log; another question stays.
func (c *chats) setAnswered(key live.Key, at live.Place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.known(key); k != nil && k.survey == at {
		k.survey = 0
	}
}

// running reports whether the address has a contact.
func (c *chats) running(key live.Key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known(key)
	return k != nil && (k.state == stateWaiting || k.state == stateAssigned)
}

// dropAcknowledged leaves the lines that outlive their conversation.
func (c *chats) dropAcknowledged(k *chat) {
	before := c.lines.Copy(k.lines)
	c.lines.Drop(&k.lines)
	for _, l := range before {
		if l.State()&acked == 0 {
			l.SetState(l.State() | earlier)
			c.lines.Add(&k.lines, l, maxLines)
		}
	}
}

// mark adds to what is known of a message; the chat may be nil.
func (c *chats) mark(k *chat, message string, state uint8) {
	if k == nil {
		return
	}
	if l := c.lines.Find(k.lines, c.keys.Short(message)); l != nil {
		l.SetState(l.State() | state)
	}
}

func (c *chats) tell(r live.Ref, n note) {
	for _, s := range c.conns[r] {
		s.out.Push(n)
	}
}

// settle keeps the list of chats that may be forgotten.
func (c *chats) settle(r live.Ref, k *chat) {
	idle := len(c.conns[r]) == 0 && (k.state == stateEnded || !k.begun())
	place := c.overAt[r]
	switch {
	case idle && place == nil:
		c.overAt[r] = c.over.PushBack(r)
	case !idle && place != nil:
		c.over.Remove(place)
		delete(c.overAt, r)
	}
	for c.over.Len() > c.limit {
		if old, ok := c.over.Remove(c.over.Front()).(live.Ref); ok {
			c.forget(old)
		}
	}
}

func (c *chats) forget(r live.Ref) {
	k := c.slab.Get(r)
	c.lines.Drop(&k.lines)
	delete(c.all, k.key)
	delete(c.overAt, r)
	c.slab.Remove(r)
}

// connect registers a browser and pushes its history to it, in one step; one that was shown an empty history already gets
// another only if there is something in it. It refuses beyond limit.
func (c *chats) connect(key live.Key, s *session, has resume, limit int, shown bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, k := c.chat(key)
	if len(c.conns[r]) >= limit {
		c.settle(r, k)
		return false
	}
	c.conns[r] = append(c.conns[r], s)
	c.settle(r, k)
	if !shown || k.begun() {
		trusted := c.trusted(has, k.conversation)
		if !trusted && has.conversation != "" {
			has.last = 0 // of another conversation
		}
		s.out.Push(note{kind: noteHistory, state: k.state, lines: c.lines.Copy(k.lines), last: has.last, trusted: trusted, read: k.read, survey: k.survey})
	}
	return true
}

// begun reports whether the chat is more than somebody who looks.
func (k *chat) begun() bool { return k.state != stateNone || k.lines.Len() > 0 }

// begun reports whether the address has a chat.
func (c *chats) begun(key live.Key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known(key)
	return k != nil && k.begun()
}

func (c *chats) disconnect(key live.Key, s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.all[key]
	if r == 0 {
		return
	}
	if rest := slices.DeleteFunc(c.conns[r], func(x *session) bool { return x == s }); len(rest) > 0 {
		c.conns[r] = rest
	} else {
		delete(c.conns, r)
	}
	c.settle(r, c.slab.Get(r))
}

// unacked keeps of the ids those that are messages of the chat and not acknowledged yet.
func (c *chats) unacked(key live.Key, ids []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known(key)
	if k == nil {
		return nil
	}
	var out []string
	for _, id := range ids {
		if l := c.lines.Find(k.lines, c.keys.Short(id)); l != nil && l.State()&acked == 0 && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// setAcked notes that the receipt of a message is in the log.
func (c *chats) setAcked(key live.Key, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mark(c.known(key), id, acked)
}

// conversation tells the chat's conversations apart.
func (c *chats) conversation(key live.Key) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.known(key); k != nil {
		return k.conversation
	}
	return 0
}

// unseen is where the last message to the customer up to a sequence stands, unless it or a later one is read already.
func (c *chats) unseen(key live.Key, sequence uint64) (at live.Place, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known(key)
	if k == nil {
		return 0, false
	}
	var last uint64
	for l := range c.lines.Each(k.lines) {
		if n := l.Sequence(); l.State()&(ours|earlier) == ours && n <= sequence && n >= last {
			at, ok, last = l.At, l.State()&seen == 0, n
		}
	}
	return at, ok
}

// setSeen notes that the customer has read all up to the message at a place.
func (c *chats) setSeen(key live.Key, at live.Place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known(key)
	if k == nil {
		return
	}
	var read uint64
	for l := range c.lines.Each(k.lines) {
		if l.At == at && l.State()&earlier == 0 { // else another conversation has begun
			read = l.Sequence()
		}
	}
	for l := range c.lines.Each(k.lines) {
		if l.State()&(ours|earlier) == ours && l.Sequence() <= read {
			l.SetState(l.State() | seen)
		}
	}
}

// size is how many chats are known.
func (c *chats) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}
