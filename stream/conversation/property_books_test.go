package conversation

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// books are what must hold of intents, profiles, surveys and deliveries, from what came out alone.
type books struct {
	began     map[string]int64             // the served time at which a contact without a queue began
	decided   map[string]bool              // contacts whose wait for an intent is over
	intents   map[string]bool              // the causes of facts about intents
	profile   map[string]*event.ProfileRow // of a customer
	asked     map[string]bool              // contacts whose survey was asked
	scored    map[string]bool
	delivered map[string]bool
}

func newBooks() books {
	return books{
		began: map[string]int64{}, decided: map[string]bool{}, intents: map[string]bool{}, profile: map[string]*event.ProfileRow{},
		asked: map[string]bool{}, scored: map[string]bool{}, delivered: map[string]bool{},
	}
}

// enter takes what is neither a contact, a message nor routing's.
func (w *world) enter(e *event.Event) {
	switch b := e.GetBody().(type) {
	case *event.Event_IntentFound:
		c := w.contacts[b.IntentFound.GetContact()] // of a customer of whom nothing is left, nothing is remembered
		again := w.books.intents[string(e.GetCause())] && c != nil && !w.ended[c.GetContact()] && w.owner[c.GetContact()] == e.GetCustomer()
		if again || !proto.Equal(b.IntentFound, w.now.GetIntentFound()) {
			w.t.Fatalf("an intent twice, or another than was found: %v", b)
		}
		w.books.intents[string(e.GetCause())] = true
	case *event.Event_ProfileChanged:
		p := b.ProfileChanged
		known, name := w.books.profile[e.GetCustomer()], w.now.GetSealed()
		written := name
		switch p.GetSource() {
		case "customer":
			written = nil
		case "site":
			if written = known.GetWritten(); written != nil {
				name = written // the site's word does not go over a person's
			}
		}
		// The first is above all that was forgotten.
		follows := p.GetVersion() == known.GetVersion()+1 || (known == nil || known.GetSaid()) && p.GetVersion() > known.GetVersion()
		said := p.GetSource() == "customer" && (known != nil && !known.GetSaid() || p.GetTier() != "" || len(p.GetTags()) > 0)
		if !follows || said || !proto.Equal(e.GetSealed(), name) {
			w.t.Fatalf("a profile of another version, or without its name: %v", e)
		}
		w.books.profile[e.GetCustomer()] = &event.ProfileRow{Tier: p.GetTier(), Language: p.GetLanguage(), Tags: p.GetTags(), Version: p.GetVersion(), Written: written, Said: p.GetSource() == "customer"}
	case *event.Event_SurveyTaken:
		s := b.SurveyTaken
		if !w.books.asked[s.GetContact()] || w.books.scored[s.GetContact()] || s.GetScore() < 1 || s.GetScore() > 5 {
			w.t.Fatalf("a survey that was not asked, or twice: %v", s)
		}
		w.books.scored[s.GetContact()] = true
	case *event.Event_TypingSeen:
		if w.now.GetCustomerTyping() == nil || !w.open[b.TypingSeen.GetConversation()] {
			w.t.Fatalf("nobody types: %v", b)
		}
	case *event.Event_Deliver:
		w.delivery(b.Deliver)
	}
}

func (w *world) delivery(d *event.Deliver) {
	c := w.contacts[d.GetContact()]
	switch m := w.messages[d.GetDelivery()]; {
	case w.books.delivered[d.GetDelivery()]:
		w.t.Fatalf("delivered twice: %v", d)
	case m.GetInternal(), (d.GetKind() == "message" || d.GetKind() == "echo") && m == nil:
		w.t.Fatalf("what customers never see, or nobody said, is delivered: %v", d)
	case d.GetKind() == "typing" && c.GetState() != event.ContactState_CONTACT_STATE_ASSIGNED:
		w.t.Fatalf("who does not hold the contact types: %v", d)
	case d.GetKind() == "survey":
		if w.books.asked[d.GetContact()] || c.GetAgentMessages() == 0 || c.GetState() != event.ContactState_CONTACT_STATE_WRAPPING {
			w.t.Fatalf("a survey asked twice, or of no talk: %v", d)
		}
		w.books.asked[d.GetContact()] = true
	}
	w.books.delivered[d.GetDelivery()] = true
}

// untrue says what is wrong with a change of a contact; empty where nothing is.
func (w *world) untrue(was *event.Contact, changed *event.ContactChanged) string {
	c := changed.GetContact()
	switch change := changed.GetChange(); {
	case was.GetQueue() != "" && unrouted(c):
		return "a queue was lost"
	case was != nil && unrouted(was) && !unrouted(c) && change != "intent":
		return "a queue came from nowhere"
	case change == "intent" && (was == nil || !unrouted(was) || unrouted(c) || c.GetState() != event.ContactState_CONTACT_STATE_QUEUED):
		return "an intent decided what was decided"
	case (change == "survey") != (was.GetSurvey() != c.GetSurvey()) || was.GetSurvey() != 0 && was.GetSurvey() != c.GetSurvey():
		return "a score changed"
	case c.GetResponseMs() < was.GetResponseMs() || c.GetMaxResponseMs() < was.GetMaxResponseMs() || c.GetMaxResponseMs() > c.GetResponseMs():
		return "time was won back"
	case c.GetTurns() < was.GetTurns() || c.GetTurns() > c.GetCustomerMessages()+c.GetAgentMessages():
		return "more turns than messages"
	case c.GetEndReason() == endLeft && was.GetEndReason() == "" && (was.GetState() != event.ContactState_CONTACT_STATE_ASSIGNED || w.now.GetTick() == nil || w.lastWord(c) != event.Author_AUTHOR_AGENT):
		return "a customer left who did not"
	}
	return ""
}

// lastWord is who spoke last in a contact.
func (w *world) lastWord(c *event.Contact) (author event.Author) {
	sequence := uint64(0)
	for _, m := range w.messages {
		if m.GetContact() == c.GetContact() && !m.GetInternal() && m.GetSequence() >= sequence {
			author, sequence = m.GetAuthor(), m.GetSequence()
		}
	}
	return author
}

// vouched checks that routing is told of a customer what the profile says, and nothing else.
func (w *world) vouched(customer string, r *event.RouteRequest) {
	p := w.books.profile[customer]
	if r.GetTier() != p.GetTier() || !slices.Equal(r.GetTags(), p.GetTags()) || r.GetPriority() != 0 || r.GetQueue() == "" {
		w.t.Fatalf("%v does not say what is known: %v", r, p)
	}
}

// inTime checks that no contact waits for an intent beyond the deadline, which is counted from the next tick.
func (w *world) inTime() {
	w.m.Read(func(tx *engine.Tx) {
		for _, id := range w.order {
			c := w.contacts[id]
			if c.GetState() != event.ContactState_CONTACT_STATE_QUEUED || !unrouted(c) {
				continue
			}
			if _, known := w.books.began[id]; !known {
				w.books.began[id] = tx.Served()
			}
			if waited := tx.Served() - w.books.began[id]; waited > maxDeadline+10_000 {
				w.t.Fatalf("%v waits for its intent since %s", c, fmt.Sprint(waited))
			}
		}
	})
}
