// Package conversation is the fold that makes one ordered history of all that concerns a customer: it reads
// conversation.in, one partition a customer, and decides which contact and which conversation a message belongs to, when
// an agent is needed, who may answer, and when something is over. Its decisions are conversation.facts; from them follow
// requests to routing.in and deliveries to outbound.in.
//
// It promises: a customer has at most one waiting or answered contact on an address; a contact is in one state and its
// versions count up by one; the messages of a conversation count up by one from 1; each request to route ends in exactly
// one of an assignment and a cancellation, and each assignment in exactly one release; only the agent who holds a contact
// speaks in it; what is asked again has no second effect; what agents ask too late is refused by a fact, so that they learn
// of it, and what makes no sense goes to dead. Supervisors, whose right the door has checked, end, move, split and close
// over the holder's head, and the facts name their account. Nothing that a customer says is refused for want of
// configuration: what arrives at an unknown entry point waits in the queue "default".
//
// A customer is there while a connection of theirs is known through a gateway process that lives. Gateways that give signs of
// life are taken for gone, with their connections, after 5 to 11 seconds of silence: whoever waits for an agent and has no
// other connection then has the queue's grace to return, through any gateway; a contact that is answered shows it with the
// next thing that concerns it. A gateway that is heard again within a day brings its connections back.
//
// Where an entry point has a model that reads first, a new contact waits without a queue for its intent, and no longer than
// its deadline; then routing is asked, once. What routing is told of a customer (tier, tags, language) comes from the profile,
// which the site's signed word and people with the right set; nothing that a customer writes does. An answered customer who is
// away after the agent's last word has the queue's grace to return; then the talk is over and the agent free. A message that
// was left keeps its place without its customer. Notes of agents are in the history and never delivered. A survey is asked
// after a talk, where the entry point asks, and answered once within a day. Typing, and what is seen on the site, is passed
// on and kept by nobody.
//
// It promises nothing about when: deadlines are counted in served time, so a backlog or an outage only lengthens them. It
// never sees what is said, as texts are sealed, and it chooses no agent. Of deliveries it hears by receipts alone: that one
// is in doubt or was given up is known to outbound and its readers, and no message is marked so here.
package conversation

