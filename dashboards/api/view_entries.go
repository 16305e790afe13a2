package api

import (
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

func (v *view) tenant(id string) *tenantEntry {
	t := v.tenants[id]
	if t == nil {
		t = &tenantEntry{
			id: id, number: uint32(len(v.byTenant)), //nolint:gosec // tenants are few
			agents: make(map[string]*agentEntry), queues: make(map[string]*queueEntry), subs: make(map[subscriber]struct{}),
		}
		v.tenants[id] = t
		v.byTenant = append(v.byTenant, t)
	}
	return t
}

func (v *view) agent(t *tenantEntry, id string) *agentEntry {
	a := t.agents[id]
	if a == nil {
		a = &agentEntry{id: id, number: uint32(len(v.byAgent))} //nolint:gosec // agents are fewer than 2^32
		t.agents[id] = a
		v.byAgent = append(v.byAgent, a)
	}
	return a
}

func (t *tenantEntry) queue(id string) *queueEntry {
	q := t.queues[id]
	if q == nil {
		q = &queueEntry{id: id, since: make(map[live.Key]int64)}
		t.queues[id] = q
	}
	return q
}

// changed notes that a queue's line is to be told; [view.flushQueues] does so a few times a second, as each contact
// changes it several times and every page shows it.
func (t *tenantEntry) changed(q *queueEntry) {
	if !q.dirty {
		q.dirty = true
		t.dirty = append(t.dirty, q)
	}
}

func (v *view) queueChanged(t *tenantEntry, entry *event.QueueEntry) {
	q := t.queue(entry.GetQueue())
	q.waiting = entry.GetWaiting()
	if key := v.keys.Of(entry.GetContact()); entry.GetState() == "waiting" {
		q.since[key] = entry.GetEnqueuedMs()
	} else {
		delete(q.since, key)
	}
	t.changed(q)
}

func (v *view) configure(t *tenantEntry, c *event.ConfigApplied) {
	for _, o := range c.GetObjects() {
		switch object := o.GetObject().(type) {
		case *event.ConfigObject_Agent:
			a := v.agent(t, object.Agent.GetId())
			a.config = nil
			if !o.GetRemoved() {
				a.config = encoded(&event.Agent{
					Name: object.Agent.GetName(), Domain: object.Agent.GetDomain(), ChatCapacity: object.Agent.GetChatCapacity(),
				})
			}
			a.tellState()
		case *event.ConfigObject_Queue:
			q := t.queue(object.Queue.GetId())
			q.name = object.Queue.GetName()
			if o.GetRemoved() {
				delete(t.queues, q.id)
				continue
			}
			t.changed(q)
		}
	}
}

// agentState is an agent as the view knows it at one moment; of what is not known both parts are nil. Of the configuration
// it has what pages show.
type agentState struct {
	id      string
	changed *event.AgentChanged
	config  *event.Agent
}

func (a *agentEntry) state() *agentState {
	s := &agentState{id: a.id}
	if changed := new(event.AgentChanged); a.changed != nil && proto.Unmarshal(a.changed, changed) == nil {
		s.changed = changed
	}
	if config := new(event.Agent); a.config != nil && proto.Unmarshal(a.config, config) == nil {
		s.config = config
	}
	return s
}

func (a *agentEntry) tell(n note) {
	for _, s := range a.subs {
		s.push(n)
	}
}

func (a *agentEntry) tellState() {
	if len(a.subs) > 0 {
		a.tell(note{kind: noteAgent, agent: a.state()})
	}
}

// tellWith tells with the conversation's latest messages, which the page has not got yet.
func (v *view) tellWith(a *agentEntry, n note, c *conv) {
	if len(a.subs) == 0 {
		return
	}
	n.lines = v.lines.Copy(c.lines)
	a.tell(n)
}

// wishRefused tells who asked, and nobody else: an agent's pages, or those of a supervisor's account.
func (v *view) wishRefused(e *event.Event, r *event.WishRefused) {
	t := v.tenants[e.GetTenant()]
	if t == nil {
		return
	}
	n := note{kind: noteRefused, event: e, account: r.GetBy()}
	if n.account != "" {
		for s := range t.subs {
			s.push(n)
		}
	} else if a := t.agents[r.GetAgent()]; a != nil {
		a.tell(n)
	}
}

// queueState is a queue's line at one moment.
type queueState struct {
	id, name string
	waiting  uint32
	oldest   int64
}

func (q *queueEntry) state() queueState {
	s := queueState{id: q.id, name: q.name, waiting: q.waiting}
	for _, since := range q.since {
		if s.oldest == 0 || since < s.oldest {
			s.oldest = since
		}
	}
	return s
}

// flushQueues tells every page of the queues that changed since.
func (v *view) flushQueues() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.tenants {
		for _, q := range t.dirty {
			q.dirty = false
			if len(t.subs) == 0 {
				continue
			}
			n := note{kind: noteQueue, queue: q.state()}
			for s := range t.subs {
				s.push(n)
			}
		}
		t.dirty = t.dirty[:0]
	}
}
