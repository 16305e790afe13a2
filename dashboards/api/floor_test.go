package api

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/access"
	"github.com/tributary-cc/tributary/stream/engine"
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
	given, waits := entryOf("k1", "returns", "flowed_out", 1000, 1400), entryOf("k1", "sales", "waiting", 1000, 1400)
	given.GetQueueEntry().NextQueue = "sales"
	waits.GetQueueEntry().Cohort, waits.GetQueueEntry().Reason, waits.GetQueueEntry().Priority = 2, "nobody_fits", 2
	w.put(event.TopicRoutingFacts, given)
	w.put(event.TopicRoutingFacts, waits)
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
	require.Equal(t, []any{"k1", "queued", "sales", "nobody_staffed", 2.0, 1000.0, 1400.0},
		[]any{dig(c, "id"), dig(c, "state"), dig(c, "queue"), dig(c, "reason"), dig(c, "priority"), dig(c, "enqueued_ms"), dig(c, "entered_ms")})

	require.EqualValues(t, 1400, dig(whole, "queues", 1, "oldest_ms"), "the queue's row says the same")
	w.agent("ann", "available", "idle")
	got := sue.part("agents", "ann", func(any) bool { return true })
	require.Equal(t, []any{"available", "idle", "break"}, []any{dig(got, "status"), dig(got, "activity"), dig(got, "next_status")})
	// Why it waits is told anew when the last agent goes and the first comes, though routing says nothing anew of the contact.
	w.agent("ann", "break", "idle")
	sue.part("contacts", "k1", func(x any) bool { return dig(x, "reason") == "nobody_staffed" })
	w.agent("ann", "available", "idle")
	sue.part("contacts", "k1", func(x any) bool { return dig(x, "reason") == "nobody_fits" })
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

// Who rings still waits, and the floor says at whom. What is for practice is no number and not shown.
func TestWhoRingsOnTheFloor(t *testing.T) {
	v := newView()
	put := func(e *event.Event) { e.Tenant = "acme"; v.apply([]engine.Delivered{{Event: e}}) }
	configure := func(objects ...*event.ConfigObject) {
		put(&event.Event{Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{Objects: objects}}})
	}
	queue := func(q *event.Queue) *event.ConfigObject {
		return &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: q}}
	}
	agent := func(id, team string, queues ...string) *event.ConfigObject {
		return &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: id, Team: team, Queues: queues}}}
	}
	configure(queue(&event.Queue{Id: "sales"}), queue(&event.Queue{Id: "gym", Practice: true}), agent("ann", "day", "sales", "gym"), agent("bob", "night", "sales"))
	d := &page{}
	v.subscribe("acme", "cyd", d)
	for id, q := range map[string]string{"k1": "sales", "k2": "sales", "k3": "gym"} {
		put(&event.Event{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: &event.Contact{
			Contact: id, Conversation: "conv-" + id, State: event.ContactState_CONTACT_STATE_QUEUED, Version: 1,
		}}}})
		since := int64(1000)
		if id == "k1" {
			since = 900
		}
		put(entryOf(id, q, "waiting", since, 1000))
	}
	ringing := entryOf("k1", "sales", "offered", 900, 2000)
	ringing.GetQueueEntry().Agent = "bob"
	put(ringing)
	v.flushQueues()
	require.Equal(t, []string{"sales false"}, queuesTold(d))
	b := v.floorNow("acme", nil)
	require.Len(t, b.queues, 1)
	require.Equal(t, queueState{id: "sales", number: b.queues[0].number, waiting: 2, oldest: 900, open: true}, b.queues[0])
	require.Equal(t, []string{"k1 bob", "k2 "}, offeredTo(b))
	require.Equal(t, "bob", b.in.name(b.contacts[0].offeredTo))
	require.Empty(t, v.floorNow("acme", []string{"day"}).in.name("bob"), "an agent of another team is not named")
	require.Equal(t, []string{"gym"}, v.practiceQueues("acme"))
	board := v.wallboardOf("acme", nil)
	require.Len(t, board.Queues, 1)
	require.Equal(t, []any{2, 1, int64(900)}, []any{board.Total.Waiting, board.Total.Offered, board.Total.OldestMs})

	// The same goes for what is told of changes, and for a queue that becomes one to practise in.
	p := &page{}
	v.watchFloor("acme", nil, p, true)
	put(entryOf("k3", "gym", "waiting", 1000, 3000))
	v.flushFloors()
	for _, n := range p.notes[1:] {
		for _, c := range n.floor.contacts {
			require.True(t, c.gone, c.id)
		}
		require.Empty(t, n.floor.queues)
	}
	configure(queue(&event.Queue{Id: "sales", Practice: true}))
	v.flushFloors()
	last := p.notes[len(p.notes)-1].floor
	require.True(t, last.whole)
	require.Empty(t, last.contacts)
	require.Empty(t, last.queues)
	require.Equal(t, []string{"gym", "sales"}, v.practiceQueues("acme"))
	v.flushQueues()
	v.flushQueues()
	require.Equal(t, []string{"sales false", "sales true"}, queuesTold(d), "desks drop it, once")
}

