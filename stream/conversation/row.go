package conversation

import (
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

var customers = engine.NewTable[event.CustomerRow]("c")

// customer is one customer's row in hand, while one event or timer is folded.
type customer struct {
	tx         *engine.Tx
	cfg        *settings
	gateways   *gateways
	memory     *memory
	tenant, id string
	key        string
	row        *event.CustomerRow
	// at is the time that decisions carry: the cause's, or the clock's where a timer is the cause.
	at     int64
	sealed *event.Sealed
	// by is the supervisor's account whose wish is folded; empty where it is an agent's, or nobody's.
	by string
	// address is the row's as text, and addressID as bytes where it is an id of ours.
	address   string
	addressID []byte
	// waited tells whether the index of those who wait has the customer.
	waited bool
}

// load takes the row in hand; a customer not met before has an empty one.
func (f *fold) load(tx *engine.Tx, key string) *customer {
	tenant, id, _ := strings.Cut(key, "/")
	c := &customer{
		tx: tx, cfg: f.cfg, gateways: f.gateways, memory: &f.memory, tenant: tenant, id: id, key: key,
		row: customers.Get(tx, key), at: tx.Clock(),
	}
	if c.row == nil {
		c.row = new(event.CustomerRow)
	}
	c.unpack()
	c.waited = c.waits()
	return c
}

// save stores the row, or forgets the customer of whom nothing but a profile is left, and sees to it that the timer is not later than
// what is due first. One that is earlier stays: when it fires it finds nothing and is set anew. So a message costs no timer.
func (c *customer) save() {
	c.index()
	if c.over() {
		if c.row.GetDueMs() > 0 {
			c.tx.Cancel(c.key)
		}
		if p := c.row.GetProfile(); p != nil && !p.GetSaid() {
			customers.Put(c.tx, c.key, &event.CustomerRow{Profile: p, LastAgent: c.row.GetLastAgent()})
		} else {
			customers.Delete(c.tx, c.key)
		}
		return
	}
	if due := c.due(); c.row.GetDueMs() == 0 || due < c.row.GetDueMs() {
		c.row.DueMs = due
		c.tx.After(c.key, due-c.tx.Served())
	}
	c.pack()
	customers.Put(c.tx, c.key, c.row)
}

// over tells whether nothing of a customer goes on. One with a profile stays for a while, as it remembers the wishes that
// led to it; then nothing but the profile is left, which stays for good: who is known to be somebody is so in a year, too. Who
// only said so is forgotten, as anybody can say so again.
func (c *customer) over() bool {
	return len(c.row.GetConversations())+len(c.row.GetContacts())+len(c.row.GetLinks())+len(c.row.GetSurveys()) == 0 &&
		(c.row.GetProfile() == nil || len(c.row.GetSeen().GetHashes()) == 0 || c.metDue() <= c.tx.Served())
}

// metDue is when a customer without a conversation is forgotten.
func (c *customer) metDue() int64 { return c.row.GetMetMs() + c.cfg.silence(c.tenant) }

// due is the served time of the first thing to do; there is always one, so that no row stays for ever.
func (c *customer) due() int64 {
	due := c.metDue()
	if len(c.row.GetConversations()) > 0 {
		due = c.conversationDue(c.row.GetConversations()[0])
	}
	for _, v := range c.row.GetConversations() {
		due = min(due, c.conversationDue(v))
	}
	for _, r := range c.row.GetSurveys() {
		due = min(due, r.GetSurveyUntilMs())
	}
	return due
}

// conversationDue is when an open conversation is closed for silence, and when a closed one is forgotten.
func (c *customer) conversationDue(v *event.ConversationRow) int64 {
	if v.GetClosed() {
		return v.GetClosedMs() + c.cfg.reopen(c.tenant)
	}
	return v.GetLastMs() + c.cfg.silence(c.tenant)
}

// newest is the conversation begun last, nil where there is none.
func (c *customer) newest() *event.ConversationRow {
	if n := len(c.row.GetConversations()); n > 0 {
		return c.row.GetConversations()[n-1]
	}
	return nil
}

// conversation finds a conversation in hand, nil where it is not.
func (c *customer) conversation(id string) *event.ConversationRow {
	for _, v := range c.row.GetConversations() {
		if v.GetConversation() == id {
			return v
		}
	}
	return nil
}

// contact finds a contact that is not finished, nil where it is not among them.
func (c *customer) contact(id string) *event.ContactRow {
	for _, r := range c.row.GetContacts() {
		if r.GetContact().GetContact() == id {
			return r
		}
	}
	return nil
}

// talk is the contact waiting or answered on an address; there is at most one. One in wrap-up is over for the customer.
func (c *customer) talk(address string) *event.ContactRow {
	for _, r := range c.row.GetContacts() {
		if ct := r.GetContact(); ct.GetAddress() == address && ct.GetState() != event.ContactState_CONTACT_STATE_WRAPPING {
			return r
		}
	}
	return nil
}

// limit sets a contact's own timer. It is exact to a tick, as it is counted from when it is set; the row's is for hours.
func (c *customer) limit(r *event.ContactRow, ms int64) {
	r.Timed = true
	c.tx.After(c.timer(r), ms)
}

func (c *customer) unlimit(r *event.ContactRow) {
	if r.GetTimed() {
		r.Timed = false
		c.tx.Cancel(c.timer(r))
	}
}

// timer is the name of a contact's timer; the row's is the row's key.
func (c *customer) timer(r *event.ContactRow) string {
	return c.key + "/" + r.GetContact().GetContact()
}

func (c *customer) forget(r *event.ContactRow) {
	c.unlimit(r)
	if unrouted(r.GetContact()) {
		c.tx.Cancel(c.timer(r) + intentTimer)
	}
	c.row.Contacts = slices.DeleteFunc(c.row.Contacts, func(x *event.ContactRow) bool { return x == r })
}

// linked tells whether a connection to an address is known.
func (c *customer) linked(address string) bool {
	return slices.ContainsFunc(c.row.GetLinks(), func(l *event.LinkRow) bool { return l.GetAddress() == address })
}
