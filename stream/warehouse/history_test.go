package warehouse

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

const (
	second = int64(1000)
	minute = 60 * second
)

// history is a random past of a floor: the facts as folds would have stated them, each with its time.
type history struct {
	*rand.Rand
	facts []dealt
	ids   int
}

// dealt is a fact with the moment at which it was stated.
type dealt struct {
	at       int64
	topic    event.Topic
	customer string
	e        *event.Event
}

var (
	historyQueues = []string{"sales", "service", "cards"}
	historyAgents = []string{"a1", "a2", "a3", "a4"}
)

func newHistory(seed uint64, contacts int) *history {
	h := &history{Rand: rand.New(rand.NewPCG(seed, 7))}
	for range contacts {
		h.contact(t0+h.Int64N(150*minute), pick(h, historyQueues), "inbound", "")
	}
	for _, a := range historyAgents {
		h.agent(a)
	}
	slices.SortStableFunc(h.facts, func(a, b dealt) int { return cmp.Compare(a.at, b.at) })
	return h
}

func pick[T any](h *history, list []T) T { return list[h.IntN(len(list))] }

// chance is true in so many cases of a hundred.
func (h *history) chance(percent int) bool { return h.IntN(100) < percent }

// wait is a time of a few seconds, seldom of many minutes, sometimes none.
func (h *history) wait() int64 {
	switch {
	case h.chance(10):
		return 0
	case h.chance(10):
		return h.Int64N(40 * minute)
	}
	return h.Int64N(50 * second)
}

func (h *history) id(kind string) string {
	h.ids++
	return fmt.Sprintf("%s%03d", kind, h.ids)
}

func (h *history) routing(at int64, e *event.Event) {
	e.AtMs = at
	h.facts = append(h.facts, dealt{at, event.TopicRoutingFacts, "", e})
}

func (h *history) talk(at int64, customer string, e *event.Event) {
	e.AtMs, e.Customer, e.Address = at, customer, "p-"+customer
	h.facts = append(h.facts, dealt{at, event.TopicConversationFacts, customer, e})
}

// line is a contact's way through queues.
type line struct {
	h        *history
	c        *event.Contact
	customer string
	version  uint64
	cohort   uint32
	enqueued int64
	at       int64
}

// contact plays one from its first enqueueing to its end, or until it stops in the middle of it; transfers and lost agents begin another.
func (h *history) contact(at int64, queue, initiation, previous string) {
	id := h.id("c")
	l := &line{h: h, customer: "cu-" + id, at: at, c: &event.Contact{
		Contact: id, Conversation: "conv-" + id, Previous: previous, Initiation: initiation, Channel: event.Channel_CHANNEL_WEBCHAT,
		State: event.ContactState_CONTACT_STATE_QUEUED, StartedMs: at, EnqueuedMs: at, Queue: queue, Intent: pick(h, []string{"", "card_lost"}),
	}}
	l.changed("started")
	if h.chance(30) {
		h.talk(at, l.customer, &event.Event{Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{
			Contact: id, Conversation: l.c.GetConversation(), Message: "m", Intent: l.c.GetIntent(), Confidence: uint32(h.IntN(1001)), Language: pick(h, []string{"zh", "en"}),
			Guesses: []*event.IntentGuess{{Intent: "card_lost", Confidence: 500}}, Model: "linear", ModelVersion: "1", Stage: pick(h, []string{"local", "openai"}),
			Reason: pick(h, []string{"sure", "unsure", "deadline"}), LatencyUs: uint32(h.IntN(9000)), TokensIn: uint32(h.IntN(9)), TokensOut: uint32(h.IntN(9)), CostMicros: uint64(h.IntN(9)),
		}}})
	}
	l.enqueue(queue)
}

func (l *line) changed(change string) {
	l.c.Version++
	copied := proto.CloneOf(l.c)
	l.h.talk(l.at, l.customer, &event.Event{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: copied, Change: change}}})
}

func (l *line) entry(state, agent, reason, next string) {
	l.version++
	l.h.routing(l.at, &event.Event{Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
		Contact: l.c.GetContact(), Conversation: l.c.GetConversation(), Queue: l.c.GetQueue(), Channel: event.Channel_CHANNEL_WEBCHAT, State: state,
		EnqueuedMs: l.enqueued, ChangedMs: l.at, Version: l.version, Agent: agent, Reason: reason, NextQueue: next, Cohort: l.cohort,
		Why: &event.RouteWhy{Rule: "first", Step: 1, Tier: "gold"}, Priority: 3,
	}}})
}