// queuesTold are the queues that a desk was told of, and whether as removed.
func queuesTold(p *page) (out []string) {
	for _, n := range p.notes {
		if n.kind == noteQueue {
			out = append(out, fmt.Sprint(n.queue.id, " ", n.queue.removed))
		}
	}
	return out
}

func offeredTo(b *floorBatch) (out []string) {
	for _, c := range b.contacts {
		out = append(out, c.id+" "+c.offeredTo)
	}
	return out
}

func TestAReasonThatIsOldIsNotTold(t *testing.T) {
	for _, x := range []struct {
		said    string
		staffed int
		open    bool
		want    string
	}{
		{"nobody_staffed", 0, true, "nobody_staffed"},
		{"nobody_staffed", 1, true, ""},
		{"no_agent", 1, true, ""},
		{"all_busy", 1, true, "all_busy"},
		{"all_busy", 0, true, "nobody_staffed"},
		{"nobody_fits", 0, true, "nobody_staffed"},
		{"closed", 1, true, ""},
		{"closed", 0, false, "closed"},
		{"no_queue", 1, true, "no_queue"},
	} {
		q := &queueEntry{staffed: x.staffed, open: x.open}
		require.Equal(t, x.want, q.waitsFor(x.said), "%+v", x)
	}
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

// A customer is given to no queue to practise in, where no number would count them; who came out of such a one may go on to another.
func TestCustomersDoNotGoToPractice(t *testing.T) {
	w := newWorld(t)
	w.configured()
	objects := []*event.ConfigObject{
		{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "eve", Queues: []string{"gym", "dojo", "returns"}}}},
		{Object: &event.ConfigObject_Agent{Agent: &event.Agent{Id: "gus", Queues: []string{"gym"}}}},
	}
	for _, id := range []string{"gym", "dojo", "ring"} {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: id, Practice: true}}})
	}
	w.put(event.TopicConfigFacts, &event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{Objects: objects}}})
	w.inQueue("held", "sales", "ann")
	w.inQueue("ringing", "ring", "ann")
	w.inQueue("waits", "sales", "")
	w.inQueue("spars", "ring", "")
	p := w.process()
	require.Eventually(t, func() bool {
		_, waits := p.door.view.waitsIn("acme", "waits")
		_, spars := p.door.view.waitsIn("acme", "spars")
		return waits && spars && len(p.door.view.heldBy("acme", "ann")) == 2 && len(p.door.view.openContacts("acme", "", "c-waits")) == 1 &&
			len(p.door.view.openContacts("acme", "", "c-spars")) == 1
	}, patience, waitStep)
	ann, _ := p.open("ann")
	sue, _ := p.open("sue")
	for i, x := range []struct {
		by        *desk
		cmd, goes string
	}{
		{ann, `"type":"transfer","contact":"held","queue":"gym"`, ""},
		{sue, `"type":"transfer","contact":"held","queue":"gym"`, ""},
		{sue, `"type":"move","contact":"held","queue":"gym"`, ""},
		{sue, `"type":"move","contact":"waits","queue":"gym"`, ""},
		{ann, `"type":"transfer","contact":"held","agent":"eve"`, "returns"},
		{ann, `"type":"transfer","contact":"held","agent":"gus"`, "sales"},
		{ann, `"type":"transfer","contact":"ringing","queue":"gym"`, "gym"},
		{ann, `"type":"transfer","contact":"ringing","agent":"eve"`, "gym"},
		{sue, `"type":"move","contact":"spars","queue":"dojo"`, "dojo"},
		{sue, `"type":"move","contact":"waits","queue":"returns"`, "returns"},
	} {
		x.by.say(`{"request":"r%d",%s}`, i, x.cmd)
		if x.goes == "" {
			require.Equal(t, "queue: there is no such queue", x.by.next("error")["text"], x.cmd)
			continue
		}
		x.by.next("accepted")
		require.Equal(t, []string{x.goes}, in(w, event.TopicConversationIn, func(e *event.Event) (string, bool) {
			return e.GetTransferContact().GetQueue(), e.GetTransferContact().GetRequest() == fmt.Sprint("r", i)
		}), x.cmd)
	}
}
