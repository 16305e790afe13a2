package api

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

// snapshot is what an agent's page shows at one moment: contents as places.
type snapshot struct {
	applied uint64
	agent   *agentState
	offers  []*event.OfferChanged
	held    []heldContact
	queues  []queueState
	lists   lists
	// serves are the numbers of the queues that the agent serves.
	serves     []uint32
	colleagues []*agentState
	// customers are the profiles of those whose offers are open, by the offers' order.
	customers []spot
}

type heldContact struct {
	id     string
	at     live.Place
	places places
	lines  live.Lines
}

// maxColleaguesShown is how many other agents a page is shown at first; who is connected comes first.
const maxColleaguesShown = 500

// subscribe registers a page of an agent and pushes its snapshot to it, in one step: what is applied later is pushed
// behind it. Unsubscribe with the same arguments.
func (v *view) subscribe(tenant, agent string, s subscriber) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	a := v.agent(t, agent)
	shot := &snapshot{applied: v.applied, agent: a.state(), offers: slices.Clone(a.offers), lists: t.lists, serves: slices.Clone(a.queues)}
	for _, o := range a.offers {
		shot.customers = append(shot.customers, v.profiles[v.customer(o.GetCustomer())])
	}
	shot.colleagues = t.colleaguesOf(a, &v.words)
	for _, r := range a.held {
		k := v.contacts.Get(r)
		shot.held = append(shot.held, heldContact{v.keys.Text(k.key), k.at, v.placesOf(k), v.lines.Copy(v.convs.Get(k.conv).lines)})
	}
	for _, q := range t.queues {
		if q.shown() {
			shot.queues = append(shot.queues, q.state())
		}
	}
	slices.SortFunc(shot.queues, func(a, b queueState) int { return cmp.Compare(a.id, b.id) })
	a.subs = append(a.subs, s)
	t.subs[s] = struct{}{}
	s.push(note{kind: noteSnapshot, snapshot: shot})
}

func (v *view) unsubscribe(tenant, agent string, s subscriber) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenant(tenant)
	a := v.agent(t, agent)
	a.subs = slices.DeleteFunc(a.subs, func(x subscriber) bool { return x == s })
	delete(t.subs, s)
	delete(t.choosers, s)
	t.floor.unwatch(s)
}

// colleaguesOf are the other agents whom the configuration names, those who are connected first.
func (t *tenantEntry) colleaguesOf(me *agentEntry, words *words) []*agentState {
	var here, away []*agentEntry
	for _, a := range t.agents {
		switch {
		case a == me || !a.known:
		case a.doing == 0 || strings.HasPrefix(words.all[a.doing], "offline"):
			away = append(away, a)
		default:
			here = append(here, a)
		}
	}
	here = append(here, away...)
	out := make([]*agentState, 0, min(len(here), maxColleaguesShown))
	for _, a := range here[:cap(out)] {
		out = append(out, a.state())
	}
	slices.SortFunc(out, func(a, b *agentState) int { return cmp.Compare(a.id, b.id) })
	return out
}

// contactAt is where the newest record of an open contact of the tenant stands, and who holds it.
func (v *view) contactAt(tenant, id string) (at live.Place, agent string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, known := v.byID[v.keys.Of(id)]
	if !known {
		return 0, "", false
	}
	k := v.contacts.Get(r)
	if v.byTenant[k.tenant].id != tenant {
		return 0, "", false
	}
	if a := v.byAgent[k.agent]; a != nil {
		agent = a.id
	}
	return k.at, agent, true
}

// holderOf says through which of its open contacts an agent holds a conversation; an empty agent asks for any contact.
func (v *view) holderOf(tenant, conversation, agent string) (contact string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	cr, known := v.byConv[v.keys.Of(conversation)]
	if !known {
		return "", false
	}
	for r := v.convs.Get(cr).contacts; r != 0; r = v.contacts.Get(r).next {
		k := v.contacts.Get(r)
		a := v.byAgent[k.agent]
		if v.byTenant[k.tenant].id == tenant && (agent == "" || a != nil && a.id == agent) {
			return v.keys.Text(k.key), true
		}
	}
	return "", false
}

// queueName is the name of a queue, or its id where the configuration has none.
func (v *view) queueName(tenant, id string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := v.tenants[tenant]; t != nil && t.queues[id] != nil && t.queues[id].name != "" {
		return t.queues[id].name
	}
	return id
}

// hasQueue reports whether the configuration names the queue.
func (v *view) hasQueue(tenant, id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	return t != nil && t.queues[id] != nil && t.queues[id].known
}

// hasOffer reports whether the offer is open for the agent.
func (v *view) hasOffer(tenant, agent, offer string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	if t == nil || t.agents[agent] == nil {
		return false
	}
	return slices.ContainsFunc(t.agents[agent].offers, func(o *event.OfferChanged) bool { return o.GetOffer() == offer })
}

// agentState is what is known of an agent, whether or not any fact told of it.
func (v *view) agentState(tenant, agent string) *agentState {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := v.tenants[tenant]; t != nil && t.agents[agent] != nil {
		return t.agents[agent].state()
	}
	return &agentState{id: agent}
}

// size is how many conversations are open.
func (v *view) size() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.byConv)
}

// heldBy are the contacts that an agent holds.
func (v *view) heldBy(tenant, agent string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tenants[tenant]
	if t == nil || t.agents[agent] == nil {
		return nil
	}
	var out []string
	for _, r := range t.agents[agent].held {
		out = append(out, v.keys.Text(v.contacts.Get(r).key))
	}
	return out
}
