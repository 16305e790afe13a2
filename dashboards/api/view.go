package api

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// maxLines is how many of the latest messages of a conversation the view knows; what is older comes by named query.
const maxLines = 50

// view is the projection of the facts that live pages need: agents' open work and open conversations. It keeps where
// contents stand, not the contents: an open conversation costs some hundreds of bytes, however much was said.
//
// One mutex orders everything: to apply an event and tell the subscribers it concerns is one step, to subscribe and see
// what was applied so far is another. Hence a page has no gap and no double.
type view struct {
	mu       sync.Mutex
	seed     maphash.Seed
	applied  uint64
	tenants  map[string]*tenantEntry
	convs    live.Slab[conv]
	contacts live.Slab[contact]
	byConv   map[string]live.Ref
	byID     map[string]live.Ref
}

// conv is an open conversation.
type conv struct {
	id string
	// contacts is the first of its open contacts, chained by next.
	contacts live.Ref
	closed   bool
	lines    live.Lines
}

// contact is an open contact: queued, assigned or wrapping.
type contact struct {
	id string
	// at is where its newest record stands.
	at      live.Place
	agent   *agentEntry
	tenant  *tenantEntry
	conv    live.Ref
	next    live.Ref
	version uint32
	state   uint8
}

// tenantEntry is what the view knows of one tenant.
type tenantEntry struct {
	id     string
	agents map[string]*agentEntry
	queues map[string]*queueEntry
	subs   map[subscriber]struct{}
	dirty  []*queueEntry
}

// agentEntry is an agent's presence, offers and contacts, and the pages that show them.
type agentEntry struct {
	id      string
	changed *event.AgentChanged
	config  *event.Agent
	offers  []*event.OfferChanged
	held    []live.Ref
	subs    []subscriber
}

// queueEntry is a queue's line.
type queueEntry struct {
	id, name string
	waiting  uint32
	// since holds when each contact that waits began to.
	since map[string]int64
	dirty bool
}

// subscriber is a page. Push is called with the view locked: it must not block and must not call the view.
type subscriber interface{ push(n note) }

func newView() *view {
	return &view{
		seed: maphash.MakeSeed(), tenants: make(map[string]*tenantEntry),
		byConv: make(map[string]live.Ref), byID: make(map[string]live.Ref),
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
	case *event.Event_AgentChanged:
		a := v.tenant(e.GetTenant()).agent(body.AgentChanged.GetAgent())
		a.changed = body.AgentChanged
		a.tellState()
	case *event.Event_OfferChanged:
		v.offerChanged(e, body.OfferChanged)
	case *event.Event_QueueEntry:
		v.queueChanged(v.tenant(e.GetTenant()), body.QueueEntry)
	case *event.Event_ConfigApplied:
		v.configure(v.tenant(e.GetTenant()), body.ConfigApplied)
	}
}

func (v *view) conversation(id string) (live.Ref, *conv) {
	if r, ok := v.byConv[id]; ok {
		return r, v.convs.Get(r)
	}
	r, c := v.convs.Add()
	c.id = id
	v.byConv[id] = r
	return r, c
}

func (v *view) closeConversation(id string) {
	r, ok := v.byConv[id]
	if !ok {
		return
	}
	v.convs.Get(r).closed = true
	v.dropClosed(r)
}

// dropClosed forgets a conversation that is closed, once its last contact is through with wrap-up.
func (v *view) dropClosed(r live.Ref) {
	if c := v.convs.Get(r); c.closed && c.contacts == 0 {
		delete(v.byConv, c.id)
		v.convs.Remove(r)
	}
}

