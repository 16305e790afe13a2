package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lxzan/gws"
	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/live"
)

func (w *world) address() string {
	a, err := w.keys.Pseudonym(w.t.Context(), "acme", "webchat:visitor")
	require.NoError(w.t, err)
	return string(a)
}

// assigned gives an agent a contact with a message; it returns customer, conversation and contact.
func (w *world) assigned(agent string) (customer, conversation, contact string) {
	w.contactAt("c1", "v1", "k1", event.ContactState_CONTACT_STATE_ASSIGNED, agent, w.address())
	w.message("c1", "v1", "k1", "call me: 13800138000")
	return "c1", "v1", "k1"
}

func TestAnAgentsDay(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	d, first := p.open("ann")
	require.Equal(t, "offline", dig(first, "agent", "status"))
	require.EqualValues(t, 3, dig(first, "agent", "capacity"))
	require.Equal(t, "Sales", dig(first, "queues", 0, "name"))
	require.Eventually(t, func() bool {
		return len(in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) {
			return e, e.GetAgentConnected().GetAgent() == "ann" && e.GetKey() == "acme/main"
		})) == 1
	}, patience, time.Millisecond)

	d.say(`{"type":"status","request":"r1","status":"available"}`)
	require.Equal(t, "r1", d.next("accepted")["request"])
	w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
		Agent: "ann", Status: "available", Connected: true, Activity: "idle",
	}}})
	require.Equal(t, "available", dig(d.next("agent"), "agent", "status"))

	w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_OfferChanged{OfferChanged: &event.OfferChanged{
		Offer: "o1", Contact: "k1", Conversation: "v1", Agent: "ann", Queue: "sales", State: event.OfferState_OFFER_STATE_OFFERED,
		OfferedMs: 100, ExpiresAfterMs: 20_000, Customer: "c1", Channel: event.Channel_CHANNEL_WEBCHAT,
		Candidates: []*event.Candidate{{Agent: "ann", Chosen: true, Reason: "chosen", Score: 5}},
	}}})
	offer := d.next("offer")
	require.EqualValues(t, 20_100, dig(offer, "offer", "expires_ms"))
	require.Equal(t, "Sales", dig(offer, "offer", "queue_name"))
	require.Equal(t, "chosen", dig(offer, "offer", "why", 0, "reason"))
	d.say(`{"type":"answer","request":"r2","offer":"none","accept":true}`)
	require.Equal(t, "conflict", d.next("error")["code"])
	d.say(`{"type":"answer","request":"r3","offer":"o1","accept":true}`)
	d.next("accepted")

	customer, conversation, contact := w.assigned("ann")
	got := d.next("contact")
	require.Equal(t, "assigned", dig(got, "contact", "state"))
	message := d.next("message")
	require.Equal(t, contact, message["contact"])
	require.Equal(t, "call me: 138****8000", dig(message, "message", "text"), "masked for the screen")
	d.say(`{"type":"send","request":"m1","contact":"k1","text":"Hello, 13900139000 here"}`)
	require.Equal(t, "m1", d.next("accepted")["request"])
	sent := in(w, event.TopicConversationIn, all)
	require.Len(t, sent, 1)
	require.Equal(t, "acme/"+customer, sent[0].GetKey())
	require.Equal(t, "m1", sent[0].GetAgentMessage().GetMessage())
	content, err := w.keys.OpenContent(t.Context(), "acme", sent[0].GetSealed())
	require.NoError(t, err)
	require.Equal(t, "Hello, 13900139000 here", content.GetText())

	w.conversationFact(customer, &event.Event{Body: &event.Event_MessageMarked{MessageMarked: &event.MessageMarked{
		Message: "m-v1-1", Conversation: conversation, State: event.DeliveryState_DELIVERY_STATE_READ,
	}}})
	require.Equal(t, "read", d.next("marked")["state"])
	for i, cmd := range []string{
		`{"type":"read","request":"x1","contact":"k1","sequence":1}`, `{"type":"transfer","request":"x2","contact":"k1","queue":"sales"}`,
		`{"type":"end","request":"x3","contact":"k1"}`, `{"type":"wrap_up","request":"x4","contact":"k1","code":"solved"}`,
		`{"type":"close","request":"x5","conversation":"v1"}`,
	} {
		d.say("%s", cmd)
		d.next("accepted")
		require.Len(t, in(w, event.TopicConversationIn, all), i+2)
	}
	w.contactAt(customer, conversation, contact, event.ContactState_CONTACT_STATE_ENDED, "ann", w.address())
	require.Equal(t, "ended", dig(d.next("contact"), "contact", "state"))
	d.say(`{"type":"send","request":"m2","contact":"k1","text":"late"}`)
	require.Equal(t, "not_found", d.next("error")["code"])

	require.NoError(t, d.conn.WriteClose(1000, nil))
	require.Eventually(t, func() bool {
		return len(in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) { return e, e.GetAgentDisconnected() != nil })) == 1
	}, patience, time.Millisecond)
	require.Eventually(t, func() bool { return len(p.door.all()) == 0 }, patience, time.Millisecond)
}

