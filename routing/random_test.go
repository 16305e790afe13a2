package routing

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/event"
)

// TestRandomFloors plays random days on small floors, where everything collides, and checks every promise after every event.
func TestRandomFloors(t *testing.T) {
	usual := minSlots
	minSlots = 6
	defer func() { minSlots = usual }()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		p := player{t, w, 0}
		t.Repeat(map[string]func(*rapid.T){
			"request": p.request, "request again": p.request, "request more": p.request, "cancel": p.cancel,
			"release": p.release, "answer": p.answer, "answer again": p.answer, "status": p.status, "work": p.work,
			"work more": p.work, "connect": p.connect, "disconnect": p.disconnect, "alive": p.alive, "wait": p.wait,
			"queue": p.queue, "agent": p.agent, "agents": p.agent, "remove": p.remove,
			"policy": p.policy, "hours": p.hours, "priority": p.priority, "later": p.later,
		})
	})
}

type player struct {
	t *rapid.T
	w *world
	n int
}

func one(t *rapid.T, what string, n int) string {
	return fmt.Sprint(what, rapid.IntRange(1, n).Draw(t, what))
}

func anAgent(t *rapid.T) string { return one(t, "a", 4) }
func aQueue(t *rapid.T) string  { return one(t, "q", 3) }

// aContact draws one of those there are, or one of the past.
func (p *player) aContact(t *rapid.T) string {
	if len(p.w.requested) > 0 && rapid.IntRange(0, 9).Draw(t, "known") > 0 {
		return sorted2(p.w.requested)[rapid.IntRange(0, len(p.w.requested)-1).Draw(t, "c")]
	}
	return one(t, "c", p.n+1)
}

func (p *player) request(t *rapid.T) {
	p.n++
	id := fmt.Sprint("c", p.n)
	if rapid.IntRange(0, 5).Draw(t, "back") == 0 {
		id = one(t, "c", p.n)
	}
	r := &event.RouteRequest{
		Contact: id, Customer: "p" + id, Queue: aQueue(t), Priority: int32(rapid.IntRange(0, 1).Draw(t, "priority")),
		EnqueuedMs: int64(rapid.IntRange(0, 50).Draw(t, "enqueued")),
	}
	r.Channel = rapid.SampledFrom([]event.Channel{2, 2, 2, 1, 3}).Draw(t, "channel")
	r.Intent = rapid.SampledFrom([]string{"", "i1", "i2", "i3"}).Draw(t, "intent")
	if rapid.IntRange(0, 3).Draw(t, "for") == 0 {
		r.LastAgent = anAgent(t)
	}
	if rapid.IntRange(0, 5).Draw(t, "to") == 0 {
		r.ToAgent, r.Chosen = anAgent(t), true
	}
	if c := p.w.d.contacts[id]; c == nil || c.state == lost {
		p.w.channel[id] = r.Channel
	}
	if rapid.IntRange(0, 3).Draw(t, "not") == 0 {
		r.NotAgent = anAgent(t)
	}
	p.w.requested[id] = true
	p.w.apply(&event.Event{Body: &event.Event_RouteRequest{RouteRequest: r}})
}

func (p *player) cancel(t *rapid.T) {
	id := p.aContact(t)
	delete(p.w.requested, id)
	delete(p.w.talking, id)
	reason := rapid.SampledFrom([]string{"abandoned", "ended", "transfer", "closed"}).Draw(t, "reason")
	p.w.apply(&event.Event{Body: &event.Event_RouteCancel{RouteCancel: &event.RouteCancel{Contact: id, Reason: reason}}})
}

func (p *player) release(t *rapid.T) {
	id, wrap := p.aContact(t), rapid.Bool().Draw(t, "wrapping")
	agent, talking := p.w.talking[id]
	if talking && !wrap {
		delete(p.w.talking, id)
		delete(p.w.requested, id)
	}
	p.w.apply(&event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{
		Contact: id, Agent: agent, Wrapping: wrap,
	}}})
}

func (p *player) answer(t *rapid.T) {
	a := &event.OfferAnswer{Offer: "none", Agent: anAgent(t), Accept: rapid.IntRange(0, 3).Draw(t, "accept") > 0}
	if n := len(p.w.offer); n > 0 {
		id := sorted2(p.w.offer)[rapid.IntRange(0, n-1).Draw(t, "offer")]
		a.Offer = p.w.offer[id]
		if rapid.IntRange(0, 9).Draw(t, "another") > 0 {
			a.Agent = p.w.ringing[id]
		}
	}
	p.w.apply(&event.Event{Body: &event.Event_OfferAnswer{OfferAnswer: a}})
}

func (p *player) status(t *rapid.T) {
	p.set(anAgent(t), rapid.SampledFrom([]string{StatusAvailable, StatusBreak, StatusOffline}).Draw(t, "status"))
}

func (p *player) set(agent, status string) {
	p.w.apply(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{Agent: agent, Status: status}}})
}

// work makes an agent ready, without which a random floor is an empty one.
func (p *player) work(t *rapid.T) {
	a := anAgent(t)
	p.on(a, one(t, "g", 2), "x1")
	p.set(a, StatusAvailable)
}

func (p *player) on(agent, gateway, connection string) {
	p.w.apply(&event.Event{Body: &event.Event_AgentConnected{AgentConnected: &event.AgentConnected{
		Agent: agent, Gateway: gateway, Connection: connection,
	}}})
}

func (p *player) connect(t *rapid.T) { p.on(anAgent(t), one(t, "g", 2), one(t, "x", 20)) }

func (p *player) disconnect(t *rapid.T) {
	p.w.apply(&event.Event{Body: &event.Event_AgentDisconnected{AgentDisconnected: &event.AgentDisconnected{
		Agent: anAgent(t), Gateway: one(t, "g", 2), Connection: one(t, "x", 2),
	}}})
}

