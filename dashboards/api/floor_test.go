package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/event"
)

// entry is a fact about a contact's place in a queue.
func (w *world) entry(contact, queue, state, reason string, priority int32, waiting uint32) {
	w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_QueueEntry{QueueEntry: &event.QueueEntry{
		Contact: contact, Queue: queue, State: state, Reason: reason, Priority: priority, EnqueuedMs: 1000, Waiting: waiting,
	}}})
}

func (w *world) agent(id, status, activity string) {
	w.put(event.TopicRoutingFacts, &event.Event{Tenant: "acme", Key: "acme/main", Body: &event.Event_AgentChanged{AgentChanged: &event.AgentChanged{
		Agent: id, Status: status, Connected: true, Activity: activity, SinceMs: 7, NextStatus: "break",
	}}})
}

// part is what the newest floor frame that holds it says of one thing.
func (d *desk) part(list, id string, want func(any) bool) any {
	d.t.Helper()
	for {
		f := d.floorOrAccepted("floor")
		things, _ := f[list].([]any)
		for _, x := range things {
			if dig(x, "id") == id && want(x) {
				return x
			}
		}
	}
}

// A supervisor watches the floor: the whole, then what changes; and acts on it. All of it is in the audit.
func TestASupervisorWatchesTheFloor(t *testing.T) {
	w := newWorld(t)
	w.configured()
	p := w.process()
	w.profile("c1", "Ida Holm", 1)
	w.contactAt("c1", "v1", "k1", event.ContactState_CONTACT_STATE_QUEUED, "", w.address())
	w.entry("k1", "sales", "waiting", "nobody_fits", 2, 1)
	require.Eventually(t, func() bool { _, _, ok := p.door.view.contactAt("acme", "k1"); return ok }, patience, waitStep)
	require.Eventually(t, func() bool { _, ok := p.door.view.waitsIn("acme", "k1"); return ok }, patience, waitStep)
	sue, _ := p.open("sue")
	sue.say(`{"type":"watch_floor","request":"w1","on":true}`)
	whole := sue.floorOrAccepted("floor")
	require.Equal(t, true, whole["whole"])
	require.Equal(t, "Floor", dig(whole, "teams", 0, "name"))
	require.Equal(t, []any{"ann", "bob"}, []any{dig(whole, "agents", 0, "id"), dig(whole, "agents", 1, "id")})
	require.Equal(t, []any{"sales"}, dig(whole, "agents", 0, "queues"))
	require.Equal(t, []any{"returns", false}, []any{dig(whole, "queues", 0, "id"), dig(whole, "queues", 0, "open")})
	require.EqualValues(t, 0, dig(whole, "queues", 1, "staffed"))
	c := dig(whole, "contacts", 0)
	require.Equal(t, []any{"k1", "queued", "sales", "nobody_fits", 2.0, 1000.0},
		[]any{dig(c, "id"), dig(c, "state"), dig(c, "queue"), dig(c, "reason"), dig(c, "priority"), dig(c, "enqueued_ms")})

	w.agent("ann", "available", "idle")
	got := sue.part("agents", "ann", func(any) bool { return true })
	require.Equal(t, []any{"available", "idle", "break"}, []any{dig(got, "status"), dig(got, "activity"), dig(got, "next_status")})
	sue.say(`{"type":"priority","request":"p1","contact":"k1","priority":9}`)
	sue.say(`{"type":"move","request":"p2","contact":"k1","queue":"returns"}`)
	sue.say(`{"type":"set_status","request":"p3","agent":"bob","status":"break","reason":"training"}`)
	sue.say(`{"type":"priority","request":"p4","contact":"k1","priority":5000}`)
	sue.say(`{"type":"move","request":"p5","contact":"k1","queue":"nowhere"}`)
	for _, want := range []string{"p1", "p2", "p3"} {
		require.Equal(t, want, sue.floorOrAccepted("accepted")["request"])
	}
	require.Equal(t, "invalid", sue.floorOrAccepted("error")["code"])
	require.Equal(t, "not_found", sue.floorOrAccepted("error")["code"])
	account := accountID(w, "sue")
	raised := in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) { return e, e.GetSetPriority() != nil })
	require.Equal(t, []any{"acme/main", int32(9), account}, []any{raised[0].GetKey(), raised[0].GetSetPriority().GetPriority(), raised[0].GetSetPriority().GetBy()})
	moved := in(w, event.TopicConversationIn, func(e *event.Event) (*event.TransferContact, bool) {
		return e.GetTransferContact(), e.GetTransferContact() != nil
	})
	require.Equal(t, []any{"returns", true, account}, []any{moved[0].GetQueue(), moved[0].GetBySupervisor(), moved[0].GetBy()})
	set := in(w, event.TopicRoutingIn, func(e *event.Event) (*event.Event, bool) { return e, e.GetAgentStatus() != nil })
	require.Equal(t, []any{"acme/back", "bob", account}, []any{set[0].GetKey(), set[0].GetAgentStatus().GetAgent(), set[0].GetAgentStatus().GetBy()})
	require.Equal(t, []string{
		"board.read floor allowed", "routing.act k1 allowed", "routing.act k1 allowed", "routing.act bob allowed", "routing.act k1 allowed",
	}, w.audited(account, "session.begin"))

	w.entry("k1", "sales", "answered", "", 0, 0)
	w.contactAt("c1", "v1", "k1", event.ContactState_CONTACT_STATE_ASSIGNED, "ann", w.address())
	held := sue.part("contacts", "k1", func(x any) bool { return dig(x, "state") == "assigned" })
	require.Equal(t, []any{"ann", ""}, []any{dig(held, "agent"), dig(held, "reason")})
	w.contactAt("c1", "v1", "k1", event.ContactState_CONTACT_STATE_ENDED, "ann", w.address())
	sue.part("contacts", "k1", func(x any) bool { return dig(x, "state") == "ended" })
	sue.say(`{"type":"watch_floor","request":"w2","on":false}`)
	sue.floorOrAccepted("accepted")
	p.door.view.mu.Lock()
	defer p.door.view.mu.Unlock()
	require.Nil(t, p.door.view.tenants["acme"].floor.watchers)
}