// An agent who reconnects to another process finds the work there; nobody else sees it.
func TestReconnectAtAnotherProcess(t *testing.T) {
	w := newWorld(t)
	one, two := w.process(), w.process()
	d, _ := one.open("ann")
	w.assigned("ann")
	d.next("contact")
	d.next("message")
	_ = d.conn.NetConn().Close()
	w.message("c1", "v1", "k1", "are you there?")
	require.Eventually(t, func() bool {
		two.door.view.mu.Lock()
		defer two.door.view.mu.Unlock()
		return two.door.view.applied >= 4
	}, patience, time.Millisecond)
	again, snapshot := two.open("ann")
	require.Equal(t, "k1", dig(snapshot, "contacts", 0, "id"))
	require.Equal(t, "are you there?", dig(snapshot, "contacts", 0, "messages", 1, "text"))
	bob, empty := two.open("bob")
	require.Empty(t, empty["contacts"])
	w.message("c1", "v1", "k1", "hello?")
	require.Equal(t, "hello?", dig(again.next("message"), "message", "text"))

	// Handed over, the new holder gets the whole of it, and the old one no more.
	w.contactAt("c1", "v1", "k1", event.ContactState_CONTACT_STATE_ASSIGNED, "bob", w.address())
	require.Equal(t, "bob", dig(again.next("contact"), "contact", "agent"))
	require.Len(t, dig(bob.next("contact"), "contact", "messages"), 3)
	w.message("c1", "v1", "k1", "for bob")
	require.Equal(t, "for bob", dig(bob.next("message"), "message", "text"))
	again.say(`{"type":"send","request":"m9","contact":"k1","text":"mine?"}`)
	require.Equal(t, "denied", again.next("error")["code"])
	again.say(`{"type":"end","request":"m10","contact":"k1"}`)
	require.Equal(t, "denied", again.next("error")["code"])
	sue, _ := one.open("sue")
	sue.say(`{"type":"end","request":"m11","contact":"k1"}`)
	sue.next("accepted")
	sue.say(`{"type":"send","request":"m12","contact":"k1","text":"mine?"}`)
	require.Equal(t, "denied", sue.next("error")["code"])
}

func TestQueuesAndSignsOfLife(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	d, _ := p.open("ann")
	for i, contact := range []string{"a", "b"} {
		w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
			Contact: contact, Queue: "sales", State: "waiting", EnqueuedMs: int64(100 + i), Waiting: uint32(i + 1),
		}}})
	}
	for {
		if q := d.next("queue"); dig(q, "queue", "waiting") == 2.0 {
			require.EqualValues(t, 100, dig(q, "queue", "oldest_ms"))
			break
		}
	}
	connected := func() int {
		return len(in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) { return e, e.GetAgentConnected() != nil }))
	}
	require.Eventually(t, func() bool {
		return len(in(w, event.TopicRoutingIn, func(e *event.Event) (string, bool) { return e.GetKey(), e.GetGatewayAlive() != nil })) > 0
	}, patience, time.Millisecond)
	require.Equal(t, 1, connected())
	// Routing believed the gateway dead and let the agent go: the page is still here, and is announced again.
	w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
		Agent: "ann", Status: "available", Connected: false,
	}}})
	require.Eventually(t, func() bool { return connected() == 2 }, patience, time.Millisecond)
}

