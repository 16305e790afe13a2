package dispatch_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func queueWith(id string, change func(*event.Queue)) *event.ConfigObject {
	o := queue(id, 0)
	change(o.GetQueue())
	return o
}

// opensIn are opening times of each day that begin so many minutes after the scene does, and last for ten.
func opensIn(minutes int64) *event.ConfigObject {
	from := uint32((enginetest.Start/60_000 + minutes) % 1440)
	h := &event.Hours{Id: "office", Shifts: []*event.ZoneShift{{}}}
	for day := range uint32(7) {
		h.Openings = append(h.Openings, &event.Opening{Day: day + 1, FromMinute: from, ToMinute: from + 10})
	}
	return &event.ConfigObject{Object: &event.ConfigObject_Hours{Hours: h}}
}

func (f *floor) cohorts(contact string) []string {
	var out []string
	for _, e := range f.entries {
		if e.Contact == contact {
			out = append(out, fmt.Sprint(e.Cohort, " ", e.Queue, " ", e.State))
		}
	}
	return out
}

func TestClosedQueueKeepsItsContactsUntilItOpens(t *testing.T) {
	f := newFloor(t)
	f.alive = []string{"g1"}
	f.Wait(1000)
	f.configure(opensIn(2), queueWith("sales", func(q *event.Queue) { q.Hours = "office" }), agent("ann", 1, "sales"))
	f.arrives("ann")
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait closed"}, f.asks("c1", "sales"))
	require.NotContains(t, f.wait(60_000), "offer of c1 to ann: offered")
	require.Contains(t, f.wait(65_000), "offer of c1 to ann: offered", "it opens")
	f.answers("ann", "c1", true)
	f.wait(600_000)
	f.releases("c1", "ann", false)
	require.Equal(t, []string{"c2 in sales: waiting, 1 wait closed"}, f.asks("c2", "sales"), "and closes after ten minutes")
}

func TestWhyItWaitsIsToldWhenAQueueClosesAndOpens(t *testing.T) {
	f := newFloor(t)
	f.Wait(1000)
	f.configure(opensIn(-9), queueWith("sales", func(q *event.Queue) { q.Hours = "office" }))
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait no_agent"}, f.asks("c1", "sales"))
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait closed"}, f.wait(65_000))
	f.configure(opensIn(2))
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait no_agent"}, f.wait(65_000))
}

func TestClosedQueueFlowsOver(t *testing.T) {
	f := newFloor(t)
	f.alive = []string{"g1"}
	f.Wait(1000)
	closing := func(q *event.Queue) { q.Hours, q.Overflow = "office", "night" }
	f.configure(opensIn(-9), queueWith("sales", closing), queue("night", 0), agent("ann", 1, "sales"))
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait nobody_staffed"}, f.asks("c1", "sales"))
	require.Equal(t, []string{
		"c1 in sales: flowed_out, 0 wait closed on to night", "c1: requeued night", "c1 in night: waiting, 1 wait no_agent",
	}, f.wait(65_000), "who waits when it closes flows over too")
	require.Equal(t, []string{
		"c2 in sales: flowed_out, 0 wait closed on to night", "c2: requeued night", "c2 in night: waiting, 2 wait no_agent",
	}, f.asks("c2", "sales"))
	require.Equal(t, []string{"1 sales waiting", "1 sales flowed_out", "2 night waiting"}, f.cohorts("c1"))
}

func TestHolidayClosesAndZoneShifts(t *testing.T) {
	f := newFloor(t)
	f.Wait(1000)
	holiday := opensIn(0)
	holiday.GetHours().Holidays = []*event.Holiday{{Day: int32(enginetest.Start / 86_400_000)}}
	f.configure(holiday, queueWith("sales", func(q *event.Queue) { q.Hours = "office" }), agent("ann", 1, "sales"))
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait closed"}, f.asks("c1", "sales"))
	shifted := opensIn(60)
	shifted.GetHours().Shifts = []*event.ZoneShift{{OffsetS: -3600}, {FromMs: enginetest.Start - 1, OffsetS: 3600}}
	f.configure(shifted)
	require.Equal(t, []string{"c2 in sales: waiting, 2 wait nobody_staffed"}, f.asks("c2", "sales"))
	f.configure(removed(opensIn(0)))
	require.Equal(t, []string{"c3 in sales: waiting, 3 wait nobody_staffed"}, f.asks("c3", "sales"), "without hours it is open")
}

func TestFullQueueFlowsOver(t *testing.T) {
	f := newFloor(t)
	small := func(q *event.Queue) { q.MaxWaiting, q.Overflow = 1, "service" }
	f.configure(queueWith("sales", small), queue("service", 0))
	f.asks("c1", "sales")
	require.Equal(t, []string{
		"c2 in sales: flowed_out, 1 wait full on to service", "c2: requeued service", "c2 in service: waiting, 1 wait no_agent",
	}, f.asks("c2", "sales"))
}

func TestWhoWaitsTooLongFlowsOver(t *testing.T) {
	f := newFloor(t)
	f.alive = []string{"g1"}
	slow := func(q *event.Queue) { q.MaxWaitMs, q.Overflow = 10_000, "service" }
	f.configure(queueWith("sales", slow), queue("service", 0), agent("ben", 1, "service"))
	f.arrives("ben")
	f.asks("c1", "sales")
	require.Empty(t, f.wait(9_000))
	require.Equal(t, []string{
		"c1 in sales: flowed_out, 0 wait too_long on to service", "c1: requeued service",
		"offer of c1 to ben: offered", "c1 in service: offered, 1 wait", "ben: available offered",
	}, f.wait(3_000))
}

