// Package identity is the fold that says who is behind an address: it reads identity.in, one partition an address, and
// passes on to conversation.in what customers did, with the customer's id.
//
// It promises that an address belongs to one customer from its first sign of life on, that what an address sent is
// passed on in its order, and that a message, an end, an introduction, an answered survey or something seen that an adapter
// repeats is passed on once for 8 days; a cause older than that goes to dead. Typing, connections and receipts are not
// remembered. It never sees an address or a word: addresses are pseudonyms and what was said stays sealed.
// It does not merge customers; a row can already point to the customer that took this one over.
package identity

import (
	"strings"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// MaxSealed is the largest sealed text in bytes, far above what any channel allows: what is passed on carries more ids
// than what came, and must still fit an event.
const MaxSealed = 128 << 10

// maxID bounds ids that others give; ours have 26 characters.
const maxID = 256

var addresses = engine.NewTable[event.AddressRow]("address")

// Processor is identity's place on the log.
func Processor() engine.Processor {
	return engine.Processor{
		Name: "identity", Inbox: event.TopicIdentityIn, Outputs: []event.Topic{event.TopicConversationIn},
		New: func() engine.Fold { return fold{} },
	}
}

// fold holds nothing besides its table.
type fold struct{}

// Restore has nothing to derive.
func (fold) Restore(*engine.Tx) error { return nil }

// Fire is never called: identity sets no timers.
func (fold) Fire(_ *engine.Tx, timer string) error {
	return engine.Refuse("identity sets no timers, so %q is not its own", timer)
}

// Apply passes one event on.
func (fold) Apply(tx *engine.Tx, e *event.Event) error {
	if err := check(e); err != nil {
		return err
	}
	switch b := e.GetBody().(type) {
	case *event.Event_CustomerMessage, *event.Event_CustomerEnded, *event.Event_CustomerIntroduced, *event.Event_SurveyAnswered:
		return pass(tx, e, true)
	case *event.Event_CustomerSeen:
		return pass(tx, e, b.CustomerSeen.GetRequest() != "")
	case *event.Event_CustomerConnected, *event.Event_CustomerDisconnected, *event.Event_Receipt, *event.Event_CustomerTyping:
		// A repeat says nothing new, so there is nothing to remember.
		return pass(tx, e, false)
	default:
		return engine.Refuse("identity takes what customers did, not a %T", e.GetBody())
	}
}

// check refuses what no adapter of ours writes. An event under a foreign key would be in the wrong partition, and an
// address with rows in two partitions would be two customers.
func check(e *event.Event) error {
	switch {
	case e.GetTenant() == "" || e.GetAddress() == "":
		return engine.Refuse("an event for identity needs a tenant and an address")
	case strings.Contains(e.GetTenant(), "/"):
		return engine.Refuse("a tenant's id must not contain a slash, which ends it in keys")
	case len(e.GetTenant()) > maxID || len(e.GetAddress()) > maxID:
		return &engine.Refusal{Kind: "limit", Reason: "a tenant or address id is longer than allowed"}
	case e.GetKey() != event.Key(e.GetTenant(), e.GetAddress()):
		return engine.Refuse("the key is not the tenant and the address")
	case len(e.GetId()) == 0:
		return engine.Refuse("an event without an id cannot be told from its repeat")
	case len(e.GetSealed().GetCiphertext()) > MaxSealed:
		return &engine.Refusal{Kind: "limit", Reason: "the sealed text is longer than allowed"}
	}
	return nil
}

// begins tells whether an event may be the first of an address. A receipt, an end, typing or a lost connection of an address
// that nobody has met is somebody's fault and goes to dead.
func begins(e *event.Event) bool {
	switch e.GetBody().(type) {
	case *event.Event_CustomerMessage, *event.Event_CustomerConnected, *event.Event_CustomerIntroduced, *event.Event_CustomerSeen:
		return true
	default:
		return false
	}
}

func pass(tx *engine.Tx, e *event.Event, once bool) error {
	row := addresses.Get(tx, e.GetKey())
	fresh := row == nil
	if fresh {
		if !begins(e) {
			return engine.Refuse("the address has not been met before, so it has nothing to end or acknowledge")
		}
		row = &event.AddressRow{Customer: tx.NewID()}
	}
	if once {
		if row.Seen == nil {
			row.Seen = new(event.Seen)
		}
		repeat, err := engine.Seen(row.Seen, string(e.GetId()), e.GetAtMs())
		if err != nil || repeat {
			return err
		}
	}
	if fresh || once {
		addresses.Put(tx, e.GetKey(), row)
	}
	customer := row.GetCustomer()
	if f := row.GetForward(); f != "" {
		customer = f
	}
	tx.Emit(event.TopicConversationIn, &event.Event{
		Tenant: e.GetTenant(), Key: event.Key(e.GetTenant(), customer), AtMs: e.GetAtMs(),
		Address: e.GetAddress(), Customer: customer, Sealed: e.GetSealed(), ConfigVersion: e.GetConfigVersion(), Body: e.GetBody(),
	})
	return nil
}