func TestHostileFrames(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	w.assigned("ann")
	d, _ := p.open("ann")
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, time.Millisecond)
	before := len(in(w, event.TopicConversationIn, all))
	for _, raw := range []string{
		``, `{`, `[]`, `{"type":"fly","request":"r"}`, `{"type":"status","status":"available"}`, `{"type":"status","request":"r","status":"asleep"}`,
		`{"type":"status","request":"a b","status":"available"}`, `{"type":"send","request":"r","contact":"k1","text":"  "}`,
		`{"type":"send","request":"r","contact":"k 1","text":"x"}`, `{"type":"status","request":"r","status":"break","reason":"free text here"}`,
		`{"type":"send","request":"r","contact":"k1","text":"` + strings.Repeat("x", maxText+1) + `"}`,
	} {
		d.say("%s", raw)
		require.Equal(t, "invalid", d.next("error")["code"], raw)
	}
	d.say(`{"type":"send","request":"13800138000","contact":"k1","text":"x"}`)
	require.Equal(t, "personal", d.next("error")["code"])
	d.say(`{"type":"transfer","request":"r","contact":"k1","queue":"nowhere"}`)
	require.Equal(t, "not_found", d.next("error")["code"])
	require.Len(t, in(w, event.TopicConversationIn, all), before)
	require.NoError(t, d.conn.WriteMessage(gws.OpcodeBinary, []byte("x")))
	require.EqualValues(t, live.CloseUnsupported, d.code())

	big, _ := p.open("ann")
	big.say(`{"type":"ping","text":"%s"}`, strings.Repeat("x", maxFrame))
	require.EqualValues(t, 1009, big.code())

	flood, _ := p.open("ann")
	for range 60 + maxExcess + 1 {
		if flood.conn.WriteMessage(gws.OpcodeText, []byte(`{"type":"ping"}`)) != nil {
			break
		}
	}
	require.EqualValues(t, live.CloseRate, flood.code())
}

func TestTheDoorRefuses(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Limits.PerAccount = 1 })
	cookie, csrf := p.login("ann")
	me := p.ask("GET", "/api/me", "", "Cookie", cookie)
	require.Equal(t, "ann", dig(me.body, "me", "agent"))
	require.Equal(t, csrf, me.body["csrf"])
	for _, c := range []struct {
		method, path, body, code string
		status                   int
		headers                  []string
	}{
		{"GET", "/api/me", "", "unauthenticated", 401, nil},
		{"GET", "/api/me", "", "unauthenticated", 401, []string{"Cookie", cookie + "x"}},
		{"POST", "/api/logout", "", "csrf", 403, []string{"Cookie", cookie}},
		{"POST", "/api/logout", "", "csrf", 403, []string{"Cookie", cookie, csrfHeader, "0" + csrf[1:] + "0"}},
		{"POST", "/api/login", `{"tenant":"acme","login":"ann","password":"wrong wrong"}`, "denied", 401, nil},
		{"POST", "/api/login", `{"tenant":"acme","login":"ann","password":"x"}`, "denied", 403, []string{"Origin", "https://evil.example"}},
		{"POST", "/api/login", `{"tenant":"acme"`, "invalid", 400, nil},
		{"POST", "/api/login", `{"tenant":"acme"} {}`, "invalid", 400, nil},
		{"POST", "/api/login", `{"tenant":"` + strings.Repeat("x", maxBody) + `"}`, "too_large", 413, nil},
		{"POST", "/api/first", `{"link":"x","login":"root","password":"` + password + `"}`, "denied", 401, nil},
		{"GET", "/api/nothing", "", "not_found", 404, []string{"Cookie", cookie}},
		{"GET", "/api/ws", "", "denied", 403, []string{"Cookie", cookie, "Origin", "https://evil.example"}},
		{"GET", "/api/ws", "", "denied", 403, []string{"Cookie", cookie}},
		{"GET", "/api/customers/c1/conversations", "", "denied", 403, []string{"Cookie", cookie}},
		{"GET", "/api/conversations/v1/messages", "", "denied", 403, []string{"Cookie", cookie}},
		{"GET", "/api/conversations/v1/messages?before=x", "", "invalid", 400, []string{"Cookie", cookie}},
		{"GET", "/api/contacts/a%20b/decisions", "", "invalid", 400, []string{"Cookie", cookie}},
	} {
		a := p.ask(c.method, c.path, c.body, c.headers...)
		require.Equal(t, c.status, a.status, "%s %s: %s", c.method, c.path, a.raw)
		require.Equal(t, c.code, a.body["code"], "%s %s", c.method, c.path)
	}
	d, err := p.dial(cookie, p.URL)
	require.NoError(t, err)
	d.next("snapshot")
	_, err = p.dial(cookie, p.URL)
	require.Error(t, err, "one account has its limit of connections")
	a := p.ask("POST", "/api/logout", "", "Cookie", cookie, csrfHeader, csrf)
	require.Equal(t, 200, a.status)
	require.EqualValues(t, live.CloseLogin, d.code(), "logging out ends the pages of that login")
	require.Equal(t, 401, p.ask("GET", "/api/me", "", "Cookie", cookie).status)
}

