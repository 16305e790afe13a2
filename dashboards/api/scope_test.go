package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// inQueue is a contact that came out of a queue, and waits in it where nobody has it.
func (w *world) inQueue(id, queue, agent string) {
	state := event.ContactState_CONTACT_STATE_QUEUED
	if agent != "" {
		state = event.ContactState_CONTACT_STATE_ASSIGNED
	} else {
		w.entry(id, queue, "waiting", "", 0, 1)
	}
	w.version[id]++
	w.conversationFact("c-"+id, &event.Event{Address: w.address(), Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{
		Contact: &event.Contact{
			Contact: id, Conversation: "v-" + id, State: state, Agent: agent, Queue: queue, Address: w.address(), Version: w.version[id],
			Channel: event.Channel_CHANNEL_WEBCHAT,
		},
	}}})
}

// newTeams is the bank of two teams with a contact of each queue: lara's account is bound to loans and no agent's.
func newTeams(t *testing.T, change ...func(*Config)) (*world, *process) {
	w, _ := newBoard(t)
	_, err := w.accounts.Add(t.Context(), "acme", access.NewAccount{
		Login: "lou", Password: password, Roles: []access.Role{access.RoleSupervisor}, Teams: []string{"loans"},
	})
	require.NoError(t, err)
	w.inQueue("k-cards", "cards", "")
	w.inQueue("k-sales", "sales", "")
	w.inQueue("k-ann", "shared", "ann")
	w.inQueue("k-bob", "shared", "bob")
	w.inQueue("k-far", "cards", "bob")
	p := w.process(change...)
	require.Eventually(t, func() bool {
		in := p.door.view.scopeOf("acme", []string{"loans"})
		_, waits := p.door.view.waitsIn("acme", "k-sales")
		_, far := p.door.view.waitsIn("acme", "k-cards")
		return waits && far && len(in.agents) == 1 && len(p.door.view.floorNow("acme", nil).contacts) == 5
	}, patience, waitStep)
	return w, p
}

// Who is bound to teams sees of the floor their agents, the queues these serve and what is in those, and is told of nothing else.
func TestTheFloorOfSomeTeams(t *testing.T) {
	w, p := newTeams(t)
	lou, shot := p.open("lou")
	require.Len(t, shot["queues"], 2)
	require.Len(t, shot["agents"], 1)
	lou.say(`{"type":"watch_floor","request":"w1","on":true}`)
	f := lou.floorOrAccepted("floor")
	ids := func(list string) (out []any) {
		things, _ := f[list].([]any)
		for _, x := range things {
			out = append(out, dig(x, "id"))
		}
		return out
	}
	require.Equal(t, []any{"ann"}, ids("agents"))
	require.Equal(t, []any{"sales", "shared"}, ids("queues"))
	require.Equal(t, []any{"k-ann", "k-bob", "k-sales"}, ids("contacts"))
	require.Equal(t, []any{"loans"}, ids("teams"))
	require.Equal(t, []any{"ann", ""}, []any{dig(f, "contacts", 0, "agent"), dig(f, "contacts", 1, "agent")}, "that somebody has it, and not who")

	// What comes out of sight is gone, and what happens out of sight is not told.
	w.agent("bob", "available", "idle")
	w.inQueue("k-cards", "cards", "bob")
	w.inQueue("k-bob", "cards", "bob")
	lou.part("contacts", "k-bob", func(x any) bool { return dig(x, "state") == "ended" })
	// The team gets another queue: all of it is told.
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Version: 3, Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "ann", Team: "loans", Queues: []string{"cards"}}}},
		}},
	}})
	for {
		if f = lou.floorOrAccepted("floor"); f["whole"] == true {
			break
		}
		require.NotContains(t, ids("agents"), "bob")
		require.NotContains(t, ids("queues"), "cards")
		require.NotContains(t, ids("contacts"), "k-cards")
	}
	require.Equal(t, []any{"cards"}, ids("queues"))
	require.Equal(t, []any{"k-bob", "k-cards", "k-far"}, ids("contacts"))
	cookie, _ := p.login("lou")
	require.Len(t, p.ask("GET", "/api/floor", "", "Cookie", cookie).body["queues"], 1)
	cookie, _ = p.login("sue")
	require.Len(t, p.ask("GET", "/api/floor", "", "Cookie", cookie).body["queues"], 3)
}

