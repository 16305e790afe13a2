package routing

import (
	"cmp"

	"github.com/tributary-cc/tributary/stream/event"
)

// Domain is the state of one routing domain in memory: agents, queues and contacts with the indexes that let an event be
// decided without looking at all of them. It is not safe for concurrent use.
type Domain struct {
	tenant, name string
	rules        Rules

	// The maps are looked up only; whatever is iterated is an order.
	agents   map[string]*agent
	contacts map[string]*contact
	offers   map[string]*contact
	queues   map[string]*queue
	gateways map[string]*gateway
	// configured and orphaned are the queues that the configuration names, and those that it does not but contacts wait in.
	configured, orphaned order[*queue]
	// turn is the last turn given.
	turn uint64

	now     Moment
	out     Decisions
	touched []*agent
	waiting []*contact
	changed changes
}

// changes are the rows changed by the event in hand, each once.
type changes struct {
	agents   []*agent
	contacts []*contact
	queues   []*queue
	gateways []*gateway
}

// agent is one agent with what is derived from their row and their contacts' rows.
type agent struct {
	row *event.RoutingAgentRow
	// queues are the resolved row.Queues, without repeats.
	queues []*queue
	// held are the contacts with the agent, in talk or in wrap-up, by id.
	held []*contact
	// ringing is the contact offered to them.
	ringing *contact

	// free and staffed tell what the queues' indexes hold.
	free, staffed bool
	touched       bool
	dirty         bool
	// seen is what the last AgentChanged said; moved tells that the contacts have changed since.
	seen  shown
	moved bool
}

// shown is what an AgentChanged says besides the contacts.
type shown struct {
	status, reason, activity, gateway string
	connected                         bool
	capacity                          uint32
}

// contact is one contact with its resolved queue and agent.
type contact struct {
	row   *event.RoutingContactRow
	queue *queue
	agent *agent

	dirty, gone bool
	// entry says that the queue entry must be told.
	entry bool
}

// queue is a waiting line with its indexes.
type queue struct {
	id string
	// config is nil for a queue that the configuration does not name.
	config *event.Queue
	// waiting are the contacts in state waiting; offered counts those that ring.
	waiting order[*contact]
	offered int
	// free are the members who could take a contact now, best first; members are all, by id.
	free, members order[*agent]
	// staffed counts members who are available and connected.
	staffed int
	dirty   bool
}

// gateway is a process that agents are connected through.
type gateway struct {
	row    *event.RoutingGatewayRow
	agents order[*agent]
	dirty  bool
	gone   bool
}

// New makes an empty domain of a tenant.
func New(tenant, name string, rules Rules) *Domain {
	byID := func(a, b *queue) int { return cmp.Compare(a.id, b.id) }
	return &Domain{
		tenant: tenant, name: name, rules: rules,
		agents: make(map[string]*agent), contacts: make(map[string]*contact), offers: make(map[string]*contact),
		queues: make(map[string]*queue), gateways: make(map[string]*gateway),
		configured: newOrder(byID), orphaned: newOrder(byID),
	}
}

// byIdle orders free agents: who holds fewest contacts, then who has idled longest.
func byIdle(a, b *agent) int {
	return cmp.Or(
		cmp.Compare(len(a.held), len(b.held)), cmp.Compare(a.row.Turn, b.row.Turn), cmp.Compare(a.row.Agent, b.row.Agent))
}

func byAgentID(a, b *agent) int { return cmp.Compare(a.row.Agent, b.row.Agent) }

func byContactID(a, b *contact) int { return cmp.Compare(a.row.Request.Contact, b.row.Request.Contact) }

// byWait orders the contacts of one queue: priority, then the longest wait, then the id.
func byWait(a, b *contact) int {
	x, y := a.row.Request, b.row.Request
	return cmp.Or(
		-cmp.Compare(x.Priority, y.Priority), cmp.Compare(x.EnqueuedMs, y.EnqueuedMs), cmp.Compare(x.Contact, y.Contact))
}

// byRank orders contacts of any queues: the queue's priority before all else.
func byRank(a, b *contact) int {
	return cmp.Or(-cmp.Compare(a.queue.config.GetPriority(), b.queue.config.GetPriority()), byWait(a, b))
}

// queue finds a queue or makes one that the configuration does not name.
func (d *Domain) queue(id string) *queue {
	q := d.queues[id]
	if q == nil {
		q = &queue{id: id, waiting: newOrder(byWait), free: newOrder(byIdle), members: newOrder(byAgentID)}
		d.queues[id] = q
	}
	return q
}

// agent finds an agent or makes one whom the configuration does not name.
func (d *Domain) agent(id string) *agent {
	a := d.agents[id]
	if a == nil {
		a = &agent{row: &event.RoutingAgentRow{Agent: id, Status: StatusOffline}}
		d.agents[id] = a
	}
	return a
}

// gateway finds a gateway or makes one.
func (d *Domain) gateway(id string) *gateway {
	g := d.gateways[id]
	if g == nil {
		g = &gateway{row: &event.RoutingGatewayRow{Gateway: id}, agents: newOrder(byAgentID)}
		d.gateways[id] = g
	}
	return g
}

func (q *queue) count() uint32 { return uint32(q.waiting.len() + q.offered) } //nolint:gosec // far below 2^32

func (a *agent) connected() bool { return len(a.row.Connections) > 0 }

// available tells whether the agent wants and can take work, capacity aside.
func (a *agent) available() bool {
	return a.row.Configured && a.row.Status == StatusAvailable && a.connected()
}

// spare tells whether there is room for one more. One offer rings at a time, so that nobody waits behind another offer.
func (a *agent) spare() bool { return a.ringing == nil && len(a.held) < int(a.row.Capacity) }

// activity is what the agent does, whatever status they set.
func (a *agent) activity() string {
	if a.ringing != nil {
		return "offered"
	}
	for _, c := range a.held {
		if c.row.State == event.RoutingContactState_ROUTING_CONTACT_STATE_ASSIGNED {
			return "busy"
		}
	}
	if len(a.held) > 0 {
		return "wrapping"
	}
	return "idle"
}

// excluded gives the reason why the agent is not to be offered the contact, or "".
func (c *contact) excluded(a *agent) string {
	for _, x := range c.row.Exclusions {
		if x.Agent == a.row.Agent {
			return x.Reason
		}
	}
	return ""
}