func TestHeadersAndPages(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Secure = true })
	for _, path := range []string{"/", "/first", "/api/me", "/assets/x-1.js"} {
		a := p.ask("GET", path, "")
		require.Contains(t, a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.NotContains(t, a.header.Get("Content-Security-Policy"), "unsafe")
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
		require.NotEmpty(t, a.header.Get("Strict-Transport-Security"))
	}
	require.Contains(t, p.ask("GET", "/first", "").raw, "workspace")
	require.Contains(t, p.ask("GET", "/assets/x-1.js", "").header.Get("Cache-Control"), "immutable")
	require.Equal(t, 404, p.ask("GET", "/assets/x-2.js", "").status)
	require.Equal(t, 404, p.ask("GET", "/assets", "").status)
	require.Contains(t, p.ask("GET", "/demo/", "").raw, "shop")
	a := p.ask("POST", "/api/login", `{"tenant":"acme","login":"ann","password":"`+password+`"}`)
	for _, word := range []string{"HttpOnly", "SameSite=Strict", "Secure", "Path=/"} {
		require.Contains(t, a.header.Get("Set-Cookie"), word)
	}
	a = p.ask("GET", "/api/first?link=abc", "")
	require.Equal(t, "/first#link=abc", a.header.Get("Location"))
}

func TestTheFirstLink(t *testing.T) {
	w := newWorld(t)
	_, err := w.accounts.Create(t.Context(), "acme", "provisional", "", "", access.RoleAdmin)
	require.NoError(t, err)
	link, err := w.accounts.OneTimeLink(t.Context(), "acme", "provisional", time.Hour)
	require.NoError(t, err)
	p := w.process()
	a := p.ask("POST", "/api/first", `{"link":"`+link+`","login":"Root","password":"`+password+`"}`)
	require.Equal(t, 200, a.status, a.raw)
	require.Equal(t, "admin", dig(a.body, "me", "roles", 0))
	require.Equal(t, "root", dig(a.body, "me", "name"), "who works as no agent is called as they log in")
	p.login("root")
	require.Equal(t, 401, p.ask("POST", "/api/first", `{"link":"`+link+`","login":"x","password":"`+password+`"}`).status)
	require.Equal(t, 401, p.ask("POST", "/api/login", `{"tenant":"acme","login":"provisional","password":"`+password+`"}`).status)
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	w.configured()
	p := w.process(func(c *Config) {
		c.History = shelf{rows: map[string][]map[string]any{
			queryConversationMessages: {
				{"message": "m2", "sequence": uint64(2), "author": "agent", "text": "b", "sent_ms": int64(5)},
				{"message": "m1", "sequence": uint64(1), "author": "customer", "text": "a", "sent_ms": int64(4)},
			},
			queryCustomerConversations: {{"conversation": "v0", "channels": []string{"webchat"}, "open": uint64(0), "changed_ms": int64(9)}},
			queryConversationContacts: {{
				"contact": "k1", "customer": "c1", "channel": "webchat", "queue": "sales", "agent": "ann", "state": "ended", "intent": "late",
				"confidence": uint16(900), "guesses": []string{"late", "x"}, "guess_confidences": []int64{900, 50}, "started_ms": int64(1),
				"wait_queues": []string{"sales", "help", "sales"}, "wait_states": []string{"flowed_out", "answered", "offered"},
				"wait_reasons": []string{"too_long", "", ""}, "wait_next": []string{"help", "", ""}, "wait_enqueued_ms": []int64{1, 1, 9}, "wait_left_ms": []int64{5, 8, 9},
			}},
			queryContactDecisions: {{
				"offer": "o1", "state": "accepted", "candidate_agents": []string{"ann"}, "candidate_chosen": []int{1},
				"candidate_reasons": []string{"chosen"}, "candidate_scores": []int64{7}, "rule": "gold", "need": "pottery >= 3",
			}},
		}}
	})
	w.assigned("ann")
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 }, patience, time.Millisecond)
	ann, _ := p.login("ann")
	bob, _ := p.login("bob")
	sue, _ := p.login("sue")
	for _, c := range []struct {
		path          string
		ann, bob, sue int
	}{
		{"/api/conversations/v1", 200, 403, 200},
		{"/api/conversations/v9", 403, 403, 200},
		{"/api/conversations/v1/messages", 200, 403, 200},
		{"/api/conversations/v0/messages", 200, 403, 200}, // an earlier one of the same customer
		{"/api/conversations/v9/messages", 403, 403, 200},
		{"/api/customers/c1/conversations", 200, 403, 200},
		{"/api/customers/c9/conversations", 403, 403, 200},
		{"/api/contacts/k1/decisions", 200, 403, 200},
	} {
		require.Equal(t, c.ann, p.ask("GET", c.path, "", "Cookie", ann).status, c.path)
		require.Equal(t, c.bob, p.ask("GET", c.path, "", "Cookie", bob).status, c.path)
		require.Equal(t, c.sue, p.ask("GET", c.path, "", "Cookie", sue).status, c.path)
	}
	a := p.ask("GET", "/api/conversations/v1/messages", "", "Cookie", ann)
	require.Equal(t, "m1", dig(a.body, "messages", 0, "id"), "oldest first")
	a = p.ask("GET", "/api/conversations/v1", "", "Cookie", sue)
	require.Equal(t, []any{"c1", "k1", 900.0, "x"}, []any{
		a.body["customer"], dig(a.body, "contacts", 0, "id"), dig(a.body, "contacts", 0, "confidence"), dig(a.body, "contacts", 0, "guesses", 1, "intent"),
	})
	waited := func(i int) []any {
		return []any{dig(a.body, "contacts", 0, "waits", i, "outcome"), dig(a.body, "contacts", 0, "waits", i, "wait_ms")}
	}
	require.Equal(t, [][]any{{"flowed_out", 4.0}, {"answered", 3.0}, {"waiting", 0.0}}, [][]any{waited(0), waited(1), waited(2)}, "a wait begins where the one before ended")
	require.Equal(t, "v0", dig(p.ask("GET", "/api/customers/c1/conversations", "", "Cookie", ann).body, "conversations", 0, "id"))
	require.Equal(t, "chosen", dig(p.ask("GET", "/api/contacts/k1/decisions", "", "Cookie", ann).body, "decisions", 0, "why", 0, "reason"))
	require.Equal(t, "Pots and cups", dig(p.ask("GET", "/api/contacts/k1/decisions", "", "Cookie", ann).body, "decisions", 0, "route", "names", "skill", "pottery"))
	counts := map[string]int{}
	for _, x := range in(w, event.TopicAudit, func(e *event.Event) (*event.Audit, bool) { return e.GetAudit(), e.GetAudit() != nil }) {
		counts[x.GetAction()+" "+x.GetOutcome()]++
	}
	require.Equal(t, 3, counts["session.begin allowed"])
	require.Equal(t, 9, counts["contact.read allowed"])
	require.Equal(t, 11, counts["contact.read denied"])
	require.Equal(t, 9, counts["contact.read_all allowed"])
}

