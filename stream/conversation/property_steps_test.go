package conversation

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// step draws one thing that happens, likely or not.
func (w *world) step() {
	switch rapid.SampledFrom([]string{
		"say", "say", "connect", "disconnect", "leave", "receipt", "assign", "assign", "assign", "lose", "answer", "answer",
		"end", "wrap", "transfer", "close", "split", "read", "config", "repeat", "wait", "wait", "long wait", "late", "nonsense",
		"alive", "alive", "silence", "intent", "intent", "sign", "introduce", "score", "talk",
	}).Draw(w.t, "what") {
	case "say":
		w.customer(&event.Event{Sealed: w.sealed(), Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: w.one("entry", "shop", "unknown"), Message: fmt.Sprint(len(w.records)),
			Left: rapid.IntRange(0, 4).Draw(w.t, "left") == 0,
		}}})
	case "intent":
		w.intent()
	case "sign":
		w.sign()
	case "introduce":
		w.customer(&event.Event{Sealed: w.sealed(), Body: &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{
			Said: rapid.IntRange(0, 2).Draw(w.t, "said") == 0, Tier: w.one("tier", "", "gold"), Tags: []string{"a", "b"}[:rapid.IntRange(0, 2).Draw(w.t, "tags")],
		}}})
	case "talk":
		w.talk(w.of("contact", w.order))
	case "score":
		w.score(w.of("contact", w.order))
	case "connect":
		w.customer(&event.Event{Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{
			Connection: w.one("conn", "c1", "c2", ""), Gateway: w.one("gateway", "g1", "g2", "g3", ""),
		}}})
	case "alive":
		w.alive(w.one("gateway", "g1", "g2"))
	case "silence":
		w.silence()
	case "disconnect":
		w.customer(&event.Event{Body: &event.Event_CustomerDisconnected{CustomerDisconnected: &event.CustomerDisconnected{Connection: w.one("conn", "c1", "c2")}}})
	case "leave":
		w.customer(&event.Event{Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}}})
	case "receipt":
		w.receipt()
	case "assign":
		w.assign()
	case "lose":
		w.lose(w.of("contact", w.order), w.one("agent", "bob", "eve"))
	case "config":
		w.config()
	case "repeat":
		if len(w.sent) > 0 {
			w.record(proto.CloneOf(rapid.SampledFrom(w.sent).Draw(w.t, "repeated")))
		}
	case "wait":
		w.tick(rapid.Int64Range(-1000, 6000).Draw(w.t, "ms"))
	case "long wait":
		for range rapid.IntRange(1, 40).Draw(w.t, "ticks") {
			w.tick(5000)
		}
	case "late":
		contact, at := w.of("contact", w.order), w.clock-9*24*3600*1000
		if rapid.Bool().Draw(w.t, "late intent") {
			w.send(&event.Event{AtMs: at, Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{Contact: contact, Intent: "late"}}})
			break
		}
		w.send(&event.Event{AtMs: at, Body: &event.Event_EndContact{EndContact: &event.EndContact{
			Contact: contact, Agent: w.one("agent", "bob", "eve"),
		}}})
	case "nonsense":
		w.record(&event.Event{Tenant: "acme", Key: w.one("key", "acme/ada", "acme", "", "other/ada"), Body: &event.Event_GatewayAlive{}})
	default:
		w.agent()
	}
}