// A page of who is bound to teams is told live of their queues and agents alone, also that a queue of theirs is no more.
func TestAPageOfSomeTeamsIsToldOfThemAlone(t *testing.T) {
	w, p := newTeams(t)
	lou, _ := p.open("lou")
	sue, _ := p.open("sue")
	// told is what a page is told until all it waits for is there, and an answer to a command behind it.
	told := func(d *desk, wants ...string) (all []string) {
		missing := func(want string) bool { return !slices.Contains(all, want) }
		for asked := false; ; {
			if !asked && !slices.ContainsFunc(wants, missing) {
				asked = true
				d.say(`{"type":"ping"}`)
			}
			var f map[string]any
			select {
			case f = <-d.frames:
			case <-time.NewTimer(patience).C:
				t.Fatalf("waited for %q, and %q came", wants, all)
			}
			switch f["type"] {
			case "pong":
				return all
			case "queue":
				all = append(all, fmt.Sprint(dig(f, "queue", "id"), " ", dig(f, "queue", "waiting"), " ", dig(f, "queue", "removed")))
			case "colleagues":
				agents, _ := f["agents"].([]any)
				for _, a := range agents {
					all = append(all, fmt.Sprint(dig(a, "id"), " ", dig(a, "status")))
				}
			}
		}
	}
	w.inQueue("k-more", "cards", "")
	w.inQueue("k-more2", "sales", "")
	told(sue, "cards 2 <nil>", "sales 2 <nil>")
	require.NotContains(t, strings.Join(told(lou, "sales 2 <nil>"), ","), "cards")
	for _, d := range []*desk{sue, lou} {
		d.say(`{"type":"watch_colleagues","on":true,"request":"look"}`)
	}
	require.NotContains(t, strings.Join(told(lou, "ann offline"), ","), "bob")
	told(sue, "bob offline")
	w.agent("bob", "available", "idle")
	w.agent("ann", "available", "idle")
	told(sue, "bob available", "ann available")
	require.NotContains(t, strings.Join(told(lou, "ann available"), ","), "bob")
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{
		ConfigApplied: &event.ConfigApplied{Version: 3, Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "ann", Team: "loans", Queues: []string{"shared"}}}},
			{Removed: true, Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "cards"}}},
			{Removed: true, Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "sales"}}},
		}},
	}})
	told(sue, "cards 2 true", "sales 2 true")
	require.NotContains(t, strings.Join(told(lou, "sales 2 true"), ","), "cards")
}

