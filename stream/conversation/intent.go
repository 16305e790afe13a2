package conversation

import (
	"cmp"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	// maxGuesses bounds the guesses of an insight.
	maxGuesses = 32
	// maxCode bounds codes: intents, languages, tiers, tags.
	maxCode = 64
	// intentTimer, after a contact's timer, names that of its intent's deadline.
	intentTimer = "/intent"
)

// unrouted tells whether a contact waits for its intent: it has no queue yet, and routing was not asked.
func unrouted(ct *event.Contact) bool { return ct.GetQueue() == "" }

// ask sends a new contact on its way: to routing at once or, where its entry point has a model that reads first, when the
// intent is known or its time is over.
func (c *customer) ask(r *event.ContactRow) {
	if unrouted(r.GetContact()) {
		c.tx.After(c.timer(r)+intentTimer, c.cfg.deadline(c.tenant, r.GetContact().GetEntryPoint()))
		return
	}
	c.route(r, asking{})
}

// understood ends the wait for the intent, with one or without: routing is asked with what is known by then.
func (c *customer) understood(r *event.ContactRow) {
	ct := r.GetContact()
	c.tx.Cancel(c.timer(r) + intentTimer)
	ct.Queue = c.cfg.arrival(c.tenant, ct.GetEntryPoint())
	c.know(ct)
	c.changed(r, "intent")
	c.route(r, asking{})
}

// intentDue is the end of the time that routing waits for an intent.
func (c *customer) intentDue(r *event.ContactRow) {
	if unrouted(r.GetContact()) {
		c.understood(r)
	}
}

// intent takes what a model said of a message. It always becomes a fact; only the first one, in time, of a contact that
// waits for it decides anything.
func (c *customer) intent(address string, m *event.IntentFound) error {
	switch {
	case m.GetContact() == "" || m.GetConfidence() > 1000:
		return engine.Refuse("an intent needs a contact, and a confidence of at most 1000")
	case max(len(m.GetContact()), len(m.GetConversation()), len(m.GetMessage()), len(m.GetModel()), len(m.GetModelVersion()),
		len(m.GetPrompt()), len(m.GetStage()), len(m.GetReason())) > maxID,
		max(len(m.GetIntent()), len(m.GetLanguage())) > maxCode, len(m.GetGuesses()) > maxGuesses:
		return &engine.Refusal{Kind: "limit", Reason: "what a model said is longer than allowed"}
	}
	for _, g := range m.GetGuesses() {
		if len(g.GetIntent()) > maxCode || g.GetConfidence() > 1000 {
			return engine.Refuse("a guess has an intent of at most %d bytes and a confidence of at most 1000", maxCode)
		}
	}
	r := c.contact(m.GetContact())
	c.fact(cmp.Or(r.GetContact().GetAddress(), address, c.row.GetAddress()), &event.Event{Body: &event.Event_IntentFound{IntentFound: m}})
	if r == nil || !unrouted(r.GetContact()) {
		return nil
	}
	ct := r.GetContact()
	ct.Intent, ct.Confidence, ct.Language = m.GetIntent(), m.GetConfidence(), m.GetLanguage()
	c.understood(r)
	return nil
}

// know puts on a contact what routing is to know of its customer. The language is what the customer wrote, else the
// profile's, else the entry point's. Tier and tags come from the profile alone, which nothing that is written can change.
func (c *customer) know(ct *event.Contact) {
	ct.Tier = c.row.GetProfile().GetTier()
	ct.Language = cmp.Or(ct.GetLanguage(), c.row.GetProfile().GetLanguage(), c.cfg.entryPoint(c.tenant, ct.GetEntryPoint()).GetLanguage())
}