// floorOrAccepted is the next frame of a type, whatever of the floor comes between.
func (d *desk) floorOrAccepted(kind string) map[string]any {
	d.t.Helper()
	for {
		select {
		case f := <-d.frames:
			if f["type"] == kind && (kind != "accepted" || f["request"] != "w1") {
				return f
			}
		case err := <-d.closed:
			d.t.Fatalf("closed instead of %s: %v", kind, err)
		}
	}
}

// Who may see the floor once may see it over HTTP; a customer's name is for who may read contacts.
func TestTheFloorOnce(t *testing.T) {
	w := newWorld(t)
	_, err := w.accounts.Create(t.Context(), "acme", "adam", password, "", access.RoleAdmin)
	require.NoError(t, err)
	w.configured()
	w.assigned("ann")
	p := w.process(func(c *Config) { c.Opener = namedOpener{} })
	w.profile("c1", "Ida Holm", 1)
	require.Eventually(t, func() bool { return len(p.door.view.heldBy("acme", "ann")) == 1 && p.door.view.profileAt("c1") != 0 }, patience, waitStep)
	for login, want := range map[string]string{"sue": "Ida Holm", "adam": ""} {
		cookie, _ := p.login(login)
		a := p.ask("GET", "/api/floor", "", "Cookie", cookie)
		require.Equal(t, 200, a.status, a.raw)
		require.Equal(t, want, dig(a.body, "contacts", 0, "customer_name"), login)
	}
	cookie, _ := p.login("ann")
	require.Equal(t, 403, p.ask("GET", "/api/floor", "", "Cookie", cookie).status)
	require.Contains(t, w.audited(accountID(w, "ann"), "session.begin"), "board.read floor denied")
}
