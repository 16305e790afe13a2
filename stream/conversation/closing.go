package conversation

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// Why a conversation closed.
const (
	closedByAgent   = "agent"
	closedBySilence = "silence"
)

// closeByAgent closes a conversation for an agent who holds a contact of it, or when no contact of it is left. What
// another agent holds is not closed over that agent's head, but by supervisors.
func (c *customer) closeByAgent(m *event.CloseConversation) error {
	v := c.conversation(m.GetConversation())
	switch {
	case v == nil:
		return tooLate(notOpen)
	case v.GetClosed():
		return nil
	}
	mine, others := false, false
	for _, r := range c.of(v) {
		ct := r.GetContact()
		mine = mine || ct.GetAgent() == m.GetAgent()
		others = others || ct.GetAgent() != m.GetAgent() && ct.GetState() == event.ContactState_CONTACT_STATE_ASSIGNED
	}
	if c.by == "" && (others || !mine && len(c.of(v)) > 0) {
		return tooLate(notHolder)
	}
	for _, r := range c.of(v) {
		switch r.GetContact().GetState() {
		case event.ContactState_CONTACT_STATE_QUEUED:
			c.abandon(r, endClosed, endClosed)
		case event.ContactState_CONTACT_STATE_ASSIGNED:
			c.wrap(r, endClosed)
		case event.ContactState_CONTACT_STATE_WRAPPING, event.ContactState_CONTACT_STATE_ENDED, event.ContactState_CONTACT_STATE_UNSPECIFIED:
		}
	}
	c.close(v, closedByAgent)
	return nil
}

// of lists the contacts of a conversation that are not finished.
func (c *customer) of(v *event.ConversationRow) []*event.ContactRow {
	return slices.DeleteFunc(slices.Clone(c.row.GetContacts()), func(r *event.ContactRow) bool {
		return r.GetContact().GetConversation() != v.GetConversation()
	})
}

func (c *customer) close(v *event.ConversationRow, reason string) {
	v.Closed, v.ClosedMs = true, c.tx.Served()
	c.fact(c.row.GetAddress(), &event.Event{Body: &event.Event_ConversationClosed{ConversationClosed: &event.ConversationClosed{
		Conversation: v.GetConversation(), Reason: reason, By: c.by,
	}}})
}

// tooLong ends the wait of a customer who did not return, the talk with one who left after the agent's last word, or a
// wrap-up.
func (c *customer) tooLong(r *event.ContactRow) {
	r.Timed = false
	switch r.GetContact().GetState() {
	case event.ContactState_CONTACT_STATE_WRAPPING:
		c.finishWrapUp(r)
	case event.ContactState_CONTACT_STATE_QUEUED:
		c.abandon(r, endAbandoned, endAbandoned)
	case event.ContactState_CONTACT_STATE_ASSIGNED:
		if c.alone(r) {
			c.wrap(r, endLeft)
		}
	case event.ContactState_CONTACT_STATE_ENDED, event.ContactState_CONTACT_STATE_UNSPECIFIED:
	}
}

// overdue does what is due by the row's timer: silence, and the end of what may be re-opened.
func (c *customer) overdue() {
	now := c.tx.Served()
	for _, v := range slices.Clone(c.row.GetConversations()) {
		if c.conversationDue(v) > now {
			continue
		}
		for _, r := range c.of(v) {
			c.finish(r, endSilence)
		}
		if v.GetClosed() {
			c.drop(v)
		} else {
			c.close(v, closedBySilence)
		}
	}
	c.surveysOver()
	if len(c.row.GetConversations()) == 0 && c.row.GetMetMs()+c.cfg.silence(c.tenant) <= now {
		c.row.Links = nil // no client keeps a connection that long with nothing to say; its end was lost
	}
}

// drop forgets a conversation that cannot be re-opened any more, and the receipts awaited in it.
func (c *customer) drop(v *event.ConversationRow) {
	c.row.Conversations = slices.DeleteFunc(c.row.Conversations, func(x *event.ConversationRow) bool { return x == v })
	c.row.Marks = slices.DeleteFunc(c.row.Marks, func(m *event.MarkRow) bool { return m.GetConversation() == v.GetConversation() })
	c.row.MetMs = c.tx.Served()
}