func (w *world) agent() {
	contact, agent := w.of("contact", w.order), w.one("agent", "bob", "eve", "")
	if c := w.contacts[contact]; c != nil && rapid.IntRange(0, 3).Draw(w.t, "sensible") > 0 {
		agent = c.GetAgent()
	}
	e := &event.Event{Customer: w.owner[contact]}
	switch w.one("wish", "answer", "answer", "end", "wrap", "transfer", "close", "split", "read", "profile") {
	case "answer":
		e.Sealed = w.sealed()
		e.Body = &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{
			Contact: contact, Agent: agent, Message: "m", Internal: rapid.IntRange(0, 3).Draw(w.t, "internal") == 0,
		}}
	case "profile":
		e.Sealed = w.sealed()
		e.Body = &event.Event_ChangeProfile{ChangeProfile: &event.ChangeProfile{
			Agent: agent, Tier: w.one("tier", "", "gold", "none"), BaseVersion: rapid.Uint64Range(0, 3).Draw(w.t, "base"),
		}}
	case "end":
		e.Body = &event.Event_EndContact{EndContact: &event.EndContact{Contact: contact, Agent: agent}}
	case "wrap":
		e.Sealed = w.sealed()
		e.Body = &event.Event_WrapUpDone{WrapUpDone: &event.WrapUpDone{Contact: contact, Agent: agent}}
	case "transfer":
		e.Body = &event.Event_TransferContact{TransferContact: &event.TransferContact{
			Contact: contact, Agent: agent, Queue: w.one("queue", DefaultQueue, "sales", "nowhere", ""), ToAgent: w.one("to", "", "", "bob", "eve"),
		}}
		e.Sealed = w.sealed()
	case "close":
		e.Body = &event.Event_CloseConversation{CloseConversation: &event.CloseConversation{Conversation: w.of("conversation", w.convs), Agent: agent}}
	case "split":
		e.Body = &event.Event_SplitConversation{SplitConversation: &event.SplitConversation{Contact: contact, Agent: agent}}
	case "read":
		e.Body = &event.Event_ReadMark{ReadMark: &event.ReadMark{Contact: contact, Agent: agent, Sequence: rapid.Uint64Range(0, 9).Draw(w.t, "sequence")}}
	}
	if rapid.IntRange(0, 3).Draw(w.t, "supervisor") == 0 {
		supervised(e, "sue")
	}
	w.send(e)
}

func (w *world) customer(e *event.Event) {
	e.Address = w.one("address", "w1", "w2", "w1", "w1", "")
	w.send(e)
}

// send gives an event to one of two customers.
func (w *world) send(e *event.Event) {
	e.Tenant = "acme"
	if e.GetCustomer() == "" {
		e.Customer = w.one("customer", "ada", "bea")
	}
	e.Key = "acme/" + e.GetCustomer()
	if e.GetAtMs() == 0 {
		e.AtMs = w.clock + rapid.Int64Range(-500, 500).Draw(w.t, "skew")
	}
	w.sent = append(w.sent, e)
	w.record(e)
}

// assign answers a request as routing would: mostly one that stands, sometimes one that was cancelled.
func (w *world) assign() {
	contact, agent := w.of("contact", w.order), w.one("agent", "bob", "eve")
	c := w.contacts[contact]
	switch {
	case c == nil || w.held[contact] != "":
		return // routing assigns nothing twice
	case unrouted(c):
		return // nor what it was not asked for
	case w.requested[contact]:
		delete(w.requested, contact)
		w.held[contact] = agent
	}
	w.outcome(c, &event.RouteOutcome{Contact: contact, Outcome: "assigned", Agent: agent, Queue: c.GetQueue()})
}

// lose takes an agent away, in routing's books too, if that agent holds the contact.
func (w *world) lose(contact, agent string) {
	c := w.contacts[contact]
	if c == nil {
		return
	}
	if w.held[contact] == agent {
		delete(w.held, contact)
	}
	w.outcome(c, &event.RouteOutcome{Contact: contact, Outcome: "agent_lost", Agent: agent})
}

// outcome goes to the customer whose contact it is.
func (w *world) outcome(c *event.Contact, o *event.RouteOutcome) {
	w.record(&event.Event{
		Tenant: "acme", Key: "acme/" + w.owner[c.GetContact()], AtMs: w.clock, Body: &event.Event_RouteOutcome{RouteOutcome: o},
	})
}

func (w *world) config() {
	w.version++
	ms := func(what string) int64 { return rapid.Int64Range(1000, 60_000).Draw(w.t, what) }
	w.record(&event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
		Version: w.version, Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Settings{Settings: &event.TenantSettings{SilenceMs: ms("silence"), ReopenMs: ms("reopen")}}},
			{Removed: rapid.Bool().Draw(w.t, "removed"), Object: &event.ConfigObject_Queue{Queue: &event.Queue{
				Id: "sales", Domain: w.one("domain", "", "west"), WrapUpMs: ms("wrap up"), GraceMs: ms("grace"),
			}}},
			{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{
				Id: "shop", Queue: "sales", IntentModel: w.one("model", "", "bank"), Survey: rapid.Bool().Draw(w.t, "survey"),
				IntentDeadlineMs: rapid.Int64Range(0, maxDeadline).Draw(w.t, "deadline"),
			}}},
		},
	}}})
}

