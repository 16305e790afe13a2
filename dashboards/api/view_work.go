package api

import (
	"encoding/binary"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

const (
	// maxProfiles bounds the customers whose newest profile the view finds; of the others history knows.
	maxProfiles = 1 << 20
	// maxEarly bounds the offers that are read before their contacts: many only while the view catches up.
	maxEarly = 1 << 16
	// maxColleagues is how many agents' changes are told at once, once a second; the others wait their turn.
	maxColleagues = 500
)

// spot is a place or none, which is 0.
type spot live.Place

func spotOf(at live.Place) spot { return spot(at + 1) }

func (s spot) place() live.Place { return live.Place(s - 1) }

// places is where the parts of a contact stand that a page shows with it.
type places struct {
	why, intent, profile spot
	flows                []flow
}

// flow is a queue that a contact left for another because it could not stay, and why.
type flow struct{ queue, reason string }

// maxFlows is how many of them a contact shows.
const maxFlows = 8

// flowed notes that a contact flowed out of a queue, but where a person or its end took it out.
func (v *view) flowed(entry *event.QueueEntry) {
	switch entry.GetReason() {
	case "overflow", "full", "too_long", "closed", "queue_gone":
	default:
		return
	}
	key := v.keys.Of(entry.GetContact())
	before, known := v.flows[key]
	if !known && len(v.flows) >= maxEarly {
		clear(v.flows)
	}
	if len(before) < maxFlows { // what pages were given is never written to
		v.flows[key] = append(slices.Clip(before), flow{entry.GetQueue(), entry.GetReason()})
	}
}

// customer is a hash of a customer's id: whoever finds something by it compares the id.
func (v *view) customer(id string) uint64 {
	key := v.keys.Of(id)
	return binary.LittleEndian.Uint64(key[:8])
}

func (v *view) placesOf(k *contact) places {
	return places{k.why, k.intent, v.profiles[k.customer], v.flows[k.key]}
}

// offeredAt notes where the newest offer of a contact stands.
func (v *view) offeredAt(contact live.Key, at live.Place) {
	if r, ok := v.byID[contact]; ok {
		v.contacts.Get(r).why = spotOf(at)
		return
	}
	if len(v.early) >= maxEarly {
		clear(v.early)
	}
	v.early[contact] = spotOf(at)
}

// profileChanged notes where a customer's profile stands, and tells the pages that hold a contact of the customer.
func (v *view) profileChanged(e *event.Event, at live.Place) {
	customer := v.customer(e.GetCustomer())
	if _, known := v.profiles[customer]; !known && len(v.profiles) >= maxProfiles {
		for any := range v.profiles {
			delete(v.profiles, any)
			break
		}
	}
	v.profiles[customer] = spotOf(at)
	t := v.tenants[e.GetTenant()]
	if t == nil || len(t.subs) == 0 {
		return
	}
	for _, a := range t.agents {
		if len(a.subs) == 0 {
			continue
		}
		for _, r := range a.held {
			if k := v.contacts.Get(r); k.customer == customer {
				a.tell(note{kind: noteProfile, event: e, contact: v.keys.Text(k.key)})
				break
			}
		}
	}
}

// profileAt is where a customer's newest profile stands.
func (v *view) profileAt(customer string) spot {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.profiles[v.customer(customer)]
}

// watchColleagues begins to tell a page what the other agents do, first of all of them; or ends it. Only pages that choose among
// them are told: with thousands of agents each change would be thousands of frames.
func (v *view) watchColleagues(tenant, agent string, s subscriber, on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	if !on {
		delete(t.choosers, s)
		return
	}
	t.choosers[s] = struct{}{}
	s.push(note{kind: noteColleagues, whole: true, agents: t.colleaguesOf(v.agent(t, agent), &v.words)})
}

// flushColleagues tells the pages that watch whose status or activity changed since.
func (v *view) flushColleagues() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.tenants {
		n := len(t.colleagues)
		if len(t.choosers) > 0 {
			n = min(n, maxColleagues)
		}
		told := note{kind: noteColleagues, shared: new(shared)}
		for _, a := range t.colleagues[:n] {
			a.dirty = false
			if len(t.choosers) > 0 && a.known {
				told.agents = append(told.agents, a.state())
			}
		}
		t.colleagues = append(t.colleagues[:0], t.colleagues[n:]...)
		for s := range t.choosers {
			if len(told.agents) > 0 {
				s.push(told)
			}
		}
	}
}

// queueOf is what commands and pages need of a queue.
type queueRef struct {
	id, domain string
	wrapUpMs   int64
}

// queueRef finds a queue of the configuration.
func (v *view) queueRef(tenant, id string) (queueRef, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	if t == nil || t.queues[id] == nil || t.queues[id].removed {
		return queueRef{}, false
	}
	q := t.queues[id]
	return queueRef{q.id, orMain(q.domain), q.wrapUpMs}, true
}

// waitsIn is the queue in which a contact waits or is being offered.
func (v *view) waitsIn(tenant, contact string) (queueRef, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := v.tenants[tenant]; t != nil {
		if q, _ := t.waits(v.keys.Of(contact)); q != nil {
			return queueRef{q.id, orMain(q.domain), q.wrapUpMs}, true
		}
	}
	return queueRef{}, false
}

// waits finds a contact in the tenant's lines. On its way between two domains it may be seen in two: then it is in the last.
func (t *tenantEntry) waits(contact live.Key) (in *queueEntry, at waiting) {
	for _, q := range t.queues {
		if w, ok := q.line[contact]; ok && (in == nil || w.since > at.since || w.since == at.since && q.id > in.id) {
			in, at = q, w
		}
	}
	return in, at
}

func orMain(domain string) string {
	if domain == "" {
		return "main"
	}
	return domain
}

// serves reports whether an agent serves a queue.
func (v *view) serves(tenant, agent string, queue uint32) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	if t == nil || t.agents[agent] == nil {
		return false
	}
	return t.agents[agent].serves(queue)
}

func (a *agentEntry) serves(queue uint32) bool {
	for _, n := range a.queues {
		if n == queue {
			return true
		}
	}
	return false
}

// isAgent reports whether the configuration names the agent.
func (v *view) isAgent(tenant, agent string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	return t != nil && t.agents[agent] != nil && t.agents[agent].known
}

// retell tells an agent's pages the agent again.
func (v *view) retell(tenant, agent string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := v.tenants[tenant]; t != nil && t.agents[agent] != nil {
		t.agents[agent].tellState()
	}
}

// contactOf is an open contact of a customer.
func (v *view) contactOf(tenant, customer string) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t, key := v.tenants[tenant], v.customer(customer)
	if t == nil {
		return "", false
	}
	for _, r := range v.byID {
		if k := v.contacts.Get(r); k.customer == key && k.tenant == t.number {
			return v.keys.Text(k.key), true
		}
	}
	return "", false
}