func TestOverflowGoesRoundNoCircle(t *testing.T) {
	f := newFloor(t)
	to := func(next string) func(*event.Queue) {
		return func(q *event.Queue) { q.MaxWaitMs, q.Overflow = 5_000, next }
	}
	f.configure(queueWith("a", to("b")), queueWith("b", to("a")))
	f.asks("c1", "a")
	require.Equal(t, 1, count(f.wait(60_000), "flowed_out"))
	require.Equal(t, []string{"1 a waiting", "1 a flowed_out", "2 b waiting"}, f.cohorts("c1"))
}

func TestOneCallOrThreeChats(t *testing.T) {
	f := staffed(t, 3, "ann")
	on := func(contact string, c event.Channel) []string {
		return f.request(&event.RouteRequest{Contact: contact, Queue: "sales", Channel: c}, f.version)
	}
	const voice, chat = event.Channel_CHANNEL_VOICE, event.Channel_CHANNEL_WEBCHAT
	require.Contains(t, on("call1", voice), "offer of call1 to ann: offered")
	f.answers("ann", "call1", true)
	require.Contains(t, on("chat1", chat), "chat1 in sales: waiting, 1 wait all_busy", "no chat during a call")
	require.Contains(t, f.releases("call1", "ann", false), "offer of chat1 to ann: offered")
	f.answers("ann", "chat1", true)
	require.Contains(t, on("chat2", chat), "offer of chat2 to ann: offered")
	f.answers("ann", "chat2", true)
	require.Contains(t, on("call2", voice), "call2 in sales: waiting, 1 wait all_busy", "no call during chats")
	f.releases("chat1", "ann", false)
	require.Contains(t, f.releases("chat2", "ann", false), "offer of call2 to ann: offered")
}

func TestCapacitiesThatNameBothAllowBoth(t *testing.T) {
	const voice, chat = event.Channel_CHANNEL_VOICE, event.Channel_CHANNEL_WEBCHAT
	f := staffed(t, 3)
	both := agent("ann", 3, "sales")
	both.GetAgent().Capacities = []*event.ChannelCapacity{{Channel: voice, Contacts: 1}, {Channel: chat, Contacts: 1}}
	f.configure(both)
	f.arrives("ann")
	f.request(&event.RouteRequest{Contact: "call1", Queue: "sales", Channel: voice}, f.version)
	f.answers("ann", "call1", true)
	require.Contains(t, f.request(&event.RouteRequest{Contact: "chat1", Queue: "sales", Channel: chat}, f.version), "offer of chat1 to ann: offered")
	f.answers("ann", "chat1", true)
	require.Contains(t, f.request(&event.RouteRequest{Contact: "chat2", Queue: "sales", Channel: chat}, f.version), "chat2 in sales: waiting, 1 wait all_busy")
}

func (f *floor) status(w *event.AgentStatus) []string {
	f.at++
	w.Request = fmt.Sprint("s", f.at)
	return f.do(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: w}})
}

func TestBreakBeginsWhenTheAgentIsFree(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.asks("c2", "sales")
	require.Equal(t, []string{
		"offer of c2 to ann: rescinded not_available", "c2 in sales: waiting, 1 wait nobody_staffed",
		"ann: available busy then break c1",
	}, f.status(&event.AgentStatus{Agent: "ann", Status: "break", WhenFree: true}))
	require.Equal(t, []string{"ann: break idle"}, f.releases("c1", "ann", false))
	require.Contains(t, f.status(&event.AgentStatus{Agent: "ann", Status: "available", WhenFree: true}), "offer of c2 to ann: offered",
		"who holds nothing begins at once")
}

func TestAPlainStatusTakesBackWhatWasToCome(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.status(&event.AgentStatus{Agent: "ann", Status: "break", WhenFree: true})
	require.Equal(t, []string{"ann: available busy c1"}, f.sets("ann", "available"))
	require.Contains(t, f.asks("c2", "sales"), "offer of c2 to ann: offered")
}

func TestASupervisorLogsAnAgentOut(t *testing.T) {
	f := staffed(t, 2, "ann", "ben")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	require.Equal(t, []string{"ann: offline busy disconnected by boss c1"},
		f.status(&event.AgentStatus{Agent: "ann", Status: "offline", By: "boss", LogOut: true}))
	require.Empty(t, f.disconnects("ann", "g1", "ann-tab"), "the page's own word comes later")
	require.Contains(t, f.wait(31_000), "c1: agent_lost sales ann")
}

func TestWhatIsRefusedLeavesNoTrace(t *testing.T) {
	f := newFloor(t)
	before := f.rows()
	require.Contains(t, f.status(&event.AgentStatus{Agent: "ann", Status: "asleep"})[0], "dead:")
	require.Contains(t, f.do(&event.Event{Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{}}})[0], "dead:")
	require.Empty(t, f.cancels("c1", "abandoned"))
	require.Equal(t, before, f.rows())
	require.Equal(t, []string{"ann: break idle disconnected"}, f.do(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{
		Agent: "ann", Status: "break", Request: "s1",
	}}}), "the request that was refused is not taken for seen")
}