// receipt acknowledges a message, mostly one that was sent there.
func (w *world) receipt() {
	e := &event.Event{Body: &event.Event_Receipt{Receipt: &event.Receipt{
		Message: w.of("message", w.answers), State: event.DeliveryState(rapid.Int32Range(0, 6).Draw(w.t, "state")),
	}}}
	m := w.messages[e.GetReceipt().GetMessage()]
	if m == nil || rapid.IntRange(0, 4).Draw(w.t, "sensible") == 0 {
		w.customer(e)
		return
	}
	e.Tenant, e.Key, e.AtMs = "acme", "acme/"+w.owner[m.GetContact()], w.clock
	e.Address = w.contacts[m.GetContact()].GetAddress()
	w.record(e)
}

// alive is a sign of life; g3 never gives one.
func (w *world) alive(gateway string) {
	w.record(&event.Event{Key: "gateway/" + gateway, Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{Gateway: gateway}}})
}

// silence lasts until every gateway that was ever heard must be gone, and who waits was looked at.
func (w *world) silence() {
	for range 9 {
		w.tick(4000)
	}
	w.m.Read(func(tx *engine.Tx) {
		gatewayRows.Ascend(tx, "", func(id string, g *event.GatewayRow) bool {
			if g.GetGone() != g.GetWatched() || g.GetWatched() && id == "g3" {
				w.t.Fatalf("%s after a silence: %v", id, g)
			}
			return true
		})
		if left := sweepRows.Get(tx, "").GetLeft(); left != 0 {
			w.t.Fatalf("%d buckets are left", left)
		}
	})
}

func (w *world) one(label string, of ...string) string { return rapid.SampledFrom(of).Draw(w.t, label) }

// of draws one of the ids met so far, the latest the likeliest, or one that nobody has met.
func (w *world) of(label string, ids []string) string {
	if len(ids) == 0 {
		return "unheard-of"
	}
	back := rapid.IntRange(0, min(len(ids)-1, 4)).Draw(w.t, label)
	return ids[len(ids)-1-back]
}

// maxDeadline is the longest that a drawn entry point lets an intent take.
const maxDeadline = 8_000

// sealed is what was said, or nothing.
func (w *world) sealed() *event.Sealed {
	if rapid.Bool().Draw(w.t, "sealed") {
		return nil
	}
	return &event.Sealed{Ciphertext: []byte("x")}
}

// intent says what a model found, mostly of a contact and to its customer.
func (w *world) intent() {
	contact := w.of("contact", w.order)
	w.send(&event.Event{Customer: w.owner[contact], Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{
		Contact: contact, Intent: w.one("intent", "", "refund"), Confidence: rapid.Uint32Range(0, 1001).Draw(w.t, "confidence"),
	}}})
}

// sign is what nobody remembers.
func (w *world) sign() {
	switch contact := w.of("contact", w.order); w.one("sign", "customer types", "agent types", "seen") {
	case "customer types":
		w.customer(&event.Event{Body: &event.Event_CustomerTyping{CustomerTyping: &event.CustomerTyping{}}})
	case "agent types":
		w.send(&event.Event{Customer: w.owner[contact], Body: &event.Event_AgentTyping{AgentTyping: &event.AgentTyping{
			Contact: contact, Agent: w.one("agent", "bob", "eve", ""),
		}}})
	default:
		w.customer(&event.Event{Body: &event.Event_CustomerSeen{CustomerSeen: &event.CustomerSeen{Kind: w.one("kind", "page", "event", "smoke")}}})
	}
}

// talk is a whole talk, as most are: answered, a word of the agent, the end.
func (w *world) talk(contact string) {
	w.assign()
	c := w.contacts[contact]
	if c.GetState() != event.ContactState_CONTACT_STATE_ASSIGNED {
		return
	}
	w.send(&event.Event{Customer: w.owner[contact], Body: &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{
		Contact: contact, Agent: c.GetAgent(), Message: "m",
	}}})
	w.send(&event.Event{Customer: w.owner[contact], Body: &event.Event_EndContact{EndContact: &event.EndContact{Contact: contact, Agent: c.GetAgent()}}})
}

// score answers a survey, mostly one that was asked, and once more.
func (w *world) score(contact string) {
	for _, id := range w.order {
		if w.books.asked[id] && rapid.Bool().Draw(w.t, "asked") {
			contact = id
		}
	}
	w.scoreOnce(contact)
	w.scoreOnce(contact)
}

func (w *world) scoreOnce(contact string) {
	w.send(&event.Event{Customer: w.owner[contact], Address: "w1", Body: &event.Event_SurveyAnswered{SurveyAnswered: &event.SurveyAnswered{
		Contact: contact, Score: rapid.Uint32Range(0, 6).Draw(w.t, "score"),
	}}})
}