func TestHistoryIsLate(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.History = shelf{err: errors.New("connection refused by 10.0.0.1")} })
	sue, _ := p.login("sue")
	a := p.ask("GET", "/api/customers/c1/conversations", "", "Cookie", sue)
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "history_late", a.body["code"])
	require.NotContains(t, a.raw, "10.0.0.1")
}

// A page that does not read is given up, and nobody waits for it.
func TestASlowPageIsGivenUp(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(c *Config) { c.Limits.Notes = 8 })
	quick, _ := p.open("ann")
	cookie, _ := p.login("ann")
	conn, resp, err := gws.NewClient(new(gws.BuiltinEventHandler), &gws.ClientOption{
		Addr:          strings.Replace(p.URL, "http", "ws", 1) + "/api/ws",
		RequestHeader: http.Header{"Origin": []string{p.URL}, "Cookie": []string{cookie}},
	})
	require.NoError(t, err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	t.Cleanup(func() { _ = conn.NetConn().Close() })
	require.Eventually(t, func() bool { return len(p.door.all()) == 2 }, patience, time.Millisecond)
	w.assigned("ann")
	quick.next("contact")
	quick.next("message")
	text := strings.Repeat("long ", 20_000)
	for i := 0; len(p.door.all()) > 1; i++ {
		require.Less(t, i, 2000, "the slow page is still there")
		w.message("c1", "v1", "k1", text)
		quick.next("message")
	}
}

