package routing

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// world runs a domain as package dispatch does, with rows and timers kept beside it, and believes only what it is told:
// from the outputs it keeps its own picture of who rings and who talks.
type world struct {
	t       require.TestingT
	d       *Domain
	now     Moment
	ids     int
	version uint64
	rows    map[string][]byte
	timers  map[string]int64
	top     *event.RoutingDomainRow

	agents    map[string]*event.Agent
	channel   map[string]event.Channel
	ledger    ledger
	requested map[string]bool
	ringing   map[string]string // contact → agent
	offer     map[string]string // contact → offer
	talking   map[string]string // contact → agent, wrap-up included
	entry     map[string]*event.QueueEntry
	made      []*event.OfferChanged // in the last step
}

func newWorld(t require.TestingT) *world {
	return &world{
		t: t, d: New("t", Main, Default()), rows: make(map[string][]byte), timers: make(map[string]int64),
		agents: make(map[string]*event.Agent), channel: make(map[string]event.Channel), requested: make(map[string]bool), ringing: make(map[string]string),
		offer: make(map[string]string), talking: make(map[string]string), entry: make(map[string]*event.QueueEntry),
	}
}

func (w *world) moment() Moment {
	w.now.NewID = func() string { w.ids++; return fmt.Sprint("o", w.ids) }
	return w.now
}

func (w *world) apply(e *event.Event) {
	w.made = w.made[:0]
	out, err := w.d.Apply(w.moment(), e)
	require.NoError(w.t, err)
	w.take(out)
	w.fire()
}

func (w *world) configure(objects ...*event.ConfigObject) {
	w.made = w.made[:0]
	w.version++
	w.take(w.d.Configure(w.moment(), w.version, objects))
	w.fire()
}

// wait lets served time pass, timer by timer.
func (w *world) wait(ms int64) {
	w.made = w.made[:0]
	w.now.Served += ms
	w.now.Clock += ms
	w.fire()
}