// What is outside of the teams answers as what is not there, word by word; nothing is written of it but the try.
func TestActsOutsideTheTeams(t *testing.T) {
	w, p := newTeams(t, func(c *Config) { c.History = shelf{} })
	lou, _ := p.open("lou")
	for _, c := range []struct{ outside, nowhere, text string }{
		{`"type":"set_status","agent":"bob","status":"break"`, `"type":"set_status","agent":"nobody","status":"break"`, "agent: there is no such agent"},
		{`"type":"set_status","agent":"bob","status":"offline","log_out":true`, `"type":"set_status","agent":"nobody","status":"offline","log_out":true`, "agent: there is no such agent"},
		{`"type":"move","contact":"k-cards","queue":"sales"`, `"type":"move","contact":"k-none","queue":"sales"`, "contact: there is no such open contact"},
		{`"type":"move","contact":"k-sales","queue":"cards"`, `"type":"move","contact":"k-sales","queue":"nowhere"`, "queue: there is no such queue"},
		{`"type":"priority","contact":"k-cards","priority":9`, `"type":"priority","contact":"k-none","priority":9`, "the contact does not wait any more"},
		{`"type":"end","contact":"k-far"`, `"type":"end","contact":"k-none"`, "contact: there is no such open contact"},
		{`"type":"wrap_up","contact":"k-far"`, `"type":"wrap_up","contact":"k-none"`, "contact: there is no such open contact"},
		{`"type":"send","contact":"k-far","text":"x"`, `"type":"send","contact":"k-none","text":"x"`, "contact: there is no such open contact"},
		{`"type":"transfer","contact":"k-far","queue":"sales"`, `"type":"transfer","contact":"k-none","queue":"sales"`, "contact: there is no such open contact"},
		{`"type":"transfer","contact":"k-ann","queue":"cards"`, `"type":"transfer","contact":"k-ann","queue":"nowhere"`, "queue: there is no such queue"},
		{`"type":"transfer","contact":"k-ann","agent":"bob"`, `"type":"transfer","contact":"k-ann","agent":"nobody"`, "agent: there is no such agent"},
		{`"type":"close","conversation":"v-k-far"`, `"type":"close","conversation":"v-none"`, "conversation: you hold no open contact of it"},
		{`"type":"profile","customer":"c-k-far","name":"x"`, `"type":"profile","customer":"c-none","name":"x"`, "customer: there is no open contact and no profile of this customer"},
	} {
		for _, command := range []string{c.outside, c.nowhere} {
			lou.say(`{"request":"r1",%s}`, command)
			f := lou.floorOrAccepted("error")
			require.Equal(t, c.text, f["text"], command)
		}
	}
	// Of another team's agent in a queue that is seen it is said that there is somebody.
	for _, command := range []string{`"type":"move","queue":"sales"`, `"type":"end"`, `"type":"split"`} {
		lou.say(`{"request":"r1","contact":"k-bob",%s}`, command)
		require.Equal(t, "denied", lou.floorOrAccepted("error")["code"], command)
	}
	require.Empty(t, in(w, event.TopicConversationIn, all))
	require.Empty(t, in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) {
		return e, e.GetAgentStatus() != nil || e.GetSetPriority() != nil
	}))
	tried := w.audited(accountID(w, "lou"), "session.begin")
	require.Contains(t, tried, "routing.act bob denied")
	require.Contains(t, tried, "routing.act k-cards denied")

	for i, command := range []string{
		`"type":"move","contact":"k-sales","queue":"shared"`, `"type":"priority","contact":"k-sales","priority":9`,
		`"type":"set_status","agent":"ann","status":"break"`, `"type":"end","contact":"k-ann"`, `"type":"close","conversation":"v-k-ann"`,
		`"type":"profile","customer":"c-k-ann","name":"x"`,
	} {
		lou.say(`{"request":"ok%d",%s}`, i, command)
		lou.floorOrAccepted("accepted")
	}
}

