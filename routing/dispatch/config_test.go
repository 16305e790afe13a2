package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

func contactOf(contact, queue string) *event.RouteRequest {
	return &event.RouteRequest{Contact: contact, Queue: queue}
}

func TestRequestWaitsForItsConfiguration(t *testing.T) {
	f := newFloor(t)
	require.Empty(t, f.request(contactOf("c1", "sales"), 1))
	require.Empty(t, f.request(contactOf("c1", "sales"), 1), "a repeat")
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait no_agent"}, f.configure(queue("sales", 0)))
}

func TestParkedRequestIsCancelled(t *testing.T) {
	f := newFloor(t)
	f.request(contactOf("c1", "sales"), 1)
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait no_queue", "c1 in sales: abandoned, 0 wait"}, f.cancels("c1", "abandoned"))
	require.Empty(t, f.configure(queue("sales", 0)))
}

func TestRemovedQueueLetsItsContactsFlowOn(t *testing.T) {
	f := newFloor(t)
	f.alive = []string{"g1"}
	f.configure(queue("sales", 0), queue("service", 0), agent("ann", 1, "sales"), agent("ben", 1, "service"))
	f.asks("c1", "sales")
	f.asks("c2", "sales")
	require.Empty(t, f.configure(removed(queue("sales", 0))))
	require.Equal(t, []string{
		"c1 in sales: flowed_out, 1 wait queue_gone on to service", "c1: requeued service", "c2 in sales: flowed_out, 0 wait queue_gone on to service", "c2: requeued service",
		"c1 in service: waiting, 2 wait nobody_staffed", "c2 in service: waiting, 2 wait nobody_staffed",
	}, f.wait(1000))
	require.Contains(t, f.arrives("ben"), "offer of c1 to ben: offered")
}

func TestRemovedQueueWithoutAnotherKeepsItsContacts(t *testing.T) {
	f := newFloor(t)
	f.configure(queue("sales", 0))
	f.asks("c1", "sales")
	f.configure(removed(queue("sales", 0)))
	require.Empty(t, f.wait(5000))
	require.Contains(t, f.asks("c2", "gone"), "c2 in gone: waiting, 1 wait no_queue")
	f.configure(queue("service", 0), agent("ben", 1, "service"))
	require.Contains(t, f.wait(1000), "c1: requeued service")
}

func TestLoweredCapacity(t *testing.T) {
	f := staffed(t, 2, "ann")
	for _, c := range []string{"c1", "c2"} {
		f.asks(c, "sales")
		f.answers("ann", c, true)
	}
	f.asks("c3", "sales")
	require.Equal(t, []string{"ann: available busy c1 c2"}, f.configure(agent("ann", 1, "sales")))
	require.Equal(t, []string{"ann: available busy c2"}, f.releases("c1", "ann", false))
	require.Contains(t, f.releases("c2", "ann", false), "offer of c3 to ann: offered")
}

func TestRaisedCapacity(t *testing.T) {
	f := staffed(t, 1, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.asks("c2", "sales")
	require.Contains(t, f.configure(agent("ann", 2, "sales")), "offer of c2 to ann: offered")
}

func TestRemovedAgent(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.asks("c2", "sales")
	require.Equal(t, []string{
		"offer of c2 to ann: rescinded not_member", "c2 in sales: waiting, 1 wait no_agent", "ann: offline busy c1",
	}, f.configure(removed(agent("ann", 0))))
	require.Equal(t, []string{"c1: agent_lost sales ann", "ann: offline idle"}, f.wait(1000))
	require.Equal(t, []string{"ann: offline idle disconnected"}, f.disconnects("ann", "g1", "ann-tab"))
}

func TestAgentLeavesTheQueueWhileItRings(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.configure(queue("service", 0))
	f.asks("c1", "sales")
	require.Equal(t, []string{
		"offer of c1 to ann: rescinded not_member", "c1 in sales: waiting, 1 wait no_agent", "ann: available idle",
	}, f.configure(agent("ann", 2, "service")))
}

func TestAgentOfAnotherDomainIsNotHere(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	moved := agent("ann", 2, "sales")
	moved.GetAgent().Domain = "elsewhere"
	require.Contains(t, f.configure(moved), "offer of c1 to ann: rescinded not_member")
}

func TestAgentMayConnectBeforeTheConfigurationNamesThem(t *testing.T) {
	f := newFloor(t)
	f.alive = []string{"g1"}
	f.configure(queue("sales", 0))
	f.asks("c1", "sales")
	require.Equal(t, []string{"ann: available idle"}, f.arrives("ann"))
	require.Contains(t, f.configure(agent("ann", 1, "sales")), "offer of c1 to ann: offered")
}
