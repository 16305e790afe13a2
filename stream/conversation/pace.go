package conversation

import "github.com/tributary-cc/tributary/stream/event"

// longestMS bounds one time to answer: what a wrong clock of a writer claims must not drown the others in the sum.
const longestMS = 30 * 24 * 3600 * 1000

// asks takes that the customer wrote: the first words after the agent's begin a turn, and the time to answer.
func (c *customer) asks(r *event.ContactRow) {
	if r.GetAskedMs() != 0 {
		return
	}
	r.AskedMs = max(c.at, r.GetContact().GetStartedMs())
	if r.GetContact().GetAgentMessages() > 0 {
		r.Contact.Turns++
	}
}

// answers takes that the agent wrote. No agent could have answered before having the contact, so the wait for one is not
// counted here. Times are the events' own; where clocks disagree an answer takes no time, never less.
func (c *customer) answers(r *event.ContactRow) {
	ct := r.GetContact()
	if r.GetAskedMs() == 0 {
		return
	}
	took := min(max(c.at-max(r.GetAskedMs(), ct.GetAssignedMs()), 0), longestMS)
	ct.Turns++
	ct.ResponseMs += took
	ct.MaxResponseMs = max(ct.GetMaxResponseMs(), took)
	r.AskedMs = 0
}

// alone tells whether an answered customer is away after the agent's last word: nobody waits for anybody then.
func (c *customer) alone(r *event.ContactRow) bool {
	ct := r.GetContact()
	return ct.GetState() == event.ContactState_CONTACT_STATE_ASSIGNED && ct.GetAgentMessages() > 0 && r.GetAskedMs() == 0 &&
		comesAndGoes(ct.GetChannel()) && !c.reached(ct.GetAddress())
}

// mayLeave starts the time after which such a customer is taken to have left, so that the agent is free. Each word of the
// agent starts it anew, and the customer's word or return stops it.
func (c *customer) mayLeave(r *event.ContactRow) {
	if c.alone(r) {
		c.grace(r)
	}
}

// comesAndGoes tells whether a channel has connections; on the others nobody is ever away.
func comesAndGoes(ch event.Channel) bool {
	return ch == event.Channel_CHANNEL_WEBCHAT || ch == event.Channel_CHANNEL_APP
}
