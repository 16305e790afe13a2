package conversation

import (
	"slices"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// mark remembers a message to the customer until it is read.
func (c *customer) mark(ct *event.Contact, message string, sequence uint64) {
	c.row.Marks = append(c.row.Marks, &event.MarkRow{
		Message: message, Sequence: sequence, Conversation: ct.GetConversation(), Address: ct.GetAddress(),
	})
	if len(c.row.GetMarks()) > maxMarks {
		c.row.Marks = slices.Delete(c.row.Marks, 0, 1)
	}
}

// rank orders states by how much they prove: a receipt ends any doubt, and no doubt or failure undoes a receipt.
func rank(s event.DeliveryState) int {
	return slices.Index([]event.DeliveryState{
		event.DeliveryState_DELIVERY_STATE_UNSPECIFIED, event.DeliveryState_DELIVERY_STATE_SENT,
		event.DeliveryState_DELIVERY_STATE_IN_DOUBT, event.DeliveryState_DELIVERY_STATE_FAILED,
		event.DeliveryState_DELIVERY_STATE_DELIVERED, event.DeliveryState_DELIVERY_STATE_READ,
	}, s)
}

// receipt takes what a customer's client or a provider says of a message. One that was read has been read with all before
// it on that address. Of the customer's own messages and of those forgotten only outbound wants to know.
func (c *customer) receipt(address string, m *event.Receipt) error {
	switch {
	case address == "":
		return errNoAddress()
	case m.GetMessage() == "" || len(m.GetMessage()) > maxID || rank(m.GetState()) <= 0:
		return engine.Refuse("a receipt needs a message and a state")
	}
	i := slices.IndexFunc(c.row.GetMarks(), func(x *event.MarkRow) bool {
		return x.GetMessage() == m.GetMessage() && x.GetAddress() == address
	})
	if i < 0 {
		c.achieved(address, m.GetMessage(), m.GetState())
		return nil
	}
	of := c.row.GetMarks()[i]
	for _, x := range slices.Clone(c.row.GetMarks()) {
		before := m.GetState() == event.DeliveryState_DELIVERY_STATE_READ && x.GetAddress() == address &&
			x.GetConversation() == of.GetConversation() && x.GetSequence() < of.GetSequence()
		if x == of || before {
			c.raise(x, m.GetState())
		}
	}
	return nil
}

// raise takes a state that proves more than the one known.
func (c *customer) raise(x *event.MarkRow, state event.DeliveryState) {
	if rank(state) <= rank(x.GetState()) {
		return
	}
	x.State = state
	if state == event.DeliveryState_DELIVERY_STATE_READ {
		c.row.Marks = slices.DeleteFunc(c.row.Marks, func(y *event.MarkRow) bool { return y == x })
	}
	c.fact(x.GetAddress(), &event.Event{Body: &event.Event_MessageMarked{MessageMarked: &event.MessageMarked{
		Message: x.GetMessage(), Conversation: x.GetConversation(), State: state,
	}}})
	c.achieved(x.GetAddress(), x.GetMessage(), state)
}

// achieved settles the delivery.
func (c *customer) achieved(address, delivery string, state event.DeliveryState) {
	c.toAddress(address, &event.Event{Body: &event.Event_DeliveryResult{DeliveryResult: &event.DeliveryResult{
		Delivery: delivery, State: state,
	}}})
}
