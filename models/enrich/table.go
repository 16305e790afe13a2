package enrich

import (
	"sync"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// maxWaiting bounds the contacts of one partition, and maxMessages the messages of a contact that are kept, sealed.
	maxWaiting  = 20_000
	maxMessages = 8
)

// contact waits for its intent: it is queued, without a queue.
type contact struct {
	id, conversation, entryPoint string
	messages                     []*event.Event
	// earlier is what the customer wrote in the conversation before this contact.
	earlier []message
	// due says that a message came and nobody was asked yet; asked that somebody is.
	due, asked bool
}

// job is a contact to ask about, with the messages that were there.
type job struct {
	table *table
	*contact
	messages []*event.Event
}

// table holds the contacts of one partition that wait for their intent, in the facts read so far.
type table struct {
	mu       sync.Mutex
	contacts map[string]*contact
	due      []*contact
	read     bool
	points   *entryPoints
	talks    *talks
}

func newTable(points *entryPoints) *table {
	return &table{contacts: make(map[string]*contact), points: points, talks: newTalks()}
}

func (t *table) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.contacts)
	t.due = nil
	t.talks.clear()
}

// wasRead tells, once, that the beginning is read.
func (t *table) wasRead() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !t.read
	t.read = true
	return first
}

// apply takes facts, and counts the contacts for which there was no room.
func (t *table) apply(batch []engine.Delivered) (full int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range batch {
		switch b := batch[i].Event.GetBody().(type) {
		case *event.Event_ContactChanged:
			full += t.changed(batch[i].Event, b.ContactChanged.GetContact())
		case *event.Event_MessageAdded:
			t.said(batch[i].Event, b.MessageAdded)
		}
	}
	return full
}

func (t *table) changed(e *event.Event, ct *event.Contact) (full int) {
	waits := ct.GetState() == event.ContactState_CONTACT_STATE_QUEUED && ct.GetQueue() == ""
	_, known := t.contacts[ct.GetContact()]
	switch {
	case !waits:
		delete(t.contacts, ct.GetContact())
	case known:
	case len(t.contacts) >= maxWaiting:
		return 1
	default:
		c := &contact{id: ct.GetContact(), conversation: ct.GetConversation(), entryPoint: ct.GetEntryPoint()}
		if t.points.get(e.GetTenant(), c.entryPoint) != nil {
			c.earlier = t.talks.begin(e.GetTenant(), c.conversation, e.GetAtMs())
		}
		t.contacts[c.id] = c
	}
	return 0
}

func (t *table) said(e *event.Event, m *event.MessageAdded) {
	if m.GetAuthor() != event.Author_AUTHOR_CUSTOMER || m.GetInternal() || e.GetSealed() == nil {
		return
	}
	t.talks.said(e, m.GetConversation())
	c := t.contacts[m.GetContact()]
	if c == nil || len(c.messages) >= maxMessages {
		return
	}
	c.messages = append(c.messages, e)
	if !c.due && !c.asked {
		c.due = true
		t.due = append(t.due, c)
	}
}

// jobs takes the contacts that are to be asked about.
func (t *table) jobs() []job {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []job
	for _, c := range t.due {
		c.due = false
		if t.contacts[c.id] == c {
			c.asked = true
			out = append(out, job{t, c, c.messages[:len(c.messages):len(c.messages)]})
		}
	}
	t.due = t.due[:0]
	return out
}

// waits tells whether a job's contact still does.
func (j job) waits() bool {
	j.table.mu.Lock()
	defer j.table.mu.Unlock()
	return j.table.contacts[j.id] == j.contact
}

// unasked has the contact's next message ask again: those so far said nothing.
func (j job) unasked() {
	j.table.mu.Lock()
	defer j.table.mu.Unlock()
	j.asked = false
	if len(j.contact.messages) > len(j.messages) && j.table.contacts[j.id] == j.contact && !j.due {
		j.due = true
		j.table.due = append(j.table.due, j.contact)
	}
}

func (t *table) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.contacts)
}

// entryPoints are those of the configuration in force that name a model, by tenant and id.
type entryPoints struct {
	mu   sync.RWMutex
	byID map[string]*event.EntryPoint
}

func (p *entryPoints) apply(batch []engine.Delivered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = make(map[string]*event.EntryPoint)
	}
	for i := range batch {
		for _, o := range batch[i].Event.GetConfigApplied().GetObjects() {
			e := o.GetEntryPoint()
			if e == nil {
				continue
			}
			key := event.Key(batch[i].Event.GetTenant(), e.GetId())
			delete(p.byID, key)
			if !o.GetRemoved() && e.GetIntentModel() != "" {
				p.byID[key] = e
			}
		}
	}
}

func (p *entryPoints) get(tenant, id string) *event.EntryPoint {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byID[event.Key(tenant, id)]
}
