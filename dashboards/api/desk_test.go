package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

// configured puts what agents choose from, a colleague and a second queue into force.
func (w *world) configured() {
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Version: 2, Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "returns", Name: "Returns", Domain: "back", Hours: "never", WrapUpMs: 60_000}}},
			{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
				Id: "bob", Queues: []string{"returns"}, Team: "floor", Domain: "back", Name: &event.Sealed{Ciphertext: []byte("Bob Back")},
			}}},
			{Object: &event.ConfigObject_Team{Team: &event.Team{Id: "floor", Name: "Floor"}}},
			{Object: &event.ConfigObject_Skill{Skill: &event.Skill{Id: "pottery", Name: "Pots and cups"}}},
			{Object: &event.ConfigObject_Skill{Skill: &event.Skill{Id: "pot", Name: "Pots"}}},
			{Object: &event.ConfigObject_Skill{Skill: &event.Skill{Id: "credit-cards", Name: "Credit cards"}}},
			{Object: &event.ConfigObject_Hours{Hours: &event.Hours{Id: "never", Openings: []*event.Opening{{Day: 9, FromMinute: 0, ToMinute: 1}}}}},
			{Object: &event.ConfigObject_WrapUpCode{WrapUpCode: &event.WrapUpCode{Id: "solved", Name: "Solved"}}},
			{Object: &event.ConfigObject_StatusReason{StatusReason: &event.StatusReason{Id: "training", Name: "Training", Productive: true}}},
			{Object: &event.ConfigObject_QuickReply{QuickReply: &event.QuickReply{Id: "hello", Title: "Greeting", Text: "Hello {customer.name}", Language: "en"}}},
		}},
	}})
}

func (w *world) profile(customer, name string, version uint64) {
	w.conversationFact(customer, &event.Event{
		AtMs: 77, Address: w.address(), Sealed: &event.Sealed{Ciphertext: []byte(name)},
		Body: &event.Event_ProfileChanged{ProfileChanged: &event.ProfileChanged{
			Tier: "gold", Language: "zh", Tags: []string{"贵宾"}, Version: version, Source: "site",
		}},
	})
}

func (w *world) offered(contact, agent string, state event.OfferState, candidates ...*event.Candidate) {
	o := &event.OfferChanged{
		Offer: "o-" + contact, Contact: contact, Conversation: "v1", Agent: agent, Queue: "sales", State: state, Customer: "c1",
		Candidates: candidates, OfferedMs: 5,
	}
	if len(candidates) > 0 {
		o.PassedOver = 3
		o.Why = &event.RouteWhy{Rule: "gold first", Step: 2, Need: `pottery >= 3 && zh >= 1 || skill("credit-cards") > 2`, Intent: "cracked", Confidence: 800, Tier: "gold", Priority: 5, Preferred: "last_agent"}
	}
	w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_OfferChanged{OfferChanged: o}})
}