// History shows what was in the queues that are seen, without the names of other teams' agents; the rest is not there.
func TestHistoryOfSomeTeams(t *testing.T) {
	message := func(id, contact, agent string, sequence uint64) map[string]any {
		return map[string]any{
			"message": id, "contact": contact, "agent": agent, "sequence": sequence, "author": "agent", "sent_ms": int64(sequence), "files": []string{"f-" + id},
			"media_types": []string{"image/png"}, "sizes": []int64{1}, "conversation": "v0", "queue": map[string]string{"h1": "shared", "h2": "cards"}[contact], "contact_agent": agent,
		}
	}
	rows := map[string][]map[string]any{
		queryConversationContacts: {
			{
				"contact": "h1", "customer": "c0", "queue": "shared", "agent": "bob", "previous": "h2", "wait_queues": []string{"cards", "shared"}, "wait_states": []string{"flowed_out", "answered"},
				"wait_reasons": []string{"full", ""}, "wait_next": []string{"shared", ""}, "wait_enqueued_ms": []int64{1, 2}, "wait_left_ms": []int64{2, 3},
			},
			{"contact": "h2", "customer": "c0", "queue": "cards", "agent": "bob", "intent": "secret"},
		},
		queryConversationMessages:  {message("m3", "h2", "bob", 3), message("m2", "h1", "bob", 2), message("m1", "h1", "ann", 1)},
		queryCustomerMessages:      {message("m3", "h2", "bob", 3), message("m2", "h1", "bob", 2), message("m1", "h1", "ann", 1)},
		queryCustomerConversations: {{"conversation": "v0", "queues": []string{"cards", "shared"}, "agents": []string{"ann", "bob"}, "messages": 7}, {"conversation": "v9", "queues": []string{"cards"}}},
		queryFileContacts:          {{"conversation": "v0", "file": "f-m1", "contact": "h1"}, {"conversation": "v0", "file": "f-m3", "contact": "h2"}},
		queryContactDecisions: {
			{"offer": "o1", "agent": "bob", "queue": "shared", "candidate_agents": []string{"ann", "bob", "cyd"}, "candidate_chosen": []int{0, 1, 0}, "candidate_reasons": []string{"", "", ""}, "candidate_scores": []int64{1, 2, 3}},
			{"offer": "o2", "agent": "bob", "queue": "cards"},
		},
	}
	asks := asked{shelf{rows: rows}, map[string]map[string]any{}}
	_, p := newTeams(t, func(c *Config) { c.History, c.Setup = asks, &paper{} })
	lou, _ := p.login("lou")
	get := func(path string) answer { return p.ask("GET", path, "", "Cookie", lou) }
	for _, path := range []string{
		"/api/conversations/v0", "/api/conversations/v0/messages", "/api/customers/c0/messages", "/api/customers/c0/conversations",
		"/api/contacts/h1/decisions", "/api/customers/c0",
	} {
		a := get(path)
		require.Equal(t, 200, a.status, "%s: %s", path, a.raw)
		for _, foreign := range []string{`"bob"`, `"cards"`, `"CARDS"`, `"m3"`, `"h2"`, `"v9"`, `"secret"`, `"o2"`} {
			require.NotContains(t, a.raw, foreign, path)
		}
	}
	a := get("/api/conversations/v0/messages")
	require.Equal(t, []any{"m1", "m2"}, []any{dig(a.body, "messages", 0, "id"), dig(a.body, "messages", 1, "id")})
	require.Len(t, dig(get("/api/conversations/v0").body, "contacts", 0, "waits"), 1)
	require.EqualValues(t, 1, dig(get("/api/contacts/h1/decisions").body, "decisions", 0, "passed_over"), "who was chosen was not passed over")
	require.Equal(t, 403, get("/api/config").status, "it names everybody")
	require.Equal(t, false, dig(get("/api/me").body, "me", "setup"))
	past := get("/api/customers/c0/conversations")
	require.Equal(t, maxConversations, asks.params[queryCustomerConversations]["count"], "what is not seen fills no page")
	for _, count := range []string{"contacts", "open", "messages"} {
		require.NotContains(t, dig(past.body, "conversations", 0), count, "it is of contacts that are not seen too")
	}
	sue, _ := p.login("sue")
	require.EqualValues(t, 7, dig(p.ask("GET", "/api/customers/c0/conversations", "", "Cookie", sue).body, "conversations", 0, "messages"))
	require.Equal(t, historyPage, asks.params[queryCustomerConversations]["count"])

	for _, x := range []struct {
		file, conversation string
		sees               bool
	}{{"f-m1", "v0", true}, {"f-m3", "v0", false}, {"f-m1", "", false}, {"f-m1", "v9", false}, {"f-none", "v0", false}} {
		sees, err := p.door.seesFile(t.Context(), personOf(access.Principal{Tenant: "acme", Teams: []string{"loans"}, Roles: []access.Role{access.RoleQA}}), x.file, x.conversation)
		require.NoError(t, err)
		require.Equal(t, x.sees, sees, x)
	}
	// Outside, and nowhere, are one answer.
	rows[queryConversationContacts] = rows[queryConversationContacts][1:]
	rows[queryCustomerConversations] = rows[queryCustomerConversations][1:]
	paths := []string{"/api/conversations/v1", "/api/conversations/v1/messages", "/api/customers/c1/messages", "/api/customers/c1/conversations", "/api/customers/c-k-far"}
	outside := make([]string, 0, len(paths))
	for _, path := range paths {
		a = get(path)
		require.Equal(t, 404, a.status, path)
		outside = append(outside, a.raw)
	}
	clear(rows)
	for i, path := range paths {
		require.Equal(t, outside[i], get(path).raw, path)
	}
}
