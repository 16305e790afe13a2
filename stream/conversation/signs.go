package conversation

import (
	"cmp"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// sign takes what is told once and kept by nobody: it changes nothing, costs no memory, and keeps no conversation open.
func (c *customer) sign(e *event.Event) (taken bool, err error) {
	switch b := e.GetBody().(type) {
	case *event.Event_CustomerTyping:
		return true, c.customerTyping(e.GetAddress())
	case *event.Event_AgentTyping:
		return true, c.agentTyping(b.AgentTyping)
	case *event.Event_CustomerSeen:
		return true, c.behaviour(e.GetAddress(), b.CustomerSeen)
	default:
		return false, nil
	}
}

// customerTyping tells the agent of a contact that its customer writes; while nobody has the contact, nobody wants to know.
func (c *customer) customerTyping(address string) error {
	if address == "" {
		return errNoAddress()
	}
	r := c.talk(address)
	if r.GetContact().GetState() != event.ContactState_CONTACT_STATE_ASSIGNED {
		return nil
	}
	c.fact(address, &event.Event{Body: &event.Event_TypingSeen{TypingSeen: &event.TypingSeen{
		Conversation: r.GetContact().GetConversation(), Author: event.Author_AUTHOR_CUSTOMER,
	}}})
	return nil
}

// agentTyping tells the customer. Who does not hold the contact any more gets no answer, as nobody waits for one.
func (c *customer) agentTyping(m *event.AgentTyping) error {
	if m.GetContact() == "" || m.GetAgent() == "" {
		return engine.Refuse("typing needs a contact and an agent")
	}
	if r, err := c.talking(m.GetContact(), m.GetAgent()); err == nil {
		c.tellBy(r, "typing", event.Author_AUTHOR_AGENT, 0)
	}
	return nil
}

// behaviour takes what the customer did on the site. It belongs to the open conversation, if there is one.
func (c *customer) behaviour(address string, m *event.CustomerSeen) error {
	switch {
	case address == "":
		return errNoAddress()
	case m.GetKind() != "page" && m.GetKind() != "event":
		return engine.Refuse("customers are seen with a page or an event, not with a %q", cutTo(m.GetKind(), maxCode))
	case len(m.GetName()) > maxCode || len(m.GetEntryPoint()) > maxID:
		return &engine.Refusal{Kind: "limit", Reason: "the name of what was seen, or its entry point, is longer than allowed"}
	}
	seen := &event.BehaviourSeen{Kind: m.GetKind(), Name: m.GetName(), EntryPoint: m.GetEntryPoint(), Channel: m.GetChannel()}
	for _, v := range c.row.GetConversations() {
		if !v.GetClosed() {
			seen.Conversation = v.GetConversation()
		}
	}
	c.fact(cmp.Or(address, c.row.GetAddress()), &event.Event{Sealed: c.sealed, Body: &event.Event_BehaviourSeen{BehaviourSeen: seen}})
	return nil
}

// cutTo bounds what a reason quotes.
func cutTo(s string, most int) string { return s[:min(len(s), most)] }