func (l *line) enqueue(queue string) {
	l.cohort++
	l.c.Queue, l.enqueued = queue, l.c.GetEnqueuedMs()
	l.entry("waiting", "", "", "")
	l.stay()
}

// stay is what may happen while it waits.
func (l *line) stay() {
	h := l.h
	for h.chance(40) { // offers that come to nothing
		if h.chance(20) {
			l.entry("waiting", "", "all_busy", "") // why nobody takes it
		}
		l.at += h.wait()
		agent := pick(h, historyAgents)
		if !l.offer(agent, pick(h, []string{"rejected", "timed_out", "rescinded"}), "agent_gone") {
			return
		}
		l.entry("waiting", "", "", "")
	}
	l.at += h.wait()
	switch n := h.IntN(100); {
	case n < 8: // waits to this day
	case n < 25:
		if h.chance(40) && !l.offer(pick(h, historyAgents), "rescinded", "abandoned") {
			return
		}
		l.leave("abandoned", "", "")
	case n < 35:
		l.leave("flowed_out", pick(h, []string{"closed", "ended", ""}), "")
	case n < 50 && l.cohort < 4:
		next := pick(h, historyQueues)
		l.entry("flowed_out", pick(h, []string{"overflow", "full", "too_long"}), "", next)
		l.enqueue(next)
	default:
		agent := pick(h, historyAgents)
		if l.offer(agent, "accepted", "") {
			l.answered(agent)
		}
	}
}

// offer rings an agent; it is false where the offer is still open today.
func (l *line) offer(agent, outcome, reason string) bool {
	h := l.h
	o := func(state event.OfferState, id string, offered, closed int64, version uint64, reason string) {
		h.routing(l.at, &event.Event{Customer: l.customer, Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{
			Offer: id, Contact: l.c.GetContact(), Conversation: l.c.GetConversation(), Agent: agent, Queue: l.c.GetQueue(), State: state, OfferedMs: offered,
			ClosedMs: closed, Version: version, Reason: reason, Candidates: []*event.Candidate{{Agent: agent, Chosen: true, Reason: "chosen"}},
		}}})
	}
	id, offered := h.id("o"), l.at
	o(event.OfferState_OFFER_STATE_OFFERED, id, offered, 0, 1, "")
	l.entry("offered", agent, "", "")
	if h.chance(2) {
		return false
	}
	l.at += h.Int64N(20 * second)
	states := map[string]event.OfferState{
		"accepted": event.OfferState_OFFER_STATE_ACCEPTED, "rejected": event.OfferState_OFFER_STATE_REJECTED,
		"timed_out": event.OfferState_OFFER_STATE_TIMED_OUT, "rescinded": event.OfferState_OFFER_STATE_RESCINDED,
	}
	if outcome != "rescinded" {
		reason = ""
	}
	o(states[outcome], id, offered, l.at, 2, reason)
	return true
}

func (l *line) leave(state, reason, next string) {
	l.entry(state, "", reason, next)
	l.c.State, l.c.EndReason, l.c.EndedMs = event.ContactState_CONTACT_STATE_ENDED, map[string]string{"abandoned": "abandoned"}[state], l.at
	l.changed("ended")
}

func (l *line) answered(agent string) {
	h := l.h
	l.entry("answered", agent, "", "")
	if h.chance(5) { // the customer had left before the conversation knew: the entry is put right
		l.leave("abandoned", "", "")
		return
	}
	l.c.State, l.c.Agent, l.c.AssignedMs = event.ContactState_CONTACT_STATE_ASSIGNED, agent, l.at
	l.changed("assigned")
	if h.chance(12) { // the agent is lost before the first message: the same enqueueing goes on
		l.at += h.wait()
		l.c.State, l.c.Agent, l.c.AssignedMs = event.ContactState_CONTACT_STATE_QUEUED, "", 0
		l.changed("requeued")
		l.entry("waiting", "", "", "")
		l.stay()
		return
	}
	if h.chance(85) {
		l.at += h.wait()
		l.c.FirstResponseMs, l.c.AgentMessages, l.c.CustomerMessages, l.c.Turns = l.at, uint32(1+h.IntN(5)), uint32(h.IntN(9)), uint32(h.IntN(8))
		l.c.ResponseMs = h.Int64N(minute)
		l.c.MaxResponseMs = l.c.GetResponseMs() / 2
		l.changed("first_response")
	}
	if h.chance(10) {
		return // it goes on to this day
	}
	l.at += h.Int64N(10 * minute)
	l.end(pick(h, []string{"agent", "customer", "transfer", "agent_lost", "silence"}))
}

