package routing

import (
	"cmp"
	"strings"

	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

// Domain is the state of one routing domain in memory: agents, queues and contacts with the indexes that let an event be
// decided without looking at all of them. It is not safe for concurrent use.
type Domain struct {
	tenant, name string
	// key is the key of what is said to all.
	key   string
	rules Rules

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
	// hours are the tenant's; policy is in force, nil for none, and versions are those that contacts still wait under, too.
	hours    *Calendar
	policy   *version
	versions []*version

	// slots hold the agents in the order of their turns, up to nextSlot; staffed are available and connected, present are
	// available, connected or not for the moment.
	slots            []*agent
	nextSlot         int
	staffed, present set
	kinds            []*kind
	// groups are found by index; busy are those with contacts that wait, unused are indexes to be given again.
	groups              []*group
	busy                set
	unused              []int
	grouped, groupLimit int

	now Moment
	out Decisions
	mem memory
	// touched are out of the indexes; before is the room of those that match puts back first.
	touched, before []*agent
	waiting         []*contact
	changed         changes
	// loading are the agents loaded so far.
	loading []*agent
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
	row event.RoutingAgentRow
	// queues are the resolved row.Queues, without repeats.
	queues []*queue
	// held are the contacts with the agent, in talk or in wrap-up, by id.
	held []*contact
	// ringing is the contact offered to them.
	ringing *contact

	// kept are the contacts that wait for this agent alone, for a while.
	kept order[spot]
	// slot is the place in the order of turns, -1 before there is one; groups are the indexes of those the agent is in.
	slot   int
	groups set
	// levels are those of the skills in the order of levelsOf.
	levels   []uint8
	levelsOf *version

	// free, staffed and present tell what the indexes hold.
	free, staffed, present bool
	touched                bool
	dirty                  bool
	// seen is what the last AgentChanged said; moved tells that the contacts have changed since.
	seen  shown
	moved bool
}

// shown is what an AgentChanged says besides the contacts.
type shown struct {
	status, reason, activity, gateway, next, nextReason, by string
	connected                                               bool
	capacity                                                uint32
}

// queue is a waiting line with its indexes.
type queue struct {
	id string
	// config is nil for a queue that the configuration does not name.
	config *event.Queue
	// closed is true outside of its hours.
	closed bool
	// waits counts the contacts in state waiting, and offered those that ring.
	waits, offered int
	// base is the group of all members, and groups finds those of needs; list has them all, recent those asked for lately.
	base   *group
	groups map[string]*group
	recent map[*policy.Need]*group
	list   []*group
	// members are all, by id.
	members order[*agent]
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
	return NewWith(tenant, name, rules, NewCalendar())
}

// NewWith makes an empty domain of a tenant whose opening times are kept elsewhere.
func NewWith(tenant, name string, rules Rules, hours *Calendar) *Domain {
	byID := func(a, b *queue) int { return cmp.Compare(a.id, b.id) }
	return &Domain{
		tenant: tenant, name: name, key: event.Key(tenant, name), rules: rules,
		agents: make(map[string]*agent), contacts: make(map[string]*contact), offers: make(map[string]*contact),
		queues: make(map[string]*queue), gateways: make(map[string]*gateway),
		configured: newOrder(byID), orphaned: newOrder(byID), hours: hours, groupLimit: maxGroups,
	}
}

// idler is a free agent in the order of who is offered a contact, with what decides it beside the pointer.
type idler struct {
	held  int
	turn  uint64
	agent *agent
}

func (a *agent) idler() idler { return idler{len(a.held), a.row.Turn, a} }

// byIdle orders free agents: who holds fewest contacts, then who has idled longest.
func byIdle(a, b idler) int {
	switch {
	case a.held != b.held:
		return cmp.Compare(a.held, b.held)
	case a.turn != b.turn:
		return cmp.Compare(a.turn, b.turn)
	}
	return byAgentID(a.agent, b.agent)
}

func byAgentID(a, b *agent) int { return strings.Compare(a.row.Agent, b.row.Agent) }

// queue finds a queue or makes one that the configuration does not name.
func (d *Domain) queue(id string) *queue {
	q := d.queues[id]
	if q == nil {
		q = &queue{id: id, groups: make(map[string]*group), recent: make(map[*policy.Need]*group), members: newOrder(byAgentID)}
		q.base = d.newGroup(q, policy.Anyone(), nil)
		d.queues[id] = q
	}
	return q
}

// agent finds an agent or makes one whom the configuration does not name.
func (d *Domain) agent(id string) *agent {
	a := d.agents[id]
	if a == nil {
		a = new(agent)
		a.row.Agent, a.row.Status = id, StatusOffline
		a.kept, a.slot = newOrder(byWait), -1
		if d.loading == nil {
			d.toEnd(a)
		}
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

func (q *queue) count() uint32 { return uint32(q.waits + q.offered) } //nolint:gosec // far below 2^32

func (a *agent) connected() bool { return len(a.row.Connections) > 0 }

// available tells whether the agent wants and can take work, capacity aside.
func (a *agent) available() bool { return a.here() && a.connected() }

// here tells whether the agent is at work: a connection that is gone for a moment counts as there.
func (a *agent) here() bool {
	return a.row.Configured && a.row.Status == StatusAvailable && a.row.NextStatus == ""
}

// activity is what the agent does, whatever status they set.
func (a *agent) activity() string {
	if a.ringing != nil {
		return "offered"
	}
	for _, c := range a.held {
		if c.state == assigned {
			return "busy"
		}
	}
	if len(a.held) > 0 {
		return "wrapping"
	}
	return "idle"
}