// What the desk shows beside what is said: who the customer is, what a model said, and why the contact came here. A page that
// opens later shows the same.
func TestTheDeskKnowsWhoAndWhy(t *testing.T) {
	w := newWorld(t)
	w.configured()
	p := w.process(func(c *Config) {
		c.Intents = func(string) []Intent { return []Intent{{"cracked", map[string]string{"en": "Cracked on arrival"}}} }
	})
	d, first := p.open("ann")
	require.Equal(t, "Cracked on arrival", dig(first, "intents", 0, "names", "en"))
	require.Equal(t, "Solved", dig(first, "codes", 0, "name"))
	require.Equal(t, true, dig(first, "reasons", 0, "productive"))
	require.Equal(t, "Hello {customer.name}", dig(first, "replies", 0, "text"))
	require.Equal(t, "bob", dig(first, "agents", 0, "id"))
	require.Equal(t, "floor", dig(first, "agents", 0, "team"))
	require.Equal(t, []any{false, false}, []any{dig(first, "queues", 0, "mine"), dig(first, "queues", 0, "open")}, "returns")
	require.Equal(t, []any{true, true}, []any{dig(first, "queues", 1, "mine"), dig(first, "queues", 1, "open")}, "sales")

	w.profile("c1", "Ida Holm", 1)
	w.contactAt("c1", "v1", "k1", event.ContactState_CONTACT_STATE_QUEUED, "", w.address())
	w.conversationFact("c1", &event.Event{Body: &event.Event_IntentFound{IntentFound: &event.IntentFound{
		Contact: "k1", Conversation: "v1", Intent: "cracked", Confidence: 800, Language: "zh", Guesses: []*event.IntentGuess{{Intent: "cracked", Confidence: 800}, {Intent: "late", Confidence: 100}},
	}}})
	require.Eventually(t, func() bool { _, _, ok := p.door.view.contactAt("acme", "k1"); return ok }, patience, waitStep)
	w.entry("k1", "returns", "flowed_out", "closed", 0, 0)
	w.entry("k1", "sales", "flowed_out", "transfer", 0, 0)
	w.offered("k1", "ann", event.OfferState_OFFER_STATE_OFFERED, &event.Candidate{Agent: "ann", Chosen: true, Reason: "chosen", Score: 9}, &event.Candidate{Agent: "bob", Reason: "lacks_skill"})
	offer := d.next("offer")
	require.Equal(t, "gold first", dig(offer, "offer", "route", "rule"))
	require.EqualValues(t, 3, dig(offer, "offer", "route", "passed_over"))
	skills := map[string]any{"pottery": "Pots and cups", "credit-cards": "Credit cards"}
	require.Equal(t, skills, dig(offer, "offer", "route", "names", "skill"))
	require.Equal(t, "cracked", dig(offer, "offer", "intent"))
	w.offered("k1", "ann", event.OfferState_OFFER_STATE_ACCEPTED)
	d.next("offer")
	w.contactAt("c1", "v1", "k1", event.ContactState_CONTACT_STATE_ASSIGNED, "ann", w.address())
	check := func(c any) {
		require.Equal(t, "cracked", dig(c, "why", "intent"))
		require.Equal(t, skills, dig(c, "why", "names", "skill"))
		require.Equal(t, "lacks_skill", dig(c, "why", "candidates", 1, "reason"))
		require.EqualValues(t, 5, dig(c, "priority"))
		require.Equal(t, []any{map[string]any{"queue": "returns", "queue_name": "Returns", "reason": "closed"}}, dig(c, "why", "flowed"))
		require.EqualValues(t, 100, dig(c, "guesses", 1, "confidence"))
		require.Equal(t, []any{"gold", "zh"}, []any{dig(c, "tier"), dig(c, "language")})
	}
	check(d.next("contact")["contact"])
	again, later := p.open("ann")
	check(dig(later, "contacts", 0))
	require.Equal(t, "gold", dig(later, "profiles", 0, "tier"))

	w.profile("c1", "Ida Holm-Berg", 2)
	require.EqualValues(t, 2, dig(d.next("profile"), "profile", "version"))
	require.Equal(t, "贵宾", dig(again.next("profile"), "profile", "tags", 0))
	w.conversationFact("c1", &event.Event{Body: &event.Event_TypingSeen{TypingSeen: &event.TypingSeen{Conversation: "v1", Author: event.Author_AUTHOR_CUSTOMER}}})
	require.Equal(t, map[string]any{"type": "typing", "contact": "k1", "author": "customer", "agent": ""}, d.next("typing"))

	w.conversationFact("c1", &event.Event{
		Sealed: &event.Sealed{Ciphertext: []byte("call 13800138000")},
		Body: &event.Event_MessageAdded{MessageAdded: &event.MessageAdded{
			Message: "n1", Conversation: "v1", Contact: "k1", Sequence: 9, Author: event.Author_AUTHOR_AGENT, Agent: "bob", Internal: true, Kind: "transfer_note",
			Attachments: []*event.Attachment{{File: "abc", MediaType: "image/png", Size: 5}},
		}},
	})
	m := d.next("message")["message"]
	require.Equal(t, []any{true, true, "transfer_note", "image/png"}, []any{dig(m, "masked"), dig(m, "internal"), dig(m, "kind"), dig(m, "attachments", 0, "media_type")})

	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Version: 3, Objects: []*event.ConfigObject{
			{Removed: true, Object: &event.ConfigObject_WrapUpCode{WrapUpCode: &event.WrapUpCode{Id: "solved"}}},
		}},
	}})
	for {
		f := <-d.frames
		if f["type"] == "settings" {
			require.Empty(t, f["codes"])
			require.Len(t, f["replies"], 1)
			break
		}
	}
	d.say(`{"type":"watch_colleagues","on":true,"request":"look"}`)
	all := d.next("colleagues")
	require.Equal(t, []any{true, "bob", "offline"}, []any{all["whole"], dig(all, "agents", 0, "id"), dig(all, "agents", 0, "status")})
	w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/back", Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
		Agent: "bob", Status: "available", Connected: true, Activity: "idle",
	}}})
	for {
		f := <-d.frames
		if f["type"] == "colleagues" {
			require.Equal(t, []any{nil, "bob", "available"}, []any{f["whole"], dig(f, "agents", 0, "id"), dig(f, "agents", 0, "status")})
			break
		}
	}
}

