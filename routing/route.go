package routing

import (
	"slices"

	"github.com/tributary-cc/tributary/routing/policy"
	"github.com/tributary-cc/tributary/stream/event"
)

// Whom a contact is kept for, for a while.
const (
	lastAgent = "last_agent"
	toAgent   = "to_agent"
)

// route is how a contact is routed: what a policy decided by which facts, whom it is kept for, and when that ends.
type route struct {
	// version is the policy that decided; nil without one.
	version  *version
	facts    policy.Facts
	decision policy.Decision
	// last and to are the agents who held the customer's last contact and whom it was transferred to.
	last, to string
	// step counts from 1; 0 while it is kept for the preferred agent.
	step      int
	preferred string
	// until is when the step ends, and waitUntil when it flows over, in served time; 0 for never.
	until, waitUntil int64
	// flowed are the queues that it flowed out of.
	flowed []string
}

// version is a policy of the domain: the one in force, or one that contacts still wait under. What was decided stays, so
// that a change of the policy moves nobody who waits.
type version struct {
	number   uint64
	policy   *event.Policy
	compiled *policy.Compiled
	contacts int
}

func (r *route) of() *version {
	if r == nil {
		return nil
	}
	return r.version
}

// headStart is added to the wait that the contact is ordered by.
func (c *contact) headStart() int64 {
	if c.route == nil {
		return 0
	}
	return c.route.decision.HeadStartMs
}

// need is what an agent must be able to do, as the contact stands.
func (c *contact) need() *policy.Need {
	if r := c.route; r != nil && r.step > 0 && len(r.decision.Steps) > 0 {
		return r.decision.Steps[r.step-1].Need
	}
	return policy.Anyone()
}

// decide asks the policy what becomes of a request, and gives the queue it goes to.
func (d *Domain) decide(c *contact, r *event.RouteRequest) *queue {
	if d.policy == nil && r.GetToAgent() == "" {
		return d.queue(r.GetQueue())
	}
	x := d.routed(c)
	x.facts, x.last, x.to = policy.FactsOf(r), r.GetLastAgent(), r.GetToAgent()
	d.judge(c)
	switch {
	case x.to != "" && x.to != r.GetNotAgent():
		x.preferred, x.until = toAgent, d.now.Served+d.rules.ToAgent
	case x.last != "" && x.last != r.GetNotAgent() && x.decision.LastAgentMs > 0:
		x.preferred, x.until = lastAgent, d.now.Served+x.decision.LastAgentMs
	}
	if d.policy == nil {
		return d.queue(r.GetQueue())
	}
	return d.queue(x.decision.Queue)
}

// judge lets the policy in force decide by the facts.
func (d *Domain) judge(c *contact) {
	r := c.route
	c.priority -= r.decision.Priority
	d.under(r, d.policy)
	if r.decision = (policy.Decision{Rule: -1}); r.version != nil {
		r.decision = r.version.compiled.Decide(r.facts)
	}
	c.priority += r.decision.Priority
}

// routed gives the contact a route, if it has none.
func (d *Domain) routed(c *contact) *route {
	if c.route == nil {
		c.route = d.mem.routes.take()
		c.route.step, c.route.decision.Rule, c.route.facts.Channel = 1, -1, policy.ChannelName(c.channel)
	}
	return c.route
}

// unroute forgets it.
func (d *Domain) unroute(c *contact) {
	d.under(c.route, nil)
	*c.route = route{}
	d.mem.routes.give(c.route)
	c.route = nil
}

// under counts the route to a policy; one that nobody waits under any more, and that is not in force, is let go.
func (d *Domain) under(r *route, v *version) {
	old := r.version
	if r.version = v; v != nil {
		v.contacts++
	}
	if old != nil {
		old.contacts--
		d.retire(old)
	}
}

func (d *Domain) retire(v *version) {
	if v.contacts > 0 || v == d.policy {
		return
	}
	d.versions = slices.DeleteFunc(d.versions, func(x *version) bool { return x == v })
	d.out.Policies = append(d.out.Policies, Changed[event.RoutingPolicyRow]{versionKey(v.number), nil})
}

// toStep begins a step, or the next for which somebody is there; only the last is begun in any case.
func (d *Domain) toStep(c *contact, n int) {
	r := c.route
	r.preferred, r.until = "", 0
	steps := r.decision.Steps
	for n < len(steps) && !d.manned(d.group(c.queue, steps[n-1].Need, r.version)) {
		n++
	}
	r.step = n
	if n < len(steps) {
		r.until = d.now.Served + steps[n-1].ForMs
	}
}

// manned tells whether somebody of the group is at work, free or not.
func (d *Domain) manned(g *group) bool {
	if d.present.meets(g.fit) {
		return true
	}
	for _, a := range d.touched {
		if a.touched && a.here() && a.groups.has(g.index) {
			return true
		}
	}
	return false
}

