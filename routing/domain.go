package routing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

// Apply decides one event of the domain's inbox. An error says that the event asks for what there is not; nothing has
// changed then. What is late or repeated decides nothing and is no error.
func (d *Domain) Apply(m Moment, e *event.Event) (*Decisions, error) {
	if err := Check(e); err != nil {
		return nil, err
	}
	d.begin(m)
	switch b := e.Body.(type) {
	case *event.Event_RouteRequest:
		d.request(b.RouteRequest)
	case *event.Event_RouteCancel:
		d.cancelRequest(b.RouteCancel)
	case *event.Event_ContactReleased:
		d.released(b.ContactReleased)
	case *event.Event_AgentConnected:
		d.connect(b.AgentConnected)
	case *event.Event_AgentDisconnected:
		d.disconnect(b.AgentDisconnected)
	case *event.Event_AgentStatus:
		d.setStatus(b.AgentStatus)
	case *event.Event_SetPriority:
		d.setPriority(b.SetPriority)
	case *event.Event_OfferAnswer:
		d.answer(b.OfferAnswer)
	case *event.Event_GatewayAlive:
		d.alive(b.GatewayAlive)
	}
	return d.finish(), nil
}

// Check refuses what [Domain.Apply] would refuse, whatever the domain's state.
func Check(e *event.Event) error {
	switch b := e.Body.(type) {
	case *event.Event_RouteRequest:
		if b.RouteRequest.GetContact() == "" || b.RouteRequest.GetCustomer() == "" {
			return errors.New("a request to route without a contact or a customer; its writer must name both")
		}
	case *event.Event_AgentStatus:
		return CheckStatus(b.AgentStatus)
	case *event.Event_RouteCancel, *event.Event_ContactReleased, *event.Event_AgentConnected, *event.Event_AgentDisconnected,
		*event.Event_OfferAnswer, *event.Event_GatewayAlive, *event.Event_SetPriority:
	default:
		return fmt.Errorf("routing has no use for a %T; it takes requests, answers and presence", e.Body)
	}
	return nil
}

// Fire handles a timer that is due. A timer whose subject is gone does nothing.
func (d *Domain) Fire(m Moment, t Timer) *Decisions {
	d.begin(m)
	switch t.Kind {
	case TimerOffer:
		d.timeOut(t.ID)
	case TimerExclude:
		d.exclusionsEnd(t.ID)
	case TimerForget:
		if c := d.contacts[t.ID]; c != nil && c.state == lost {
			d.drop(c)
		}
	case TimerRescind:
		if a := d.agents[t.ID]; a != nil && !a.connected() {
			d.rescind(a, "agent_gone")
		}
	case TimerLose:
		d.graceEnds(t.ID)
	case TimerGateway:
		d.silence(t.ID)
	case TimerDrain:
		d.drain(t.ID)
	case TimerStep:
		d.due(t.ID)
	case TimerHours:
		if q := d.queues[t.ID]; q != nil && q.config.GetHours() != "" {
			d.watch(q)
		}
	}
	return d.finish()
}

// Rows are all rows of a domain, as [Decisions] named them, but the contacts': see [Domain.LoadContact].
type Rows struct {
	Domain   *event.RoutingDomainRow
	Policies []*event.RoutingPolicyRow
	Agents   []*event.RoutingAgentRow
	Queues   []*event.RoutingQueueRow
	Gateways []*event.RoutingGatewayRow
}

// Load derives the state of an empty domain from its rows. The contacts' rows must follow, then [Domain.Loaded].
func (d *Domain) Load(rows Rows) error {
	d.turn, d.loading = rows.Domain.GetTurn(), []*agent{}
	for _, r := range rows.Policies {
		compiled, err := policy.Compile(r.GetPolicy())
		if err != nil {
			return fmt.Errorf("the row of version %d: %w", r.GetVersion(), err)
		}
		v := &version{number: r.GetVersion(), policy: r.GetPolicy(), compiled: compiled}
		d.versions = append(d.versions, v)
		if v.number == rows.Domain.GetPolicyVersion() {
			d.policy = v
		}
	}
	for _, r := range rows.Queues {
		q := d.queue(r.GetQueue().GetId())
		q.config, q.closed = r.GetQueue(), r.GetClosed()
		d.configured.insert(q)
	}
	for _, r := range rows.Gateways {
		d.gateway(r.GetGateway()).row = r
	}
	for _, r := range rows.Agents {
		a := d.agent(r.GetAgent())
		a.take(r)
		d.loading = append(d.loading, a)
		d.turn = max(d.turn, r.GetTurn())
		for _, c := range r.GetConnections() {
			d.gateway(c.GetGateway()).agents.insert(a)
		}
	}
	slices.SortFunc(d.loading, func(a, b *agent) int {
		return cmp.Or(cmp.Compare(a.row.Turn, b.row.Turn), byAgentID(a, b))
	})
	for _, a := range d.loading {
		d.toEnd(a)
		d.join(a)
	}
	return nil
}

// Loaded puts the agents into their places, once all rows are loaded.
func (d *Domain) Loaded() {
	for _, a := range d.loading {
		a.seen = a.shows()
		d.place(a)
	}
	d.loading = nil
}

// LoadContact takes the row of a contact. They come in the order of their ids.
func (d *Domain) LoadContact(id string, r *event.RoutingContactRow) error {
	c := &contact{queue: d.queue(r.GetQueue())}
	c.read(id, r)
	d.readRoute(c, r)
	d.contacts[c.id()] = c
	switch c.state {
	case waiting:
		c.queue.waits++
		d.line(c)
		if c.queue.config == nil && c.lane != nil {
			d.orphaned.insert(c.queue)
		}
		return nil
	case lost:
		return nil
	case offered, assigned, wrapping:
	case event.RoutingContactState_ROUTING_CONTACT_STATE_UNSPECIFIED:
		return fmt.Errorf("the row of contact %s has no state", id)
	}
	a := d.agents[r.GetAgent()]
	if a == nil {
		return fmt.Errorf("the row of contact %s names agent %s, who has no row", id, r.GetAgent())
	}
	c.agent = a
	if r.GetState() == offered {
		a.ringing = c
		c.queue.offered++
		d.offers[c.offer()] = c
	} else {
		a.held = append(a.held, c) // rows come in the order of their ids
	}
	return nil
}