// An offer that is read before its contact, as after a start, is found all the same.
func TestAnOfferReadBeforeItsContact(t *testing.T) {
	w := newWorld(t)
	w.offered("k0", "ann", event.OfferState_OFFER_STATE_OFFERED, &event.Candidate{Agent: "ann", Chosen: true, Reason: "chosen"})
	w.offered("k1", "ann", event.OfferState_OFFER_STATE_OFFERED, &event.Candidate{Agent: "ann", Chosen: true, Reason: "chosen"})
	p := w.process()
	w.assigned("ann")
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	_, shot := p.open("ann")
	require.Equal(t, "gold first", dig(shot, "contacts", 0, "why", "rule"))
}

// A person who is no agent gets a snapshot without one.
func TestASupervisorIsNoAgent(t *testing.T) {
	w := newWorld(t)
	_, err := w.accounts.Create(t.Context(), "acme", "boss", password, "", "supervisor")
	require.NoError(t, err)
	_, shot := w.process().open("boss")
	require.Nil(t, shot["agent"])
	require.Empty(t, shot["contacts"])
}

func TestCommandsOfTheDesk(t *testing.T) {
	w := newWorld(t)
	w.configured()
	p := w.process()
	w.assigned("ann")
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, waitStep)
	d, _ := p.open("ann")
	last := func() *event.Event {
		all := in(w, event.TopicConversationIn, all)
		return all[len(all)-1]
	}
	opened := func(e *event.Event) *event.Content {
		content, err := w.keys.OpenContent(t.Context(), "acme", e.GetSealed())
		require.NoError(t, err)
		return content
	}
	d.say(`{"type":"typing","request":"t1","contact":"k1"}`)
	d.say(`{"type":"typing","request":"t2","contact":"k1"}`)
	d.say(`{"type":"send","request":"m1","contact":"k1","text":"for us","internal":true}`)
	d.next("accepted")
	require.Len(t, in(w, event.TopicConversationIn, func(e *event.Event) (string, bool) { return "", e.GetAgentTyping() != nil }), 1, "one in 3 s")
	require.True(t, last().GetAgentMessage().GetInternal())
	d.say(`{"type":"status","request":"s1","status":"break","reason":"training","when_free":true}`)
	d.next("accepted")
	require.Equal(t, []bool{true}, in(w, event.TopicRoutingIn, func(e *event.Event) (bool, bool) { return e.GetAgentStatus().GetWhenFree(), e.GetAgentStatus() != nil }))

	d.say(`{"type":"profile","request":"p1","customer":"c1","tier":"gold","language":"zh","tags":["贵宾"],"name":"Ida","fields":{"order":"4711"},"base_version":4}`)
	d.next("accepted")
	require.Equal(t, []any{"gold", uint64(4), "ann"}, []any{last().GetChangeProfile().GetTier(), last().GetChangeProfile().GetBaseVersion(), last().GetChangeProfile().GetAgent()})
	require.Equal(t, "Ida", opened(last()).GetName())
	require.Equal(t, "4711", opened(last()).GetFields()[0].GetValue())
	for frame, code := range map[string]string{
		`{"type":"profile","request":"p2","customer":"c2","tags":[]}`:                                     "denied",
		`{"type":"profile","request":"p3","customer":"c1","tags":["a\nb"]}`:                               "invalid",
		`{"type":"profile","request":"p4","customer":"c1","tags":["13800138000"]}`:                        "personal",
		`{"type":"transfer","request":"p5","contact":"k1"}`:                                               "invalid",
		`{"type":"transfer","request":"p6","contact":"k1","queue":"sales","agent":"bob"}`:                 "invalid",
		`{"type":"transfer","request":"p7","contact":"k1","agent":"nobody"}`:                              "not_found",
		`{"type":"transfer","request":"p8","contact":"k1","agent":"ann"}`:                                 "conflict",
		`{"type":"send","request":"p9","contact":"k1","text":"","attachments":[{"file":"a","name":"b"}]}`: "not_available",
		`{"type":"move","request":"p10","contact":"k1","queue":"returns"}`:                                "denied",
		`{"type":"set_status","request":"p11","agent":"bob","status":"break"}`:                            "denied",
		`{"type":"priority","request":"p12","contact":"k1","priority":3}`:                                 "denied",
		`{"type":"watch_floor","request":"p13","on":true}`:                                                "denied",
	} {
		d.say("%s", frame)
		require.Equal(t, code, d.next("error")["code"], frame)
	}
	d.say(`{"type":"wrap_up","request":"w1","contact":"k1","code":"solved","note":"was 13800138000"}`)
	d.next("accepted")
	require.Equal(t, "solved", last().GetWrapUpDone().GetCode())
	require.Equal(t, "was 13800138000", opened(last()).GetText())
	d.say(`{"type":"transfer","request":"x1","contact":"k1","agent":"bob","note":"please look"}`)
	d.next("accepted")
	require.Equal(t, []string{"bob", "returns"}, []string{last().GetTransferContact().GetToAgent(), last().GetTransferContact().GetQueue()})
	require.Equal(t, "please look", opened(last()).GetText())
	d.say(`{"type":"transfer","request":"x2","contact":"k1","queue":"returns"}`)
	d.next("accepted")
	require.Nil(t, last().GetSealed())
}