// preference is the id of the agent it is kept for, or "".
func (r *route) preference() string {
	switch {
	case r == nil:
	case r.preferred == toAgent:
		return r.to
	case r.preferred == lastAgent:
		return r.last
	}
	return ""
}

// keeper is the agent that a contact is kept for now, or nil.
func (d *Domain) keeper(c *contact) *agent {
	r := c.route
	a := d.agents[r.preference()]
	switch {
	case a == nil || !a.row.Configured || !a.connected() || a.row.Status == StatusOffline || c.excluded(a) != "":
		return nil
	case r.preferred == lastAgent && (c.queue.closed || !a.groups.has(c.queue.base.index)):
		return nil
	}
	return a
}

// letGo lets contacts go on that were kept for an agent who is not there any more.
func (d *Domain) letGo(a *agent) {
	if a.kept.len() == 0 {
		return
	}
	for _, s := range firstOf(&a.kept, a.kept.len()) {
		if c := s.contact; d.keeper(c) != a {
			d.unwait(c)
			d.toStep(c, 1)
			d.wait(c)
		}
	}
}

// arm sets the timer of what ends next for a contact that waits.
func (d *Domain) arm(c *contact) {
	if r := c.route; r != nil && (r.until > 0 || r.waitUntil > 0) {
		due := r.until
		if due == 0 || r.waitUntil > 0 && r.waitUntil < due {
			due = r.waitUntil
		}
		d.after(TimerStep, c.id(), max(due-d.now.Served, 0))
	}
}

func (d *Domain) disarm(c *contact) {
	if r := c.route; r != nil && (r.until > 0 || r.waitUntil > 0) {
		r.until, r.waitUntil = 0, 0
		d.cancel(TimerStep, c.id())
	}
}

// due ends what is over for a contact: its time in the queue, or its step. While it rings it waits for how that ends.
func (d *Domain) due(id string) {
	c := d.contacts[id]
	if c == nil || c.route == nil || c.state != waiting {
		return
	}
	r := c.route
	if r.waitUntil > 0 && r.waitUntil <= d.now.Served {
		r.waitUntil = 0
		if to := d.overflow(c, tooLong); to != nil {
			d.unwait(c)
			d.flow(c, tooLong, to)
			d.enter(c, to)
			return
		}
	}
	if r.until == 0 || r.until > d.now.Served {
		d.arm(c)
		d.markContact(c)
		return
	}
	n := r.step + 1
	d.unwait(c)
	d.toStep(c, n)
	d.wait(c)
}

// why tells what the policy decided and where the contact stands in it.
func (d *Domain) why(m *event.RouteWhy, c *contact) *event.RouteWhy {
	r := c.route
	if r == nil {
		return nil
	}
	f := &r.facts
	*m = event.RouteWhy{
		Rule: r.decision.Name, Step: uint32(r.step), Intent: f.Intent, Confidence: uint32(f.Confidence), Language: f.Language, //nolint:gosec // at most 10, and thousandths
		Tier: f.Tier, Priority: c.inForce(), VirtualAgeMs: max(d.now.stamp()-c.enqueued, 0) + c.headStart(), Preferred: r.preferred,
	}
	if r.preferred != "" {
		m.Step = 0
	} else if n := c.need(); n != policy.Anyone() {
		m.Need = n.Key()
	}
	if r.version != nil {
		m.PolicyVersion = r.version.number
	}
	return m
}

// write writes down what does not follow from anything else; the decision follows from the facts.
func (r *route) write(row *event.RoutingContactRow, q *event.RouteRequest) {
	f := &r.facts
	q.EntryPoint, q.Intent, q.Confidence, q.Language, q.Tier, q.Tags = f.EntryPoint, f.Intent, uint32(f.Confidence), f.Language, f.Tier, f.Tags //nolint:gosec // thousandths
	q.Queue, q.Chosen, q.LastAgent, q.ToAgent = f.Queue, f.Chosen, r.last, r.to
	row.Routed, row.Step, row.Preferred, row.Until, row.WaitUntil, row.Flowed = true, uint32(r.step), r.preferred, r.until, r.waitUntil, r.flowed //nolint:gosec // at most 10
	if r.version != nil {
		row.PolicyVersion = r.version.number
	}
}

// readRoute takes what a row says of the route.
func (d *Domain) readRoute(c *contact, row *event.RoutingContactRow) {
	if !row.GetRouted() {
		return
	}
	r, q := d.routed(c), row.GetRequest()
	r.facts, r.last, r.to = policy.FactsOf(q), q.GetLastAgent(), q.GetToAgent()
	r.decision.Rule = -1
	for _, v := range d.versions {
		if v.number == row.GetPolicyVersion() {
			d.under(r, v)
			r.decision = v.compiled.Decide(r.facts)
		}
	}
	r.step, r.preferred, r.until, r.waitUntil, r.flowed = min(int(row.GetStep()), max(1, len(r.decision.Steps))), row.GetPreferred(), row.GetUntil(), row.GetWaitUntil(), row.GetFlowed()
}
