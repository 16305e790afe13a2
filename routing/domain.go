package routing

import (
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
)

// Apply decides one event of the domain's inbox. An error says that the event asks for what there is not; nothing has
// changed then. What is late or repeated decides nothing and is no error.
func (d *Domain) Apply(m Moment, e *event.Event) (*Decisions, error) {
	d.begin(m)
	switch b := e.Body.(type) {
	case *event.Event_RouteRequest:
		if b.RouteRequest.GetContact() == "" || b.RouteRequest.GetCustomer() == "" {
			return nil, fmt.Errorf("a request to route without a contact or a customer; its writer must name both")
		}
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
		if err := d.setStatus(b.AgentStatus); err != nil {
			return nil, err
		}
	case *event.Event_OfferAnswer:
		d.answer(b.OfferAnswer)
	case *event.Event_GatewayAlive:
		d.alive(b.GatewayAlive)
	default:
		return nil, fmt.Errorf("routing has no use for a %T; it takes requests, answers and presence", e.Body)
	}
	return d.finish(), nil
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
	}
	return d.finish()
}

// Rows are all rows of a domain, as [Decisions] named them, but the contacts': see [Domain.LoadContact].
type Rows struct {
	Domain   *event.RoutingDomainRow
	Agents   []*event.RoutingAgentRow
	Queues   []*event.RoutingQueueRow
	Gateways []*event.RoutingGatewayRow
}

// Load derives the state of an empty domain from its rows. The contacts' rows must follow, then [Domain.Loaded].
func (d *Domain) Load(rows Rows) {
	d.turn = rows.Domain.GetTurn()
	for _, r := range rows.Queues {
		q := d.queue(r.GetQueue().GetId())
		q.config = r.GetQueue()
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
		d.join(a)
		for _, c := range r.GetConnections() {
			d.gateway(c.GetGateway()).agents.insert(a)
		}
	}
}

// Loaded puts the agents into their places, once all rows are loaded.
func (d *Domain) Loaded() {
	for _, a := range d.loading {
		a.seen = a.shows()
		a.place()
	}
	d.loading = nil
}

// LoadContact takes the row of a contact. They come in the order of their ids.
func (d *Domain) LoadContact(id string, r *event.RoutingContactRow) error {
	c := &contact{queue: d.queue(r.GetQueue())}
	c.read(id, r)
	d.contacts[c.id()] = c
	switch c.state {
	case waiting:
		c.queue.waiting.insert(c.spot())
		if c.queue.config == nil {
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