func (v *view) contactChanged(e *event.Event, c *event.Contact, at live.Place) {
	r, known := v.byID[c.GetContact()]
	ended := c.GetState() == event.ContactState_CONTACT_STATE_ENDED
	if !known && ended {
		return
	}
	tenant := v.tenant(e.GetTenant())
	var k *contact
	if known {
		k = v.contacts.Get(r)
		if k.tenant != tenant || uint64(k.version) >= c.GetVersion() {
			return
		}
	} else {
		r, k = v.addContact(tenant, c)
	}
	before, moved := k.agent, v.move(r, k, c.GetConversation())
	k.at, k.version, k.state = at, uint32(c.GetVersion()), uint8(c.GetState()) //nolint:gosec // versions of one contact are few
	var after *agentEntry
	if c.GetState() == event.ContactState_CONTACT_STATE_ASSIGNED || c.GetState() == event.ContactState_CONTACT_STATE_WRAPPING {
		after = tenant.agent(c.GetAgent())
	}
	v.handOver(r, k, after)
	fresh := after != nil && (after != before || moved)
	if before != nil && (!fresh || before != after) {
		before.tell(note{kind: noteContact, event: e})
	}
	if fresh {
		after.tellWith(note{kind: noteContact, event: e}, v.convs.Get(k.conv).lines)
	}
	if ended {
		v.dropContact(r, k)
	}
}

func (v *view) addContact(tenant *tenantEntry, c *event.Contact) (live.Ref, *contact) {
	r, k := v.contacts.Add()
	cr, cv := v.conversation(c.GetConversation())
	k.id, k.tenant, k.conv, k.next = c.GetContact(), tenant, cr, cv.contacts
	cv.contacts = r
	v.byID[k.id] = r
	return r, k
}

// move puts a contact that was split off into its own conversation.
func (v *view) move(r live.Ref, k *contact, conversation string) bool {
	if v.convs.Get(k.conv).id == conversation {
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
	if k.agent == to {
		return
	}
	if from := k.agent; from != nil {
		if i := slices.Index(from.held, r); i >= 0 {
			from.held = slices.Delete(from.held, i, i+1)
		}
	}
	if k.agent = to; to != nil {
		to.held = append(to.held, r)
	}
}

func (v *view) dropContact(r live.Ref, k *contact) {
	v.unchain(r, k)
	delete(v.byID, k.id)
	v.contacts.Remove(r)
}

func (v *view) messageAdded(e *event.Event, m *event.MessageAdded, at live.Place) {
	_, c := v.conversation(m.GetConversation())
	c.lines = c.lines.Add(at, live.HashID(v.seed, m.GetMessage()), maxLines)
	v.tellHolders(c, note{kind: noteMessage, event: e})
}

func (v *view) messageMarked(e *event.Event, m *event.MessageMarked) {
	r, ok := v.byConv[m.GetConversation()]
	if !ok {
		return
	}
	c := v.convs.Get(r)
	if i := c.lines.Find(live.HashID(v.seed, m.GetMessage())); i >= 0 {
		c.lines.Set(i, uint8(m.GetState())) //nolint:gosec // a small enumeration
		v.tellHolders(c, note{kind: noteMarked, event: e})
	}
}

// tellHolders tells those who hold a contact of the conversation, each under the id of the contact held.
func (v *view) tellHolders(c *conv, n note) {
	for r := c.contacts; r != 0; r = v.contacts.Get(r).next {
		if k := v.contacts.Get(r); k.agent != nil {
			n.contact = k.id
			k.agent.tell(n)
		}
	}
}

func (v *view) offerChanged(e *event.Event, o *event.OfferChanged) {
	a := v.tenant(e.GetTenant()).agent(o.GetAgent())
	i := slices.IndexFunc(a.offers, func(x *event.OfferChanged) bool { return x.GetOffer() == o.GetOffer() })
	switch open := o.GetState() == event.OfferState_OFFER_STATE_OFFERED; {
	case open && i < 0:
		a.offers = append(a.offers, o)
	case open:
		a.offers[i] = o
	case i >= 0:
		// Only the end is told again: the candidates were told when the offer was made.
		a.offers = slices.Delete(a.offers, i, i+1)
	}
	a.tell(note{kind: noteOffer, event: e})
}