func (w *world) fire() {
	for {
		names := make([]string, 0, len(w.timers))
		for name, due := range w.timers {
			if due <= w.now.Served {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return
		}
		name := slices.MinFunc(names, func(a, b string) int {
			return cmp.Or(cmp.Compare(w.timers[a], w.timers[b]), cmp.Compare(a, b))
		})
		delete(w.timers, name)
		t, ok := ParseTimer(name)
		require.True(w.t, ok)
		w.made = w.made[:0]
		w.take(w.d.Fire(w.moment(), t))
	}
}

// take believes the decisions and checks each against what was told before.
func (w *world) take(out *Decisions) {
	for _, t := range out.Timers {
		if t.After < 0 {
			delete(w.timers, t.Timer.String())
		} else {
			w.timers[t.Timer.String()] = w.now.Served + t.After
		}
	}
	for _, o := range out.Outputs {
		switch b := o.Event.Body.(type) {
		case *event.Event_OfferChanged:
			w.takeOffer(b.OfferChanged)
		case *event.Event_RouteOutcome:
			w.takeOutcome(b.RouteOutcome)
		case *event.Event_QueueEntry:
			last := w.entry[b.QueueEntry.Contact]
			require.Equal(w.t, last.GetVersion()+1, b.QueueEntry.Version, "entries of a contact are counted without a gap")
			w.entry[b.QueueEntry.Contact] = b.QueueEntry
			w.ledger.take(w.t, b.QueueEntry)
		}
	}
	store(w, "agent/", out.Agents)
	store(w, "contact/", out.Contacts)
	store(w, "queue/", out.Queues)
	store(w, "gateway/", out.Gateways)
	store(w, "policy/", out.Policies)
	for _, c := range out.Contacts {
		if c.Row == nil { // what left does not come back, unless it was lost
			delete(w.entry, c.ID)
		}
	}
	if out.Domain != nil {
		w.top = out.Domain
	}
	w.check()
}

func store[M any, P interface {
	*M
	proto.Message
}](w *world, prefix string, rows []Changed[M]) {
	for _, r := range rows {
		if r.Row == nil {
			delete(w.rows, prefix+r.ID)
			continue
		}
		b, err := event.Marshal(P(r.Row))
		require.NoError(w.t, err)
		w.rows[prefix+r.ID] = b
	}
}

func (w *world) takeOffer(o *event.OfferChanged) {
	if o.State != event.OfferState_OFFER_STATE_OFFERED {
		require.Equal(w.t, w.offer[o.Contact], o.Offer, "only the open offer is closed")
		delete(w.ringing, o.Contact)
		delete(w.offer, o.Contact)
		return
	}
	require.NotContains(w.t, w.ringing, o.Contact, "a contact rings at one agent")
	require.NotContains(w.t, w.talking, o.Contact, "a contact with an agent is not offered")
	for _, a := range w.ringing {
		require.NotEqual(w.t, o.Agent, a, "one offer at a time")
	}
	w.checkRoom(o.Agent, o.Channel)
	require.Equal(w.t, o.Agent, o.Candidates[0].Agent)
	require.Empty(w.t, w.d.contacts[o.Contact].excluded(w.d.agents[o.Agent]))
	if members := w.d.queues[o.Queue].members.len(); slices.Contains(w.d.agents[o.Agent].row.Queues, o.Queue) {
		require.Equal(w.t, members, len(o.Candidates)+int(o.PassedOver))
	}
	w.ringing[o.Contact], w.offer[o.Contact] = o.Agent, o.Offer
	w.made = append(w.made, o)
}

func (w *world) takeOutcome(o *event.RouteOutcome) {
	switch o.Outcome {
	case "assigned":
		require.NotContains(w.t, w.talking, o.Contact)
		w.talking[o.Contact] = o.Agent
	case "agent_lost":
		require.Equal(w.t, w.talking[o.Contact], o.Agent)
		delete(w.talking, o.Contact)
		delete(w.requested, o.Contact)
	case "requeued":
	default:
		require.Fail(w.t, "an outcome nobody knows: "+o.Outcome)
	}
}

// check looks at all agents, queues and contacts, which the engine never does.
func (w *world) check() {
	w.checkContacts()
	w.ledger.check(w)
	w.checkMatch()
	w.checkOrder()
	w.checkTimers()
	w.checkRows()
}

func (w *world) checkContacts() {
	for id := range w.requested {
		c := w.d.contacts[id]
		require.NotNil(w.t, c, "contact %s is forgotten", id)
		switch c.state {
		case waiting:
			require.Equal(w.t, "waiting", w.entry[id].State)
			require.NotContains(w.t, w.ringing, id)
		case offered:
			require.Equal(w.t, w.ringing[id], c.agent.row.Agent)
			require.Equal(w.t, "offered", w.entry[id].State)
		case assigned, wrapping:
			require.Equal(w.t, w.talking[id], c.agent.row.Agent)
			require.Equal(w.t, "answered", w.entry[id].State)
		case lost, event.RoutingContactState_ROUTING_CONTACT_STATE_UNSPECIFIED:
			require.Fail(w.t, "contact "+id+" is nowhere")
		}
		require.Equal(w.t, c.queue.id, w.entry[id].Queue)
	}
	for id, c := range w.d.contacts {
		require.True(w.t, c.state == lost || w.requested[id], "contact %s should have left", id)
	}
}

// checkMatch finds no contact that waits while somebody could take it.
func (w *world) checkMatch() {
	for _, c := range w.d.contacts {
		if c.state != waiting {
			continue
		}
		for _, a := range w.d.agents {
			require.False(w.t, couldTake(a, c), "%s waits while %s is free", c.id(), a.row.Agent)
		}
	}
}

func couldTake(a *agent, c *contact) bool {
	return a.available() && a.ringing == nil && a.room(c.channel) && c.excluded(a) == "" && suits(a, c)
}

// suits tells whether the agent is one of those the contact waits for, busy or not.
func suits(a *agent, c *contact) bool {
	if id := c.route.preference(); id != "" {
		return id == a.row.Agent
	}
	if !c.queue.serves() || !slices.Contains(a.row.Queues, c.queue.id) {
		return false
	}
	return c.route.of() == nil || c.need().Fits(c.route.version.compiled.Levels(a.row.Skills))
}

// checkOrder finds nobody who had a better right to an offer just made: no contact before it, no agent before them.
func (w *world) checkOrder() {
	for _, o := range w.made {
		a, c := w.d.agents[o.Agent], w.d.contacts[o.Contact]
		if c == nil || c.offer() != o.Offer {
			continue
		}
		for _, other := range w.d.contacts {
			if other.state == waiting && other != c && suits(a, other) && other.excluded(a) == "" && a.room(other.channel) {
				require.Positive(w.t, byRank(other, c), "%s was first", other.id())
			}
		}
		for _, other := range w.d.agents {
			if couldTake(other, c) {
				require.Positive(w.t, byIdle(other.idler(), a.idler()), "%s idled longer", other.row.Agent)
			}
		}
	}
}

// checkTimers finds nothing that must end and has no timer.
func (w *world) checkTimers() {
	for _, c := range w.d.contacts {
		if c.state == offered {
			require.Contains(w.t, w.timers, "offer/"+c.offer())
		}
		if c.state == lost {
			require.Contains(w.t, w.timers, "forget/"+c.id())
		}
		if c.state == waiting && c.route != nil && (c.route.until > 0 || c.route.waitUntil > 0) {
			require.Contains(w.t, w.timers, "step/"+c.id())
		}
		if len(c.exclusions()) > 0 {
			require.Contains(w.t, w.timers, "exclude/"+c.id())
			require.LessOrEqual(w.t, w.timers["exclude/"+c.id()], c.exclusions()[0].Until)
		}
	}
	for id, a := range w.d.agents {
		if a.connected() {
			continue
		}
		if a.ringing != nil {
			require.Contains(w.t, w.timers, "rescind/"+id)
		}
		if len(a.held) > 0 {
			require.Contains(w.t, w.timers, "lose/"+id)
		}
	}
	for id, q := range w.d.queues {
		if q.config == nil && w.d.lined(q) && w.d.fallback() != nil {
			require.Contains(w.t, w.timers, "drain/"+id)
		}
	}
	for id := range w.d.gateways {
		require.Contains(w.t, w.timers, "gateway/"+id)
	}
}

// checkRows loads the rows into a second domain, which must be the same.
func (w *world) checkRows() {
	var rows Rows
	rows.Domain = w.top
	_, rows.Agents = load[event.RoutingAgentRow](w, "agent/")
	_, rows.Policies = load[event.RoutingPolicyRow](w, "policy/")
	_, rows.Queues = load[event.RoutingQueueRow](w, "queue/")
	_, rows.Gateways = load[event.RoutingGatewayRow](w, "gateway/")
	d := NewWith("t", Main, Default(), w.d.hours)
	require.NoError(w.t, d.Load(rows))
	ids, list := load[event.RoutingContactRow](w, "contact/")
	for i, r := range list {
		require.NoError(w.t, d.LoadContact(ids[i], r))
	}
	d.Loaded()
	require.Equal(w.t, picture(w.d), picture(d))
}

func load[M any, P interface {
	*M
	proto.Message
}](w *world, prefix string) (keys []string, list []*M) {
	for k := range w.rows {
		if len(k) > len(prefix) && k[:len(prefix)] == prefix {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	list = make([]*M, len(keys))
	for i, k := range keys {
		m := P(new(M))
		require.NoError(w.t, proto.Unmarshal(w.rows[k], m))
		list[i], keys[i] = (*M)(m), k[len(prefix):]
	}
	return keys, list
}

// picture writes down all that decides, indexes included.
func picture(d *Domain) string {
	s := fmt.Sprintf("turn %d\n", d.turn)
	for _, q := range sorted(d.queues) {
		if q.config == nil && q.members.len() == 0 && q.waits == 0 && q.offered == 0 {
			continue
		}
		s += fmt.Sprintf("queue %s %t %t waits %d offered %d\n", q.id, q.config != nil, q.closed, q.waits, q.offered)
		for _, c := range d.inLines(q) {
			s += fmt.Sprintf(" waits %s %s %d\n", c.id(), c.lane.group.need.Key(), c.channel)
			x := d.walk(c.lane.kind, c.lane.group.fit, nil)
			for a := x.next(); a != nil; a = x.next() {
				s += "  free " + a.row.Agent + "\n"
			}
		}
		for a := range q.members.all() {
			s += " member " + a.row.Agent + "\n"
		}
	}
	for q := range d.orphaned.all() {
		s += "orphan " + q.id + "\n"
	}
	for q := range d.configured.all() {
		s += "configured " + q.id + "\n"
	}
	for _, a := range sorted(d.agents) {
		b, _ := event.Marshal(&a.row)
		s += fmt.Sprintf("agent %s %x %v free %t staffed %t\n", a.row.Agent, b, a.seen, a.free, a.staffed)
		for c := range a.kept.all() {
			s += " kept " + c.contact.id() + "\n"
		}
		s += fmt.Sprintf(" present %t %t\n", a.present, d.present.has(a.slot))
		for _, c := range a.held {
			s += " held " + c.id() + "\n"
		}
		if a.ringing != nil {
			s += " ringing " + a.ringing.id() + "\n"
		}
	}
	for _, c := range sorted(d.contacts) {
		b, _ := event.Marshal(c.write(new(contactRow)))
		s += fmt.Sprintf("contact %s %x with agent %t\n", c.id(), b, c.agent != nil)
	}
	for _, g := range sorted(d.gateways) {
		s += fmt.Sprintf("gateway %s\n", g.row.Gateway)
		for a := range g.agents.all() {
			s += " through it " + a.row.Agent + "\n"
		}
	}
	return s
}

func sorted[T any](m map[string]T) []T {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	list := make([]T, len(keys))
	for i, k := range keys {
		list[i] = m[k]
	}
	return list
}
