package dispatch

import (
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/routing"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// The tables. Keys begin with tenant/domain/, so that a domain's rows stand together; ids of tenants and domains hold no
// slash, what follows may.
var (
	agents    = engine.NewTable[event.RoutingAgentRow]("agent")
	contacts  = engine.NewTable[event.RoutingContactRow]("contact")
	queues    = engine.NewTable[event.RoutingQueueRow]("queue")
	gateways  = engine.NewTable[event.RoutingGatewayRow]("gateway")
	domains   = engine.NewTable[event.RoutingDomainRow]("domain")
	seen      = engine.NewTable[event.Seen]("seen")
	policies  = engine.NewTable[event.RoutingPolicyRow]("policy")
	hours     = engine.NewTable[event.RoutingHoursRow]("hours")
	parked    = engine.NewTable[event.RoutingParkedRow]("parked")
	partition = engine.NewTable[event.RoutingPartitionRow]("partition")
)

// partitionKey is the key of the one row of table partition.
const partitionKey = "row"

// Processor is the fold named routing.
func Processor() engine.Processor { return WithRules(routing.Default()) }

// WithRules is the fold with other numbers than the default ones.
func WithRules(rules routing.Rules) engine.Processor {
	return engine.Processor{
		Name: "routing", Inbox: event.TopicRoutingIn,
		Outputs: []event.Topic{event.TopicRoutingFacts, event.TopicConversationIn},
		New:     func() engine.Fold { return &fold{rules: rules} },
	}
}

// place names a domain of a tenant.
type place struct{ tenant, domain string }

func (p place) key() string { return event.Key(p.tenant, p.domain) }

// row is the key of one of the domain's rows.
func (p place) row(id string) string { return p.key() + "/" + id }

// domain is a domain in memory, with its place.
type domain struct {
	place
	*routing.Domain
	// prefix begins the keys of its rows.
	prefix string
}

// fold holds the domains of one partition in memory, as their rows say.
type fold struct {
	rules routing.Rules
	// list is ordered by key; byKey finds.
	list  []*domain
	byKey map[string]*domain
	// used are the domains that decided something since the last record; they may use its memory again.
	used []*domain
	// row is the partition's own row.
	row *event.RoutingPartitionRow
	// waits finds a parked request by domain and contact.
	waits map[string]string
	// calendars are the opening times of each tenant.
	calendars map[string]*routing.Calendar
}

// Apply folds one event.
func (f *fold) Apply(tx *engine.Tx, e *event.Event) error {
	f.recycle()
	if c := e.GetConfigApplied(); c != nil {
		return f.configure(tx, e.GetTenant(), c)
	}
	p, err := f.where(tx, e)
	if err != nil {
		return err
	}
	if err := routing.Check(e); err != nil {
		return engine.Refuse("%s", err.Error())
	}
	if r := e.GetRouteRequest(); r != nil && e.GetConfigVersion() > f.row.GetConfigVersion() {
		return f.park(tx, p, e)
	}
	if err := f.unparkFor(tx, p, e); err != nil {
		return err
	}
	if repeat, err := f.repeated(tx, p, e); repeat || err != nil {
		return err
	}
	return f.decide(tx, p, e)
}

// recycle lets the domains use the memory of what they decided for earlier records, which is encoded by now.
func (f *fold) recycle() {
	for _, d := range f.used {
		d.Recycle()
	}
	f.used = f.used[:0]
}

// decide lets the domain decide and writes down what it did.
func (f *fold) decide(tx *engine.Tx, p place, e *event.Event) error {
	d := f.byKey[e.GetKey()]
	if d == nil || d.place != p {
		if d = f.byKey[p.key()]; d == nil && !begins(e) {
			return nil
		}
		d = f.domain(p)
	}
	out, err := d.Apply(moment(tx, e.GetAtMs()), e)
	if err != nil {
		return engine.Refuse("%s", err.Error())
	}
	f.write(tx, d, out)
	return nil
}

// begins tells whether an event can be the first of a domain; the others are about what it has.
func begins(e *event.Event) bool {
	switch e.Body.(type) {
	case *event.Event_RouteRequest, *event.Event_AgentConnected, *event.Event_AgentStatus, *event.Event_GatewayAlive:
		return true
	default:
		return false
	}
}

// Fire handles a domain's timer, or lets the next parked requests go.
func (f *fold) Fire(tx *engine.Tx, timer string) error {
	f.recycle()
	if timer == timerParked {
		return f.unpark(tx)
	}
	parts := strings.SplitN(timer, "/", 4) // kind/tenant/domain/id
	if len(parts) != 4 {
		return engine.Refuse("timer %q is none of routing's", timer)
	}
	d := f.domain(place{parts[1], parts[2]})
	f.write(tx, d, d.Fire(moment(tx, 0), routing.Timer{Kind: routing.TimerKind(parts[0]), ID: parts[3]}))
	return nil
}

func moment(tx *engine.Tx, at int64) routing.Moment {
	return routing.Moment{Served: tx.Served(), Clock: tx.Clock(), At: at, NewID: tx.NewID}
}

// where reads the domain from the event's key. A domain has one partition; an event that stands in another would start a
// second domain of the same name, which knows no agents.
func (f *fold) where(tx *engine.Tx, e *event.Event) (place, error) {
	if d := f.byKey[e.GetKey()]; d != nil && d.tenant == e.GetTenant() {
		return d.place, nil
	}
	name, ok := strings.CutPrefix(e.GetKey(), e.GetTenant()+"/")
	if !ok || e.GetTenant() == "" || name == "" || strings.Contains(e.GetTenant(), "/") || strings.Contains(name, "/") {
		return place{}, engine.Refuse("the key of an event for routing is tenant/domain, of the event's own tenant")
	}
	p := place{e.GetTenant(), name}
	if !p.here(tx) {
		return place{}, engine.Refuse("domain %s does not belong to partition %d; its writer counts partitions differently",
			p.key(), tx.Partition())
	}
	return p, nil
}

// here tells whether this partition is the domain's.
func (p place) here(tx *engine.Tx) bool {
	return event.PartitionOf(p.key(), tx.Partitions(event.TopicRoutingIn)) == tx.Partition()
}

// domain finds a domain or makes it.
func (f *fold) domain(p place) *domain {
	key := p.key()
	if d := f.byKey[key]; d != nil {
		return d
	}
	d := &domain{p, routing.NewWith(p.tenant, p.domain, f.rules, f.calendar(p.tenant)), p.row("")}
	f.byKey[key] = d
	at, _ := slices.BinarySearchFunc(f.list, key, func(d *domain, key string) int { return strings.Compare(d.key(), key) })
	f.list = slices.Insert(f.list, at, d)
	return d
}

// repeated drops what an agent's client or its gateway appended twice. Answers need no memory: an offer is open once.
func (f *fold) repeated(tx *engine.Tx, p place, e *event.Event) (bool, error) {
	var agent, id string
	switch b := e.Body.(type) {
	case *event.Event_AgentStatus:
		agent, id = b.AgentStatus.GetAgent(), "status/"+b.AgentStatus.GetRequest()
		if b.AgentStatus.GetRequest() == "" {
			id = "event/" + string(e.GetId())
		}
	case *event.Event_AgentConnected:
		agent, id = b.AgentConnected.GetAgent(), "on/"+b.AgentConnected.GetGateway()+"/"+b.AgentConnected.GetConnection()
	case *event.Event_AgentDisconnected:
		agent, id = b.AgentDisconnected.GetAgent(), "off/"+b.AgentDisconnected.GetGateway()+"/"+b.AgentDisconnected.GetConnection()
	default:
		return false, nil
	}
	if agent == "" {
		return false, engine.Refuse("an agent's event without an agent")
	}
	row := seen.Get(tx, p.row(agent))
	if row == nil {
		row = &event.Seen{}
	}
	repeat, err := engine.Seen(row, id, e.GetAtMs())
	if err != nil || repeat {
		return repeat, err //nolint:wrapcheck // a refusal, which says where and why
	}
	seen.Put(tx, p.row(agent), row)
	return false, nil
}