// Every route is described, and nothing else is.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(openapiJSON, &doc))
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1"))
	var described, served []string
	for path, methods := range doc.Paths {
		for method := range maps.Keys(methods) {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range routes() {
		served = append(served, r.method+" "+r.path)
	}
	slices.Sort(described)
	slices.Sort(served)
	require.Equal(t, served, described)
}

func TestEveryKindHasItsStatus(t *testing.T) {
	want := map[kind]int{
		kindInternal: 500, kindInvalid: 400, kindUnauthenticated: 401, kindDenied: 403, kindNotFound: 404, kindConflict: 409,
		kindTooLarge: 413, kindMedia: 415, kindRate: 429, kindTransient: 503,
	}
	for k := kindInternal; k <= kindTransient; k++ {
		require.Equal(t, want[k], k.status())
	}
	require.Equal(t, "internal", asFault(errors.New("dial tcp 10.0.0.1: password=x")).Code)
	require.NotContains(t, asFault(errors.New("dial tcp 10.0.0.1: password=x")).Text, "10.0.0.1")
	require.Equal(t, "unavailable", asFault(context.DeadlineExceeded).Code)
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{`{"type":"send","request":"r","contact":"k","text":"x"}`, `{`, ``, `{"request":"a b"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := parseCommand(raw)
		if c == nil {
			t.Fatal("no command to answer")
		}
		if c.Request != "" && !isID(c.Request, maxRequest) && (err == nil || c.Type != "ping") {
			t.Fatalf("the request %q passed", c.Request)
		}
	})
}

func TestPagesEndWithWhatTheyWereOpenedUnder(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	ann, _ := p.open("ann")
	bob, _ := p.open("bob")
	sue, _ := p.open("sue")
	p.door.sweep(t.Context())
	require.NoError(t, w.accounts.Disable(t.Context(), "acme", "bob", true))
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "ann", Domain: "night"}}},
		}},
	}})
	ann.next("agent")
	p.door.sweep(t.Context())
	require.EqualValues(t, live.CloseLogin, bob.code())
	require.EqualValues(t, live.CloseMoved, ann.code())
	for range maxIdleSweeps {
		p.door.sweep(t.Context())
	}
	require.EqualValues(t, live.CloseGoingAway, sue.code())
}

// When the process stops, its pages are told to reconnect, and routing that the agents are gone.
func TestStopping(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	d, _ := p.open("ann")
	require.Eventually(t, func() bool {
		return len(in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) { return e, e.GetAgentConnected() != nil })) == 1
	}, patience, time.Millisecond)
	p.stop()
	require.EqualValues(t, live.CloseGoingAway, d.code())
	require.Len(t, in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) { return e, e.GetAgentDisconnected() != nil }), 1)
	cookie, _ := p.login("ann")
	require.Equal(t, 503, p.ask("GET", "/api/ws", "", "Cookie", cookie, "Origin", p.URL).status)
}
