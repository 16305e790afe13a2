package api

import (
	"cmp"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	// maxFloorContacts bounds the contacts that a floor shows at first, and maxFloorBatch what is told of them a second.
	maxFloorContacts = 5000
	maxFloorBatch    = 1000
	// wholeFloorAfter is how many flushes later all contacts are told anew where too many changed at once.
	wholeFloorAfter = 5
)

// floorEntry is what the pages that watch a tenant's floor are to be told. While nobody watches nothing is noted.
type floorEntry struct {
	watchers map[subscriber]struct{}
	agents   map[*agentEntry]struct{}
	queues   map[*queueEntry]struct{}
	contacts map[string]struct{}
	// late counts the flushes since there were too many of them to be noted: then all contacts are told anew, now and then.
	late int
}

// floorBatch is the floor at one moment, or what changed of it.
type floorBatch struct {
	whole    bool
	agents   []*agentState
	queues   []queueState
	contacts []floorContact
	teams    []*event.Team
}

// floorContact is a contact on the floor; one that is gone has only its id.
type floorContact struct {
	id      string
	gone    bool
	at      live.Place
	profile spot
	// queue is where it waits or is being offered; empty where it does not.
	queue   string
	waiting waiting
	reason  string
	// priority is that of its last place in a queue.
	priority int32
}

func (f *floorEntry) watched() bool { return len(f.watchers) > 0 }

func (f *floorEntry) agent(a *agentEntry) {
	if f.watched() && a.known {
		f.agents[a] = struct{}{}
	}
}

func (f *floorEntry) queue(q *queueEntry) {
	if f.watched() {
		f.queues[q] = struct{}{}
	}
}

func (f *floorEntry) clear() {
	f.agents, f.queues, f.contacts = make(map[*agentEntry]struct{}), make(map[*queueEntry]struct{}), make(map[string]struct{})
}

func (f *floorEntry) unwatch(s subscriber) {
	delete(f.watchers, s)
	if !f.watched() {
		*f = floorEntry{}
	}
}

// touched notes that a contact changed. Over the bound it is noted that all may have.
func (v *view) touched(t *tenantEntry, contact string) {
	f := &t.floor
	switch {
	case !f.watched() || f.late > 0:
	case len(f.contacts) >= maxFloorContacts:
		f.late = 1
		clear(f.contacts)
	default:
		f.contacts[contact] = struct{}{}
	}
}

// watchFloor begins to tell a page of its tenant's floor, first the whole; or ends it.
func (v *view) watchFloor(tenant string, s subscriber, on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	if !on {
		t.floor.unwatch(s)
		return
	}
	if !t.floor.watched() {
		t.floor.watchers = make(map[subscriber]struct{})
		t.floor.clear()
	}
	t.floor.watchers[s] = struct{}{}
	s.push(note{kind: noteFloor, floor: v.floorOf(t), shared: new(shared)})
}

// floorNow is the whole floor.
func (v *view) floorNow(tenant string) *floorBatch {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.floorOf(v.tenant(tenant))
}

func (v *view) floorOf(t *tenantEntry) *floorBatch {
	b := &floorBatch{whole: true, teams: t.lists.teams}
	for _, a := range t.agents {
		if a.known {
			b.agents = append(b.agents, a.state())
		}
	}
	for _, q := range t.queues {
		if !q.removed {
			b.queues = append(b.queues, q.state())
		}
	}
	for _, r := range v.byID {
		if k := v.contacts.Get(r); k.tenant == t.number {
			b.contacts = append(b.contacts, v.floorContact(t, v.keys.Text(k.key), k))
			if len(b.contacts) == maxFloorContacts {
				break
			}
		}
	}
	b.sort()
	return b
}

func (v *view) floorContact(t *tenantEntry, id string, k *contact) floorContact {
	c := floorContact{id: id, at: k.at, profile: v.profiles[k.customer], priority: k.priority}
	if q, w := t.waits(k.key); q != nil {
		c.queue, c.waiting, c.reason = q.id, w, v.words.all[w.reason]
	}
	return c
}

func (b *floorBatch) sort() {
	slices.SortFunc(b.agents, func(x, y *agentState) int { return cmp.Compare(x.id, y.id) })
	slices.SortFunc(b.queues, func(x, y queueState) int { return cmp.Compare(x.id, y.id) })
	slices.SortFunc(b.contacts, func(x, y floorContact) int { return cmp.Compare(x.id, y.id) })
}

// flushFloors tells those who watch what changed since; what is too much for once comes with the next.
func (v *view) flushFloors() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.tenants {
		f := &t.floor
		if !f.watched() || len(f.agents)+len(f.queues)+len(f.contacts)+f.late == 0 {
			continue
		}
		if f.late > 0 {
			if f.late++; f.late > wholeFloorAfter {
				f.late = 0
				f.clear()
				f.tell(v.floorOf(t))
				continue
			}
		}
		b := &floorBatch{teams: t.lists.teams}
		for a := range f.agents {
			b.agents = append(b.agents, a.state())
		}
		for q := range f.queues {
			if !q.removed {
				b.queues = append(b.queues, q.state())
			}
		}
		clear(f.agents)
		clear(f.queues)
		for id := range f.contacts {
			if len(b.contacts) == maxFloorBatch {
				break
			}
			delete(f.contacts, id)
			if r, ok := v.byID[v.keys.Of(id)]; ok && v.contacts.Get(r).tenant == t.number {
				b.contacts = append(b.contacts, v.floorContact(t, id, v.contacts.Get(r)))
			} else {
				b.contacts = append(b.contacts, floorContact{id: id, gone: true})
			}
		}
		b.sort()
		f.tell(b)
	}
}

func (f *floorEntry) tell(b *floorBatch) {
	told := note{kind: noteFloor, floor: b, shared: new(shared)}
	for s := range f.watchers {
		s.push(told)
	}
}
