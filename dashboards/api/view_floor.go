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
	watchers map[subscriber]*floorGroup
	// groups are the watchers by the name of what they see.
	groups map[string]*floorGroup
	// rescoped: an agent changed, and with it perhaps what teams see.
	rescoped bool
	agents   map[*agentEntry]struct{}
	queues   map[*queueEntry]struct{}
	contacts map[string]struct{}
	// late counts the flushes since there were too many of them to be noted: then all contacts are told anew, now and then.
	late int
}

// floorGroup is those who see the same of a floor.
type floorGroup struct {
	teams    []string
	watchers int
	// in is what they saw when they were told last, and shown, the contacts that they were told of and that are still there;
	// who sees everything needs neither.
	in    *scope
	shown map[string]struct{}
}

// floorBatch is the floor at one moment, or what changed of it, as far as a scope goes.
type floorBatch struct {
	whole    bool
	in       *scope
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
	// queue is where it waits or is being offered; empty where it does not. From is that, or where it came out of, and agent,
	// who holds it.
	queue string
	from  string
	agent string
	// offeredTo is to whom it is being offered.
	offeredTo string
	waiting   waiting
	reason    string
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

// retell has all contacts be told anew, as what is shown of them changed.
func (f *floorEntry) retell() {
	if f.watched() {
		f.late = max(f.late, wholeFloorAfter)
	}
}

func (f *floorEntry) clear() {
	f.agents, f.queues, f.contacts = make(map[*agentEntry]struct{}), make(map[*queueEntry]struct{}), make(map[string]struct{})
}

func (f *floorEntry) unwatch(s subscriber) {
	if g := f.watchers[s]; g != nil {
		if g.watchers--; g.watchers == 0 {
			for name, x := range f.groups {
				if x == g {
					delete(f.groups, name)
				}
			}
		}
	}
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

// watchFloor begins to tell a page of what teams see of its tenant's floor, first the whole; or ends it.
func (v *view) watchFloor(tenant string, teams []string, s subscriber, on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	f := &t.floor
	f.unwatch(s)
	if !on {
		return
	}
	if !f.watched() {
		f.watchers, f.groups = make(map[subscriber]*floorGroup), make(map[string]*floorGroup)
		f.clear()
	}
	name := scopeName(tenant, teams)
	g := f.groups[name]
	if g == nil {
		g = &floorGroup{teams: teams, shown: make(map[string]struct{})}
		f.groups[name] = g
	}
	g.watchers++
	f.watchers[s] = g
	s.push(note{kind: noteFloor, floor: g.all(v, t, false), shared: new(shared)})
}

// all is the whole floor of a group. Anew forgets what its watchers were told before, as all of them are told this.
func (g *floorGroup) all(v *view, t *tenantEntry, anew bool) *floorBatch {
	in := v.inScope(t, g.teams)
	b := v.floorOf(t, in, g.teams)
	if in.whole {
		return b
	}
	if anew {
		clear(g.shown)
	}
	if anew || g.in == nil {
		g.in = in
	}
	for i := range b.contacts {
		g.shown[b.contacts[i].id] = struct{}{}
	}
	return b
}

// floorNow is the whole floor as far as teams see it.
func (v *view) floorNow(tenant string, teams []string) *floorBatch {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	return v.floorOf(t, v.inScope(t, teams), teams)
}

func (v *view) floorOf(t *tenantEntry, in *scope, teams []string) *floorBatch {
	b := &floorBatch{whole: true, in: in, teams: teamsSeen(t.lists.teams, in, teams)}
	for _, a := range t.agents {
		if a.known && in.agent(a.id) {
			b.agents = append(b.agents, a.state())
		}
	}
	for _, q := range t.queues {
		if q.shown() && in.queue(q.id) {
			b.queues = append(b.queues, q.state())
		}
	}
	for _, r := range v.byID {
		k := v.contacts.Get(r)
		if k.tenant != t.number {
			continue
		}
		if c := v.floorContact(t, v.keys.Text(k.key), k); !t.practises(c.from) && in.contact(c.from, c.agent) {
			if b.contacts = append(b.contacts, c); len(b.contacts) == maxFloorContacts {
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
		c.queue, c.waiting, c.reason = q.id, w, q.waitsFor(v.words.all[w.reason])
		if a := v.byAgent[w.to]; a != nil {
			c.offeredTo = a.id
		}
	}
	if c.from = c.queue; c.from == "" && k.queue > 0 {
		c.from = v.byQueue[k.queue-1].id
	}
	if a := v.byAgent[k.agent]; a != nil {
		c.agent = a.id
	}
	return c
}

// waitsFor is why a contact waits, by what routing said when its place changed last, as far as the queue's staffing and hours
// do not tell otherwise by now: routing does not say it anew of everybody whenever an agent comes or goes.
func (q *queueEntry) waitsFor(said string) string {
	switch said {
	case "nobody_staffed", "no_agent":
		if q.staffed > 0 {
			return ""
		}
	case "nobody_fits", "all_busy", "all_excluded":
		if q.staffed == 0 {
			return "nobody_staffed"
		}
	case "closed":
		if q.open {
			return ""
		}
	}
	return said
}

// retellLine has those who wait in a queue be told anew, as why they wait may have changed.
func (v *view) retellLine(t *tenantEntry, q *queueEntry) {
	if !t.floor.watched() {
		return
	}
	for key := range q.line {
		if t.floor.late > 0 {
			return // all are told anew soon
		}
		if _, open := v.byID[key]; open {
			v.touched(t, v.keys.Text(key))
		}
	}
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
		if !f.watched() || len(f.agents)+len(f.queues)+len(f.contacts)+f.late == 0 && !f.rescoped {
			continue
		}
		if f.late > 0 {
			if f.late++; f.late > wholeFloorAfter {
				f.late, f.rescoped = 0, false
				f.clear()
				f.tell(v, t, nil)
				continue
			}
		}
		f.rescoped = false
		f.tell(v, t, v.floorChanges(t))
	}
}

// floorChanges takes what changed since, for who sees everything.
func (v *view) floorChanges(t *tenantEntry) *floorBatch {
	f := &t.floor
	b := &floorBatch{in: wholeScope, teams: t.lists.teams}
	for a := range f.agents {
		b.agents = append(b.agents, a.state())
	}
	for q := range f.queues {
		if q.shown() {
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
		c := floorContact{id: id, gone: true}
		if r, ok := v.byID[v.keys.Of(id)]; ok && v.contacts.Get(r).tenant == t.number {
			if open := v.floorContact(t, id, v.contacts.Get(r)); !t.practises(open.from) {
				c = open
			}
		}
		b.contacts = append(b.contacts, c)
	}
	b.sort()
	return b
}

// tell gives each group what it sees of what changed; the whole floor where nothing is given, or where it sees something else
// by now.
func (f *floorEntry) tell(v *view, t *tenantEntry, changed *floorBatch) {
	made := make(map[*floorGroup]note, len(f.groups))
	for _, g := range f.groups {
		b, in := changed, v.inScope(t, g.teams)
		switch {
		case changed == nil, !in.whole && in != g.in:
			b = g.all(v, t, true)
		case !in.whole:
			b = g.cut(t, changed)
		}
		if b.whole || len(b.agents)+len(b.queues)+len(b.contacts) > 0 {
			made[g] = note{kind: noteFloor, floor: b, shared: new(shared)}
		}
	}
	for s, g := range f.watchers {
		if told, some := made[g]; some {
			s.push(told)
		}
	}
}

// cut leaves of what changed what the group sees. A contact that left what is seen is gone for it.
func (g *floorGroup) cut(t *tenantEntry, changed *floorBatch) *floorBatch {
	b := &floorBatch{in: g.in, teams: teamsSeen(t.lists.teams, g.in, g.teams)}
	for _, a := range changed.agents {
		if g.in.agent(a.id) {
			b.agents = append(b.agents, a)
		}
	}
	for _, q := range changed.queues {
		if g.in.queue(q.id) {
			b.queues = append(b.queues, q)
		}
	}
	for i := range changed.contacts {
		c := &changed.contacts[i]
		_, shown := g.shown[c.id]
		switch {
		case !c.gone && g.in.contact(c.from, c.agent):
			g.shown[c.id] = struct{}{}
			b.contacts = append(b.contacts, *c)
		case shown:
			delete(g.shown, c.id)
			b.contacts = append(b.contacts, floorContact{id: c.id, gone: true})
		}
	}
	return b
}
