package routing

import (
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// Moment is when an event is decided: data, as routing has no clock.
type Moment struct {
	// Served is served time; deadlines are in it.
	Served int64
	// Clock is the wall time last known and At the event's own; records are stamped with the later of them. Opening times are
	// decided by the clock, nothing else by either.
	Clock, At int64
	// NewID gives a new id that is the same at each replay.
	NewID func() string
}

func (m Moment) stamp() int64 { return max(m.Clock, m.At) }

// Decisions are what came of one event. They, and the rows in them, are valid until the next call on the domain; the events
// of their outputs until [Domain.Recycle].
type Decisions struct {
	// Outputs are to be appended in this order.
	Outputs []Output
	// Timers are to be set and cancelled in this order.
	Timers []TimerSet
	// The rows that changed, each once.
	Agents   []Changed[event.RoutingAgentRow]
	Contacts []Changed[event.RoutingContactRow]
	Queues   []Changed[event.RoutingQueueRow]
	Gateways []Changed[event.RoutingGatewayRow]
	Policies []Changed[event.RoutingPolicyRow]
	// Domain is the domain's own row, if it changed.
	Domain *event.RoutingDomainRow
}

// Output is an event for a topic.
type Output struct {
	Topic event.Topic
	Event *event.Event
}

// Changed is a row as it is now; nil where it is gone.
type Changed[R any] struct {
	ID  string
	Row *R
}

// TimerKind is what a timer is for.
type TimerKind string

// The timers of a domain. Each state that must end has one.
const (
	// TimerOffer ends an offer that nobody answered; its id is the offer's.
	TimerOffer TimerKind = "offer"
	// TimerExclude ends exclusions from a contact.
	TimerExclude TimerKind = "exclude"
	// TimerForget forgets a contact that was lost with its agent.
	TimerForget TimerKind = "forget"
	// TimerRescind rescinds what rings at an agent without a connection, TimerLose takes their contacts.
	TimerRescind TimerKind = "rescind"
	TimerLose    TimerKind = "lose"
	// TimerGateway ends a gateway that gives no sign of life.
	TimerGateway TimerKind = "gateway"
	// TimerStep ends a contact's step, or its time in the queue.
	TimerStep TimerKind = "step"
	// TimerHours looks at a queue's opening times.
	TimerHours TimerKind = "hours"
	// TimerDrain moves contacts out of a queue that is gone or closed, in steps.
	TimerDrain TimerKind = "drain"
)

// Timer names a timer within a domain.
type Timer struct {
	Kind TimerKind
	ID   string
}

// String is the timer's name.
func (t Timer) String() string { return string(t.Kind) + "/" + t.ID }

// ParseTimer reads a timer's name.
func ParseTimer(name string) (Timer, bool) {
	kind, id, ok := strings.Cut(name, "/")
	return Timer{TimerKind(kind), id}, ok
}

// TimerSet sets a timer, in place of any earlier setting, or cancels it.
type TimerSet struct {
	Timer Timer
	// After is in milliseconds of served time; below 0 it cancels.
	After int64
}

func (d *Domain) after(kind TimerKind, id string, ms int64) {
	d.out.Timers = append(d.out.Timers, TimerSet{Timer{kind, id}, ms})
}

func (d *Domain) cancel(kind TimerKind, id string) { d.after(kind, id, -1) }

// fact says something to all who read routing's facts.
func (d *Domain) fact(e *event.Event) {
	e.Tenant, e.Key, e.AtMs = d.tenant, d.key, d.now.stamp()
	d.out.Outputs = append(d.out.Outputs, Output{event.TopicRoutingFacts, e})
}

// tell tells a contact's conversation what became of its request.
func (d *Domain) tell(c *contact, outcome, agentID, offer string) {
	m := d.mem.outcomes.take()
	m.outcome = event.RouteOutcome{Contact: c.id(), Outcome: outcome, Queue: c.queue.id, Agent: agentID, Offer: offer}
	m.body.RouteOutcome = &m.outcome
	m.event = event.Event{
		Tenant: d.tenant, Key: event.Key(d.tenant, c.customer()), Customer: c.customer(), AtMs: d.now.stamp(), Body: &m.body,
	}
	d.out.Outputs = append(d.out.Outputs, Output{event.TopicConversationIn, &m.event})
}

// begin clears what the last event left.
func (d *Domain) begin(m Moment) {
	d.now = m
	clear(d.out.Outputs)
	d.out = Decisions{
		Outputs: d.out.Outputs[:0], Timers: d.out.Timers[:0], Agents: d.out.Agents[:0],
		Contacts: d.out.Contacts[:0], Queues: d.out.Queues[:0], Gateways: d.out.Gateways[:0],
		Policies: d.out.Policies[:0],
	}
}

// finish matches what the event made possible, tells what changed and names the rows.
func (d *Domain) finish() *Decisions {
	d.match()
	for _, c := range d.changed.contacts {
		d.tellEntry(c)
		c.dirty = false
		if c.route != nil && (c.gone || c.state != waiting && c.state != offered) {
			d.unroute(c)
		}
		var row *event.RoutingContactRow
		if !c.gone {
			row = c.write(d.mem.contacts.take())
		}
		d.out.Contacts = append(d.out.Contacts, Changed[event.RoutingContactRow]{c.id(), row})
		if c.gone {
			*c = contact{}
			d.mem.gone.give(c)
		}
	}
	for _, a := range d.changed.agents {
		a.dirty = false
		d.tellAgent(a)
		row := &a.row
		if d.forgettable(a) {
			row = nil
			delete(d.agents, a.row.Agent)
			d.slots[a.slot] = nil
			d.out.Domain = d.row()
		}
		d.out.Agents = append(d.out.Agents, Changed[event.RoutingAgentRow]{a.row.Agent, row})
	}
	for _, q := range d.changed.queues {
		q.dirty = false
		var row *event.RoutingQueueRow
		if q.config != nil {
			row = &event.RoutingQueueRow{Queue: q.config, Closed: q.closed}
		}
		d.out.Queues = append(d.out.Queues, Changed[event.RoutingQueueRow]{q.id, row})
	}
	for _, g := range d.changed.gateways {
		g.dirty = false
		row := g.row
		if g.gone {
			row = nil
		}
		d.out.Gateways = append(d.out.Gateways, Changed[event.RoutingGatewayRow]{g.row.Gateway, row})
	}
	d.changed.forget()
	d.changed = changes{d.changed.agents[:0], d.changed.contacts[:0], d.changed.queues[:0], d.changed.gateways[:0]}
	return &d.out
}

func (d *Domain) markContact(c *contact) {
	if !c.dirty {
		c.dirty = true
		d.changed.contacts = append(d.changed.contacts, c)
	}
}

func (d *Domain) markQueue(q *queue) {
	if !q.dirty {
		q.dirty = true
		d.changed.queues = append(d.changed.queues, q)
	}
}

func (d *Domain) markGateway(g *gateway) {
	if !g.dirty {
		g.dirty = true
		d.changed.gateways = append(d.changed.gateways, g)
	}
}

// forget lets go of what has left, which would be held by the room for the next changes.
func (c *changes) forget() {
	clear(c.agents)
	clear(c.contacts)
	clear(c.queues)
	clear(c.gateways)
}