func TestOpeningHours(t *testing.T) {
	// Monday to Friday 9 to 18 in a zone of +8 h; the second Tuesday is a holiday with an open hour at noon.
	h := &event.Hours{Shifts: []*event.ZoneShift{{FromMs: 0, OffsetS: 8 * 3600}}, Holidays: []*event.Holiday{{Day: 12, FromMinute: 720, ToMinute: 780}, {Day: 13}}}
	for day := range uint32(5) {
		h.Openings = append(h.Openings, &event.Opening{Day: day + 1, FromMinute: 540, ToMinute: 1080})
	}
	at := func(day, hour, minute int64) int64 { return ((day*24+hour)*60+minute)*60_000 - 8*3_600_000 }
	for _, c := range []struct {
		day, hour, minute int64
		open              bool
	}{
		{4, 8, 59, false}, {4, 9, 0, true}, {4, 17, 59, true}, {4, 18, 0, false}, // 1970-01-05 was a Monday
		{2, 12, 0, false}, {3, 12, 0, false}, {8, 12, 0, true}, {12, 12, 30, true}, {12, 9, 30, false}, {13, 12, 0, false}, {14, 12, 0, true},
	} {
		require.Equal(t, c.open, openAt(h, at(c.day, c.hour, c.minute)), "%+v", c)
	}
	require.True(t, openAt(&event.Hours{}, 1))
}
