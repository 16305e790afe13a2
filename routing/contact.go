package routing

import (
	"cmp"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// contact is one contact with its resolved queue and agent: what its row says, in a fraction of the row's memory and with
// few pointers, as there may be a hundred thousand of them.
type contact struct {
	// text is the ids of the contact, of its conversation and of its customer.
	text  string
	queue *queue
	// agent is whom it is offered to or with.
	agent *agent
	// extra is what few contacts have; nil for those that wait undisturbed or are with an agent.
	extra *extra
	// route is what the policy decided, and whom it is kept for; nil without. lane is the line it waits in, or keeper the
	// agent it waits for.
	route    *route
	lane     *lane
	keeper   *agent
	enqueued int64
	// version counts the queue entries.
	version uint64
	// idEnd and conversationEnd part the text.
	idEnd, conversationEnd uint32
	// priority is added to the queue's.
	priority int32
	// cohort counts its enqueues in queues.
	cohort  uint32
	channel event.Channel
	state   event.RoutingContactState

	dirty, gone bool
	// entry says that the queue entry must be told.
	entry bool
	// standing says that a supervisor set the priority: it stays in force whichever queue the contact comes to.
	standing bool
}

// extra is the open offer of a contact and whom it is not to be offered to.
type extra struct {
	offer           string
	offered, expiry int64
	exclusions      []*event.RoutingExclusion
}

// ask takes what a request says.
func (c *contact) ask(id string, r *event.RouteRequest) {
	c.text = id + r.GetConversation() + r.GetCustomer()
	c.idEnd = uint32(len(id))                                      //nolint:gosec // an event is far below 2^32 bytes
	c.conversationEnd = c.idEnd + uint32(len(r.GetConversation())) //nolint:gosec // as above
	c.enqueued, c.priority, c.channel = r.GetEnqueuedMs(), r.GetPriority(), r.GetChannel()
}

func (c *contact) id() string           { return c.text[:c.idEnd] }
func (c *contact) conversation() string { return c.text[c.idEnd:c.conversationEnd] }
func (c *contact) customer() string     { return c.text[c.conversationEnd:] }

// offer is the id of the open offer, or "".
func (c *contact) offer() string {
	if c.extra == nil {
		return ""
	}
	return c.extra.offer
}

func (c *contact) exclusions() []*event.RoutingExclusion {
	if c.extra == nil {
		return nil
	}
	return c.extra.exclusions
}

// more makes room for what few contacts have; less gives it back where it is empty.
func (d *Domain) more(c *contact) *extra {
	if c.extra == nil {
		c.extra = d.mem.extras.take()
	}
	return c.extra
}

func (d *Domain) less(c *contact) {
	if c.extra != nil && c.extra.offer == "" && len(c.extra.exclusions) == 0 {
		*c.extra = extra{}
		d.mem.extras.give(c.extra)
		c.extra = nil
	}
}

// excluded gives the reason why the agent is not to be offered the contact, or "".
func (c *contact) excluded(a *agent) string {
	for _, x := range c.exclusions() {
		if x.Agent == a.row.Agent {
			return x.Reason
		}
	}
	return ""
}

// write writes the row down. What follows from the row's key, and what nobody asks for any more, is left out.
func (c *contact) write(m *contactRow) *event.RoutingContactRow {
	m.request = event.RouteRequest{
		Conversation: c.conversation(), Customer: c.customer(), Channel: c.channel, Priority: c.priority, EnqueuedMs: c.enqueued,
	}
	m.row = event.RoutingContactRow{Request: &m.request, Queue: c.queue.id, State: c.state, Version: c.version, Standing: c.standing}
	if c.agent != nil {
		m.row.Agent = c.agent.row.Agent
	}
	if x := c.extra; x != nil {
		m.row.Offer, m.row.OfferedMs, m.row.ExpiresAfterMs, m.row.Exclusions = x.offer, x.offered, x.expiry, x.exclusions
	}
	if c.cohort > 1 {
		m.row.Cohort = c.cohort
	}
	if c.route != nil {
		c.route.write(&m.row, &m.request)
	}
	return &m.row
}

// read takes what a row says, agent and queue aside. Rows once had the offer of a contact that was answered, too.
func (c *contact) read(id string, r *event.RoutingContactRow) {
	c.ask(id, r.GetRequest())
	c.standing = r.GetStanding()
	c.state, c.version, c.cohort = r.GetState(), r.GetVersion(), max(r.GetCohort(), 1)
	if c.state != offered && len(r.GetExclusions()) == 0 {
		return
	}
	c.extra = &extra{exclusions: r.GetExclusions()}
	if c.state == offered {
		c.extra.offer, c.extra.offered, c.extra.expiry = r.GetOffer(), r.GetOfferedMs(), r.GetExpiresAfterMs()
	}
}

func byContactID(a, b *contact) int { return strings.Compare(a.id(), b.id()) }

// spot is a contact in the order of its queue, with what decides it beside the pointer.
type spot struct {
	// enqueued is with the head start.
	enqueued int64
	priority int32
	contact  *contact
}

func (c *contact) spot() spot { return spot{c.enqueued - c.headStart(), c.priority, c} }

// byWait orders the contacts of one queue: priority, then the longest wait with the head start, then the id.
func byWait(a, b spot) int {
	switch {
	case a.priority != b.priority:
		return cmp.Compare(b.priority, a.priority)
	case a.enqueued != b.enqueued:
		return cmp.Compare(a.enqueued, b.enqueued)
	}
	return byContactID(a.contact, b.contact)
}

// inForce is the contact's priority with the queue's.
func (c *contact) inForce() int32 { return c.queue.config.GetPriority() + c.priority }

// byRank orders contacts of any queues: by the priority in force, then the wait with the head start, then the id.
func byRank(a, b *contact) int {
	x, y := a.spot(), b.spot()
	return cmp.Or(cmp.Compare(b.inForce(), a.inForce()), cmp.Compare(x.enqueued, y.enqueued), byContactID(a, b))
}
