package api

import (
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// maxLines is how many of the latest messages of a conversation the view knows and a page is shown at first; what is older
// comes by named query.
const maxLines = 20

// view is the projection of the facts that live pages need: agents' open work and open conversations. It keeps where
// contents stand, not the contents: an open conversation costs some hundreds of bytes, however much was said, and nothing
// that the garbage collector has to look at.
//
// One mutex orders everything: to apply an event and tell the subscribers it concerns is one step, to subscribe and see
// what was applied so far is another. Hence a page has no gap and no double.
type view struct {
	mu       sync.Mutex
	keys     *live.Keys
	applied  uint64
	tenants  map[string]*tenantEntry
	byTenant []*tenantEntry
	byAgent  []*agentEntry
	byQueue  []*queueEntry
	convs    live.Slab[conv]
	contacts live.Slab[contact]
	lines    live.LineSlab
	byConv   map[live.Key]live.Ref
	byID     map[live.Key]live.Ref
	// profiles is where the newest profile of each customer stands, and early where the newest offer of contacts stands that
	// were offered before the view read of them: topics are read beside each other. Both are bounded.
	profiles map[uint64]spot
	early    map[live.Key]spot
	// ranks are the priorities of those that left their queue before the view read of them; bounded too.
	ranks map[live.Key]int32
	// flows are the queues that contacts flowed out of, for the few that did.
	flows map[live.Key][]flow
	words words
	// given, comings and maxComings are for the boards' counts; see came.
	given      given
	comings    int
	maxComings int
	// now is the wall clock in Unix milliseconds, for opening hours.
	now func() int64
	// gone is called with the view locked when an agent has no connection: it must not block and must not call the view.
	gone func(tenant, agent string)
}

// conv is an open conversation.
type conv struct {
	key   live.Key
	lines live.LineList
	// contacts is the first of its open contacts, chained by next.
	contacts live.Ref
	closed   bool
}

// contact is an open contact: queued, assigned or wrapping.
type contact struct {
	key live.Key
	// customer is the hash that [view.customer] gives.
	customer uint64
	// at is where its newest record stands; why, where its newest offer that names candidates does, and intent, what a model
	// said of it.
	at          live.Place
	why, intent spot
	// tenant and agent are places in the view's lists of them; agent 0 is nobody.
	tenant, agent uint32
	conv          live.Ref
	next          live.Ref
	version       uint32
	// priority is that of its last place in a queue.
	priority int32
	// queue is one more than the number of the queue it came out of; 0 is none.
	queue uint32
}

// subscriber is a page. Push is called with the view locked: it must not block and must not call the view.
type subscriber interface{ push(n note) }

func newView() *view {
	return &view{
		keys: live.NewKeys(), tenants: make(map[string]*tenantEntry), byAgent: []*agentEntry{nil},
		byConv: make(map[live.Key]live.Ref), byID: make(map[live.Key]live.Ref),
		profiles: make(map[uint64]spot), early: make(map[live.Key]spot), ranks: make(map[live.Key]int32), flows: make(map[live.Key][]flow), words: words{of: make(map[string]uint16), all: []string{""}},
		now: func() int64 { return 0 }, gone: func(string, string) {}, maxComings: maxComings,
	}
}

// applyStep is how many events are applied between two moments at which a page may subscribe.
const applyStep = 256

// apply takes facts in the order of their partition.
func (v *view) apply(batch []engine.Delivered) {
	for len(batch) > 0 {
		n := min(len(batch), applyStep)
		v.mu.Lock()
		for i := range batch[:n] {
			v.applied++
			v.applyOne(&batch[i])
		}
		v.mu.Unlock()
		batch = batch[n:]
	}
}

func (v *view) applyOne(d *engine.Delivered) {
	e := d.Event
	at := live.PlaceOf(&d.Record)
	switch body := e.GetBody().(type) {
	case *event.Event_ConversationOpened:
		_, c := v.conversation(body.ConversationOpened.GetConversation())
		c.closed = false
	case *event.Event_ConversationClosed:
		v.closeConversation(body.ConversationClosed.GetConversation())
	case *event.Event_ContactChanged:
		v.contactChanged(e, body.ContactChanged.GetContact(), at)
	case *event.Event_MessageAdded:
		v.messageAdded(e, body.MessageAdded, at)
	case *event.Event_MessageMarked:
		v.messageMarked(e, body.MessageMarked)
	case *event.Event_WishRefused:
		v.wishRefused(e, body.WishRefused)
	case *event.Event_ProfileChanged:
		v.profileChanged(e, at)
	case *event.Event_TypingSeen:
		if r, ok := v.byConv[v.keys.Of(body.TypingSeen.GetConversation())]; ok {
			v.tellHolders(v.convs.Get(r), note{kind: noteTyping, event: e})
		}
	case *event.Event_IntentFound:
		if r, ok := v.byID[v.keys.Of(body.IntentFound.GetContact())]; ok {
			v.contacts.Get(r).intent = spotOf(at)
		}
	case *event.Event_AgentChanged:
		v.agentChanged(v.tenant(e.GetTenant()), body.AgentChanged)
	case *event.Event_OfferChanged:
		v.offerChanged(e, body.OfferChanged, at)
	case *event.Event_QueueEntry:
		v.queueChanged(v.tenant(e.GetTenant()), body.QueueEntry)
	case *event.Event_ConfigApplied:
		v.tenant(e.GetTenant()).cameIntoForce(e.GetAtMs(), body.ConfigApplied)
		v.configure(v.tenant(e.GetTenant()), body.ConfigApplied)
	}
}

// encoded is a message of ours as one object, and none behind it.
func encoded(m proto.Message) string {
	b, err := proto.Marshal(m)
	if err != nil {
		return "" // it was decoded a moment ago
	}
	return string(b)
}

func (v *view) conversation(id string) (live.Ref, *conv) {
	key := v.keys.Of(id)
	if r, ok := v.byConv[key]; ok {
		return r, v.convs.Get(r)
	}
	r, c := v.convs.Add()
	c.key = key
	v.byConv[key] = r
	return r, c
}

func (v *view) closeConversation(id string) {
	r, ok := v.byConv[v.keys.Of(id)]
	if !ok {
		return
	}
	v.convs.Get(r).closed = true
	v.dropClosed(r)
}

// dropClosed forgets a conversation that is closed, once its last contact is through with wrap-up.
func (v *view) dropClosed(r live.Ref) {
	if c := v.convs.Get(r); c.closed && c.contacts == 0 {
		delete(v.byConv, c.key)
		v.lines.Drop(&c.lines)
		v.convs.Remove(r)
	}
}

func (v *view) contactChanged(e *event.Event, c *event.Contact, at live.Place) {
	r, known := v.byID[v.keys.Of(c.GetContact())]
	ended := c.GetState() == event.ContactState_CONTACT_STATE_ENDED
	if !known && ended {
		return
	}
	tenant := v.tenant(e.GetTenant())
	var k *contact
	if known {
		k = v.contacts.Get(r)
		if k.tenant != tenant.number || uint64(k.version) >= c.GetVersion() {
			return
		}
	} else {
		r, k = v.addContact(tenant, c)
		k.customer = v.customer(e.GetCustomer())
	}
	before, moved := v.byAgent[k.agent], v.move(r, k, c.GetConversation())
	k.at, k.version = at, uint32(c.GetVersion()) //nolint:gosec // versions of one contact are few
	k.queue = v.cameFrom(tenant, c.GetQueue())
	var after *agentEntry
	if c.GetState() == event.ContactState_CONTACT_STATE_ASSIGNED || c.GetState() == event.ContactState_CONTACT_STATE_WRAPPING {
		after = v.agent(tenant, c.GetAgent())
	}
	v.handOver(r, k, after)
	v.touched(tenant, c.GetContact())
	told := note{kind: noteContact, event: e, contact: c.GetContact(), places: v.placesOf(k)}
	fresh := after != nil && (after != before || moved)
	if before != nil && (!fresh || before != after) {
		before.tell(told)
	}
	if fresh {
		v.tellWith(after, told, v.convs.Get(k.conv))
	}
	if ended {
		v.dropContact(r, k)
	}
}

func (v *view) addContact(tenant *tenantEntry, c *event.Contact) (live.Ref, *contact) {
	r, k := v.contacts.Add()
	cr, cv := v.conversation(c.GetConversation())
	k.key, k.tenant, k.conv, k.next = v.keys.Keep(c.GetContact()), tenant.number, cr, cv.contacts
	cv.contacts = r
	v.byID[k.key] = r
	if at, early := v.early[k.key]; early {
		k.why = at
		delete(v.early, k.key)
	}
	if k.priority = v.ranks[k.key]; k.priority != 0 {
		delete(v.ranks, k.key)
	}
	return r, k
}

// move puts a contact that was split off into its own conversation.
func (v *view) move(r live.Ref, k *contact, conversation string) bool {
	if v.convs.Get(k.conv).key == v.keys.Of(conversation) {
		return false
	}
	v.unchain(r, k)
	cr, cv := v.conversation(conversation)
	k.conv, k.next = cr, cv.contacts
	cv.contacts = r
	return true
}

// unchain takes a contact out of its conversation, which is forgotten if that was all it waited for.
func (v *view) unchain(r live.Ref, k *contact) {
	for p := &v.convs.Get(k.conv).contacts; *p != 0; p = &v.contacts.Get(*p).next {
		if *p == r {
			*p = k.next
			break
		}
	}
	v.dropClosed(k.conv)
}

// handOver moves a contact from the agent who held it to the one who does now; either may be none.
func (v *view) handOver(r live.Ref, k *contact, to *agentEntry) {
	from := v.byAgent[k.agent]
	if from == to {
		return
	}
	if from != nil {
		from.held = slices.DeleteFunc(from.held, func(x live.Ref) bool { return x == r })
	}
	k.agent = 0
	if to != nil {
		k.agent = to.number
		to.held = append(to.held, r)
	}
}

func (v *view) dropContact(r live.Ref, k *contact) {
	v.unchain(r, k)
	delete(v.byID, k.key)
	delete(v.flows, k.key)
	v.keys.Forget(k.key)
	v.contacts.Remove(r)
}

func (v *view) messageAdded(e *event.Event, m *event.MessageAdded, at live.Place) {
	_, c := v.conversation(m.GetConversation())
	v.lines.Add(&c.lines, live.NewLine(at, v.keys.Short(m.GetMessage()), m.GetSequence(), 0), maxLines)
	v.tellHolders(c, note{kind: noteMessage, event: e})
}

func (v *view) messageMarked(e *event.Event, m *event.MessageMarked) {
	r, ok := v.byConv[v.keys.Of(m.GetConversation())]
	if !ok {
		return
	}
	c := v.convs.Get(r)
	if l := v.lines.Find(c.lines, v.keys.Short(m.GetMessage())); l != nil {
		l.SetState(uint8(m.GetState())) //nolint:gosec // a small enumeration
	}
	v.tellHolders(c, note{kind: noteMarked, event: e}) // a page that is open for long shows more than the view knows
}

// tellHolders tells those who hold a contact of the conversation, each under the id of the contact held.
func (v *view) tellHolders(c *conv, n note) {
	for r := c.contacts; r != 0; r = v.contacts.Get(r).next {
		k := v.contacts.Get(r)
		if a := v.byAgent[k.agent]; a != nil && len(a.subs) > 0 {
			n.contact = v.keys.Text(k.key)
			a.tell(n)
		}
	}
}

func (v *view) offerChanged(e *event.Event, o *event.OfferChanged, at live.Place) {
	if len(o.GetCandidates()) > 0 {
		v.offeredAt(v.keys.Of(o.GetContact()), at)
	}
	a := v.agent(v.tenant(e.GetTenant()), o.GetAgent())
	i := slices.IndexFunc(a.offers, func(x *event.OfferChanged) bool { return x.GetOffer() == o.GetOffer() })
	switch open := o.GetState() == event.OfferState_OFFER_STATE_OFFERED; {
	case open && i < 0:
		a.offers = append(a.offers, o)
	case open:
		a.offers[i] = o
	case i >= 0:
		// Only the end is told again: the candidates were told when the offer was made.
		if a.offers = slices.Delete(a.offers, i, i+1); len(a.offers) == 0 {
			a.offers = nil
		}
	}
	a.tell(note{kind: noteOffer, event: e, places: places{profile: v.profiles[v.customer(o.GetCustomer())]}})
}
