package dispatch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

func count(lines []string, part string) int {
	n := 0
	for _, l := range lines {
		if strings.Contains(l, part) {
			n++
		}
	}
	return n
}

func TestLargeChangesAreTakenInSteps(t *testing.T) {
	const many = 1200
	f := newFloor(t)
	f.configure(queue("sales", 0), queue("service", 0))
	for i := range many {
		a := fmt.Sprintf("a%04d", i)
		f.configure(agent(a, 1, "sales"))
		f.arrives(a)
		f.asks(fmt.Sprintf("c%04d", i), "sales")
		f.answers(a, fmt.Sprintf("c%04d", i), true)
	}
	f.alive = nil
	lines := f.wait(8_000)
	require.Equal(t, many, count(lines, "available busy disconnected"), "a gateway's agents, more than one step")
	require.Equal(t, many, count(f.wait(40_000), "agent_lost"))
	for i := range many {
		f.asks(fmt.Sprintf("c%04d", i), "sales")
	}
	f.configure(removed(queue("sales", 0)), agent("ben", 1, "service"))
	lines = f.wait(3_000)
	require.Equal(t, many, count(lines, "flowed_out"), "a queue's contacts")
	require.Contains(t, lines, "c1199 in service: waiting, 1200 wait nobody_staffed")
	require.Empty(t, f.disconnects("a0000", "g1", "a0000-tab"), "the gateway is forgotten with its connections")
}

func TestManyParkedRequestsGoInSteps(t *testing.T) {
	f := newFloor(t)
	for i := range 2500 {
		f.request(contactOf(fmt.Sprintf("c%04d", i), "sales"), 1)
	}
	require.Equal(t, 1000, count(f.configure(queue("sales", 0)), "waiting"))
	require.Equal(t, 1500, count(f.wait(3_000), "waiting"))
}

func TestRepeatsOfAgentsAreDropped(t *testing.T) {
	f := staffed(t, 1, "ann")
	again := func(status, request string) []string {
		return f.do(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{
			Agent: "ann", Status: status, Request: request,
		}}})
	}
	require.Equal(t, []string{"ann: break idle"}, again("break", "x1"))
	require.Equal(t, []string{"ann: available idle"}, again("available", "x2"))
	require.Empty(t, again("break", "x1"))
	require.Equal(t, []string{"ann: available idle disconnected"}, f.disconnects("ann", "g1", "ann-tab"))
	require.Empty(t, f.connects("ann", "g1", "ann-tab"), "a connection that ended does not begin again")
}

func TestWhatIsRefused(t *testing.T) {
	f := staffed(t, 1, "ann")
	require.Contains(t, f.sets("ann", "asleep")[0], `dead: agent ann: status "asleep" is none of`)
	require.Contains(t, f.sets("", "break")[0], "dead: an agent's event without an agent")
	require.Contains(t, f.do(&event.Event{Key: f.tenant, Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{}}})[0],
		"dead: the key of an event for routing is tenant/domain")
	require.Contains(t, f.do(&event.Event{Key: event.Key(f.tenant, "x1"), Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{}}})[0],
		"does not belong to partition")
	require.Contains(t, f.do(&event.Event{Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{}}})[0],
		"dead: a request to route without a contact or a customer")
	require.Contains(t, f.do(&event.Event{Body: &event.Event_Receipt{Receipt: &event.Receipt{}}})[0], "dead: routing has no use for")
	require.Contains(t, f.asks("c1", "sales"), "offer of c1 to ann: offered", "and nothing of it harmed the floor")
}

func TestTenantsShareAPartitionAndNothingElse(t *testing.T) {
	f := staffed(t, 1, "ann")
	other := *f
	other.tenant, other.version, other.n = tenantHere(1), 0, 1_000_000
	other.configure(queue("sales", 0))
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait no_agent"}, other.asks("c1", "sales"))
	require.Contains(t, f.asks("c1", "sales"), "offer of c1 to ann: offered", "another tenant's contact of the same id")
	require.Empty(t, other.cancels("c2", "abandoned"))
	require.Equal(t, []string{"c1 in sales: abandoned, 0 wait"}, other.cancels("c1", "abandoned"))
	require.Contains(t, f.answers("ann", "c1", true), "c1: assigned sales ann")
}

func TestDecisionsListCandidatesAndReasons(t *testing.T) {
	f := staffed(t, 2, "ann", "ben", "cid", "dan", "eve", "fay")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.sets("cid", "break")
	f.disconnects("dan", "g1", "dan-tab")
	f.asks("c2", "sales")
	f.answers("ben", "c2", false)
	f.asks("c3", "sales") // rings at Ben, while the second rings at Eve
	var why []string
	outs := f.Apply(f.requestEvent("c4", "fay"))
	for _, o := range outs {
		for _, c := range o.Event.GetOfferChanged().GetCandidates() {
			why = append(why, c.Agent+" "+c.Reason)
		}
	}
	require.Equal(t, []string{
		"ann chosen", "fay excluded", "ben ringing", "cid not_available", "dan not_connected", "eve ringing",
	}, why)
}

func (f *floor) requestEvent(contact, not string) *event.Event {
	return &event.Event{
		Tenant: f.tenant, Key: event.Key(f.tenant, "main"), Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
			Contact: contact, Customer: "customer", Queue: "sales", NotAgent: not,
		}},
	}
}