func (l *line) end(reason string) {
	h := l.h
	l.c.State, l.c.EndReason, l.c.EndedMs = event.ContactState_CONTACT_STATE_WRAPPING, reason, l.at
	next := map[string]string{"transfer": "transfer", "agent_lost": "requeue"}[reason]
	if next != "" || h.chance(10) {
		l.c.State = event.ContactState_CONTACT_STATE_ENDED // without wrap-up
	}
	l.changed("ended")
	if next != "" {
		h.contact(l.at, pick(h, historyQueues), next, l.c.GetContact())
		return
	}
	if l.c.GetState() == event.ContactState_CONTACT_STATE_WRAPPING && h.chance(90) {
		l.at += h.Int64N(2 * minute)
		l.c.State, l.c.WrappedMs, l.c.WrapUpCode = event.ContactState_CONTACT_STATE_ENDED, l.at, pick(h, []string{"", "sold", "solved"})
		l.changed("wrapped")
	}
	for h.chance(40) {
		l.at += h.wait()
		h.talk(l.at, l.customer, &event.Event{Body: &event.Event_SurveyTaken{SurveyTaken: &event.SurveyTaken{
			Contact: l.c.GetContact(), Conversation: l.c.GetConversation(), Queue: l.c.GetQueue(), Agent: l.c.GetAgent(), Score: uint32(1 + h.IntN(5)),
		}}})
	}
}

// agent is one's day: status, activity and contacts change, and sometimes the reason alone.
func (h *history) agent(id string) {
	at := t0 + h.Int64N(20*minute)
	a := &event.AgentChanged{Agent: id, Status: "offline", Activity: "idle", Capacity: 3}
	for v := uint64(1); v < 80; v++ {
		begins := true
		switch h.IntN(4) {
		case 0:
			a.Status = pick(h, []string{"available", "available", "break", "offline", "away"})
			a.Connected = a.Status != "offline" || h.chance(30)
			a.Reason = map[string]string{"break": pick(h, []string{"lunch", "training"})}[a.Status]
		case 1:
			begins = false // one contact more or less
		default:
			a.Activity = pick(h, []string{"idle", "offered", "busy", "wrapping"})
		}
		a.Contacts = nil
		if a.Activity == "busy" || a.Activity == "wrapping" || (a.Activity == "offered" && h.chance(50)) {
			a.Contacts = []string{h.id("x")}
		}
		if begins || v == 1 {
			a.SinceMs = at
		}
		a.Version = v
		h.routing(at+h.Int64N(30), &event.Event{Body: &event.Event_AgentChanged{AgentChanged: proto.CloneOf(a)}})
		at += 31 + h.wait() + h.Int64N(3*minute)
	}
}

// events are the facts in the order of their times.
func (h *history) events() []*event.Event {
	out := make([]*event.Event, len(h.facts))
	for i, f := range h.facts {
		out[i] = f.e
	}
	return out
}

// deal writes the facts into a scene in the order of their times, those of conversations a whole part later than those of routing, and calls
// between after each part.
func (h *history) deal(s *scene, parts int, between func()) {
	size := len(h.facts)/parts + 1
	write := func(part int, topic event.Topic) {
		if part < 0 || part*size >= len(h.facts) {
			return
		}
		for _, f := range h.facts[part*size : min(len(h.facts), (part+1)*size)] {
			if f.topic != topic {
				continue
			}
			if topic == event.TopicRoutingFacts {
				s.fact(topic, "routing", "main", f.e)
			} else {
				s.fact(topic, "conversation", f.customer, f.e)
			}
		}
	}
	for part := range parts + 1 {
		write(part, event.TopicRoutingFacts)
		write(part-1, event.TopicConversationFacts)
		between()
	}
}