import (
	"errors"
	"strings"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Limits of what one customer's row holds. They are far above what people do.
const (
	// MaxSealed is the largest sealed text in bytes.
	MaxSealed = 128 << 10
	// maxContacts bounds the contacts that are not finished.
	maxContacts = 16
	// maxConversations bounds the conversations in hand; only splitting makes more than one.
	maxConversations = 16
	// maxLinks bounds the connections; the oldest is forgotten, of those through gateways that are gone if there are any.
	maxLinks = 16
	// maxMarks bounds the messages to the customer that await a receipt; of older ones none is told any more.
	maxMarks = 64
	// maxID bounds ids that others give.
	maxID = 256
)

// Processor is conversation's place on the log.
func Processor() engine.Processor {
	return engine.Processor{
		Name: "conversation", Inbox: event.TopicConversationIn,
		Outputs: []event.Topic{event.TopicConversationFacts, event.TopicRoutingIn, event.TopicOutboundIn},
		New:     func() engine.Fold { return &fold{cfg: newSettings(), gateways: newGateways()} },
	}
}

// fold holds decoded what every event asks for: the configuration and the gateways.
type fold struct {
	cfg      *settings
	gateways *gateways
	memory   memory
}

// Restore decodes the configuration and the gateways.
func (f *fold) Restore(tx *engine.Tx) error {
	f.cfg.restore(tx)
	f.gateways.restore(tx)
	return nil
}

// Apply folds one event.
func (f *fold) Apply(tx *engine.Tx, e *event.Event) error {
	f.memory.recycle()
	if b := e.GetConfigApplied(); b != nil {
		return f.cfg.apply(tx, e.GetTenant(), b)
	}
	if b := e.GetGatewayAlive(); b != nil {
		return f.gateways.alive(tx, b.GetGateway())
	}
	if err := check(e); err != nil {
		return err
	}
	c := f.load(tx, e.GetKey())
	if e.GetAtMs() > 0 {
		c.at = e.GetAtMs()
	}
	c.sealed = e.GetSealed()
	if taken, err := c.sign(e); taken {
		return err
	}
	asked, err := wishOf(e)
	if err != nil {
		return err
	}
	c.by = supervisor(asked)
	repeat, err := c.repeated(e)
	if err != nil || repeat {
		return err
	}
	err = c.handle(e)
	if late := tooLate(""); asked != nil && errors.As(err, &late) {
		c.refuse(e.GetAddress(), asked, late)
		return nil // the row stays as it was: asked again, the wish is decided anew
	}
	if err != nil {
		return err
	}
	c.review()
	c.save()
	return nil
}

// Fire handles what is due: tenant/customer is the row's timer, tenant/customer/contact is a contact's,
// tenant/customer/contact/intent is its intent's, /gateway is a
// gateway's and / the one for going on to look at who waits.
func (f *fold) Fire(tx *engine.Tx, timer string) error {
	f.memory.recycle()
	switch gateway, ok := strings.CutPrefix(timer, sweepTimer); {
	case !ok:
		f.customerDue(tx, timer)
	case gateway == "":
		f.look(tx)
	default:
		f.gateways.due(tx, gateway)
	}
	return nil
}

// customerDue handles a customer's timer.
func (f *fold) customerDue(tx *engine.Tx, timer string) {
	tenant, rest, _ := strings.Cut(timer, "/")
	customer, rest, of := strings.Cut(rest, "/")
	contact, intent := strings.CutSuffix(rest, intentTimer)
	c := f.load(tx, event.Key(tenant, customer))
	switch r := c.contact(contact); {
	case !of:
		c.row.DueMs = 0
		c.overdue()
	case r == nil:
	case intent:
		c.intentDue(r)
	default:
		c.tooLong(r)
	}
	c.review()
	c.save()
}

// check refuses what nobody of ours writes. The key says whose row it is; a customer in the envelope must agree with it.
func check(e *event.Event) error {
	tenant, customer, ok := strings.Cut(e.GetKey(), "/")
	switch {
	case !ok || tenant == "" || customer == "" || tenant != e.GetTenant() || strings.Contains(customer, "/"):
		return engine.Refuse("an event for conversation needs a tenant, and a key of the tenant and the customer, without slashes")
	case e.GetCustomer() != "" && e.GetCustomer() != customer:
		return engine.Refuse("the key is of another customer than the envelope's")
	case len(e.GetKey()) > 2*maxID || len(e.GetAddress()) > maxID:
		return &engine.Refusal{Kind: "limit", Reason: "a tenant, customer or address id is longer than allowed"}
	case len(e.GetSealed().GetCiphertext()) > MaxSealed:
		return &engine.Refusal{Kind: "limit", Reason: "the sealed text is longer than allowed"}
	case len(e.GetId()) == 0:
		return engine.Refuse("an event without an id cannot be told from its repeat")
	}
	return nil
}

// handle gives an event to the rule of its kind.
func (c *customer) handle(e *event.Event) error {
	switch b := e.GetBody().(type) {
	case *event.Event_CustomerMessage:
		return c.said(e.GetAddress(), b.CustomerMessage)
	case *event.Event_CustomerConnected:
		return c.connected(e.GetAddress(), b.CustomerConnected)
	case *event.Event_CustomerDisconnected:
		return c.disconnected(e.GetAddress(), b.CustomerDisconnected)
	case *event.Event_CustomerEnded:
		return c.left(e.GetAddress())
	case *event.Event_Receipt:
		return c.receipt(e.GetAddress(), b.Receipt)
	case *event.Event_RouteOutcome:
		return c.outcome(b.RouteOutcome)
	case *event.Event_AgentMessage:
		return c.answered(b.AgentMessage)
	case *event.Event_EndContact:
		return c.endedByAgent(b.EndContact)
	case *event.Event_WrapUpDone:
		return c.wrappedUp(b.WrapUpDone)
	case *event.Event_TransferContact:
		return c.transfer(b.TransferContact)
	case *event.Event_CloseConversation:
		return c.closeByAgent(b.CloseConversation)
	case *event.Event_SplitConversation:
		return c.split(b.SplitConversation)
	case *event.Event_ReadMark:
		return c.read(b.ReadMark)
	case *event.Event_IntentFound:
		return c.intent(e.GetAddress(), b.IntentFound)
	case *event.Event_CustomerIntroduced:
		return c.introduced(e.GetAddress(), b.CustomerIntroduced)
	case *event.Event_ChangeProfile:
		return c.changeProfile(e.GetAddress(), b.ChangeProfile)
	case *event.Event_SurveyAnswered:
		return c.surveyed(e.GetAddress(), b.SurveyAnswered)
	default:
		return engine.Refuse("conversation has no rule for a %T", e.GetBody())
	}
}

// repeated tells whether a wish came before. Folds' outputs come once by their lanes; a repeated connection, receipt or
// mark says nothing new, and remembering it would cost memory.
func (c *customer) repeated(e *event.Event) (bool, error) {
	if e.GetOrigin() != nil {
		return false, nil
	}
	switch e.GetBody().(type) {
	case *event.Event_CustomerConnected, *event.Event_CustomerDisconnected, *event.Event_Receipt, *event.Event_ReadMark:
		return false, nil
	}
	if c.row.Seen == nil {
		c.row.Seen = new(event.Seen)
	}
	return engine.Seen(c.row.Seen, string(e.GetId()), e.GetAtMs())
}