func (p *player) alive(t *rapid.T) {
	p.w.apply(&event.Event{Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{Gateway: one(t, "g", 2)}}})
}

func (p *player) wait(t *rapid.T) {
	p.w.wait(rapid.SampledFrom([]int64{1, 1000, 3000, 5000, 20_000, 30_000, 700_000}).Draw(t, "ms"))
}

func (p *player) queue(t *rapid.T) {
	q := &event.Queue{Id: aQueue(t), Priority: int32(rapid.IntRange(0, 1).Draw(t, "priority"))}
	if rapid.Bool().Draw(t, "limits") {
		q.MaxWaiting, q.MaxWaitMs = uint32(rapid.IntRange(0, 2).Draw(t, "max")), int64(rapid.IntRange(0, 2).Draw(t, "long"))*4000
		q.Overflow = rapid.SampledFrom([]string{"", "q1", "q2", "q3"}).Draw(t, "overflow")
		q.Hours = rapid.SampledFrom([]string{"", "h1"}).Draw(t, "hours")
	}
	if rapid.IntRange(0, 9).Draw(t, "elsewhere") == 0 {
		q.Domain = "elsewhere"
	}
	p.w.configure(&event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: q}})
}

func (p *player) agent(t *rapid.T) {
	a := &event.Agent{
		Id: anAgent(t), ChatCapacity: uint32(rapid.IntRange(1, 3).Draw(t, "capacity")),
		Queues: rapid.SliceOfN(rapid.SampledFrom([]string{"q1", "q2", "q3"}), 0, 3).Draw(t, "queues"),
	}
	for _, s := range []string{"s1", "s2"} {
		if level := rapid.IntRange(0, 5).Draw(t, s); level > 0 {
			a.Skills = append(a.Skills, &event.AgentSkill{Skill: s, Level: uint32(level)})
		}
	}
	for _, c := range []event.Channel{1, 2} {
		if n := rapid.IntRange(-2, 2).Draw(t, "named"); n >= 0 {
			a.Capacities = append(a.Capacities, &event.ChannelCapacity{Channel: c, Contacts: uint32(n)})
		}
	}
	p.w.agents[a.Id] = a
	p.w.configure(&event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: a}})
}

func (p *player) policy(t *rapid.T) {
	o := &event.Policy{}
	for i := range rapid.IntRange(0, 3).Draw(t, "rules") {
		r := &event.PolicyRule{
			Name: fmt.Sprint("r", i), Queue: rapid.SampledFrom([]string{"", "q1", "q2"}).Draw(t, "queue"),
			When:     rapid.SampledFrom([]string{"", "contact.intent == 'i1'", "contact.channel == 'voice'", "contact.intent != ''"}).Draw(t, "when"),
			Priority: int32(rapid.IntRange(0, 1).Draw(t, "priority")), HeadStartMs: int64(rapid.IntRange(0, 20).Draw(t, "start")),
			LastAgentMs: int64(rapid.IntRange(0, 1).Draw(t, "last")) * 5000,
		}
		n := rapid.IntRange(0, 3).Draw(t, "steps")
		for j := range n {
			s := &event.PolicyStep{Need: rapid.SampledFrom([]string{"", "s1 >= 3", "s1 >= 2 && s2 >= 2", "s2 >= 4", "contact.intent == 'i2' ? s1 >= 1 : s2 >= 1"}).Draw(t, "need")}
			if j < n-1 {
				s.ForMs = int64(rapid.IntRange(1, 3).Draw(t, "for")) * 3000
			}
			r.Steps = append(r.Steps, s)
		}
		o.Rules = append(o.Rules, r)
	}
	p.w.configure(&event.ConfigObject{Object: &event.ConfigObject_Policy{Policy: o}, Removed: rapid.IntRange(0, 5).Draw(t, "gone") == 0})
}

func (p *player) hours(t *rapid.T) {
	h := &event.Hours{Id: "h1", Shifts: []*event.ZoneShift{{OffsetS: int32(rapid.IntRange(-2, 2).Draw(t, "offset")) * 1800}}}
	for day := range uint32(7) {
		h.Openings = append(h.Openings, &event.Opening{Day: day + 1, FromMinute: uint32(rapid.IntRange(0, 30).Draw(t, "from")), ToMinute: 1440})
	}
	p.w.d.hours.Set(h)
	p.w.configure(&event.ConfigObject{Object: &event.ConfigObject_Hours{Hours: h}})
}

func (p *player) priority(t *rapid.T) {
	p.w.apply(&event.Event{Body: &event.Event_SetPriority{SetPriority: &event.SetPriority{
		Contact: p.aContact(t), Priority: int32(rapid.IntRange(-1, 3).Draw(t, "priority")),
	}}})
}

// later sets a status for when the agent is free, or logs them out.
func (p *player) later(t *rapid.T) {
	p.w.apply(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{
		Agent: anAgent(t), Status: rapid.SampledFrom([]string{StatusAvailable, StatusBreak, StatusOffline}).Draw(t, "status"),
		WhenFree: rapid.Bool().Draw(t, "when free"), By: "boss", LogOut: rapid.IntRange(0, 4).Draw(t, "out") == 0,
	}}})
}

func (p *player) remove(t *rapid.T) {
	o := &event.ConfigObject{Removed: true, Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: aQueue(t)}}}
	if rapid.Bool().Draw(t, "agent") {
		o.Object = &event.ConfigObject_Agent{Agent: &event.Agent{Id: anAgent(t)}}
	}
	p.w.configure(o)
}

func sorted2[T any](m map[string]T) []string {
	keys := make(map[string]string, len(m))
	for k := range m {
		keys[k] = k
	}
	return sorted(keys)
}
