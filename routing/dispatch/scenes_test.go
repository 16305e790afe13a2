package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLongestIdleAgentIsOffered(t *testing.T) {
	f := staffed(t, 1, "ben", "ann")
	require.Equal(t, []string{
		"offer of c1 to ben: offered", "c1 in sales: offered, 1 wait", "ben: available offered",
	}, f.asks("c1", "sales"))
	require.Equal(t, []string{
		"offer of c1 to ben: accepted", "c1: assigned sales ben", "c1 in sales: answered, 0 wait", "ben: available busy c1",
	}, f.answers("ben", "c1", true))
	require.Contains(t, f.asks("c2", "sales"), "offer of c2 to ann: offered")
	f.answers("ann", "c2", true)
	// Ann is free first and has idled longer when Ben is free too.
	f.releases("c2", "ann", false)
	f.releases("c1", "ben", false)
	require.Contains(t, f.asks("c3", "sales"), "offer of c3 to ann: offered")
}

func TestWhoHoldsFewestContactsComesFirst(t *testing.T) {
	f := staffed(t, 3, "ann", "ben")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.sets("ben", "break")
	f.sets("ben", "available") // Ann began her contact before Ben began to idle; she still is the busier one
	require.Contains(t, f.asks("c2", "sales"), "offer of c2 to ben: offered")
}

func TestPriorityThenLongestWait(t *testing.T) {
	f := newFloor(t)
	f.alive = []string{"g1"}
	f.configure(queue("sales", 0), queue("vip", 5), agent("ann", 1, "sales", "vip"))
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait nobody_staffed"}, f.asks("c1", "sales"))
	f.asks("c2", "sales")
	f.asks("c3", "vip")
	require.Contains(t, f.arrives("ann"), "offer of c3 to ann: offered")
	f.answers("ann", "c3", true)
	require.Contains(t, f.releases("c3", "ann", false), "offer of c1 to ann: offered")
	f.answers("ann", "c1", true)
	require.Contains(t, f.releases("c1", "ann", false), "offer of c2 to ann: offered")
}

func TestCapacityIsNeverExceeded(t *testing.T) {
	f := staffed(t, 2, "ann")
	for _, c := range []string{"c1", "c2"} {
		f.asks(c, "sales")
		f.answers("ann", c, true)
	}
	require.Equal(t, []string{"c3 in sales: waiting, 1 wait all_busy"}, f.asks("c3", "sales"))
	require.Empty(t, f.releases("c1", "ann", true), "wrap-up holds the place")
	require.Contains(t, f.releases("c1", "ann", false), "offer of c3 to ann: offered")
}

func TestRejectedContactKeepsItsPlaceAndTheAgentRests(t *testing.T) {
	f := staffed(t, 1, "ann", "ben")
	f.asks("c1", "sales")
	require.Equal(t, []string{
		"offer of c1 to ann: rejected", "offer of c1 to ben: offered",
		"c1 in sales: offered, 1 wait", "ann: available idle", "ben: available offered",
	}, f.answers("ann", "c1", false))
	require.Contains(t, f.asks("c2", "sales"), "offer of c2 to ann: offered", "who rejected one contact is offered others")
	f.answers("ann", "c2", false)
	require.Contains(t, f.answers("ben", "c1", false), "c1 in sales: waiting, 2 wait all_excluded",
		"both rejected the first, so it waits, and is still first")
	require.Contains(t, f.wait(31_000), "offer of c1 to ann: offered")
}

func TestTimedOutOfferSendsTheAgentAway(t *testing.T) {
	f := staffed(t, 1, "ann", "ben")
	f.asks("c1", "sales")
	require.Empty(t, f.wait(19_000))
	require.Equal(t, []string{
		"offer of c1 to ann: timed_out", "offer of c1 to ben: offered",
		"c1 in sales: offered, 1 wait", "ann: away idle", "ben: available offered",
	}, f.wait(2_000))
	require.Empty(t, f.answers("ann", "c1", true), "who answers too late has no say")
	f.wait(21_000)
	require.Equal(t, []string{
		"offer of c1 to ann: offered", "c1 in sales: offered, 1 wait", "ann: available offered",
	}, f.sets("ann", "available"), "who comes back is offered it again")
}

func TestCustomerLeavesWhileItRings(t *testing.T) {
	f := staffed(t, 1, "ann")
	f.asks("c1", "sales")
	f.asks("c2", "sales")
	require.Equal(t, []string{
		"offer of c1 to ann: rescinded abandoned", "c1 in sales: abandoned, 1 wait",
		"offer of c2 to ann: offered", "c2 in sales: offered, 1 wait",
	}, f.cancels("c1", "abandoned"))
	require.Empty(t, f.cancels("c1", "abandoned"))
	require.Empty(t, f.answers("ann", "c1", true))
}

func TestCustomerLeftBeforeTheConversationKnewOfTheAgent(t *testing.T) {
	f := staffed(t, 1, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	require.Equal(t, []string{"c1 in sales: abandoned, 0 wait", "ann: available idle"}, f.cancels("c1", "abandoned"))
}

func TestBreakWithOpenContacts(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.asks("c2", "sales")
	require.Equal(t, []string{
		"offer of c2 to ann: rescinded not_available", "c2 in sales: waiting, 1 wait nobody_staffed", "ann: break busy c1",
	}, f.sets("ann", "break"))
	require.Equal(t, []string{"ann: break wrapping c1"}, f.releases("c1", "ann", true))
	require.Equal(t, []string{"ann: break idle"}, f.releases("c1", "ann", false))
}

func TestAgentVanishes(t *testing.T) {
	f := staffed(t, 2, "ann", "ben")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.sets("ben", "break")
	f.asks("c2", "sales")
	require.Equal(t, []string{"ann: available offered disconnected c1"}, f.disconnects("ann", "g1", "ann-tab"))
	require.Equal(t, []string{
		"offer of c2 to ann: rescinded agent_gone", "c2 in sales: waiting, 1 wait nobody_staffed",
		"ann: available busy disconnected c1",
	}, f.wait(3_000))
	require.Equal(t, []string{"c1: agent_lost sales ann", "ann: offline idle disconnected"}, f.wait(27_000))
	f.sets("ben", "available")
	require.Contains(t, f.asks("c1", "sales"), "c1 in sales: waiting, 2 wait all_busy", "the same contact may come back")
	require.Equal(t, []string{"1 sales offered", "1 sales answered", "1 sales waiting"}, f.cohorts("c1"), "as the same enqueue")
}

func TestALostContactComesBackToAnotherQueue(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.disconnects("ann", "g1", "ann-tab")
	require.Contains(t, f.wait(31_000), "c1: agent_lost sales ann")
	require.Contains(t, f.asks("c1", "service"), "c1 in sales: flowed_out, 0 wait agent_lost on to service")
	require.Equal(t, []string{"1 sales answered", "1 sales flowed_out", "2 service waiting"}, f.cohorts("c1")[1:])
}

func TestAgentComesBackInTime(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.disconnects("ann", "g1", "ann-tab")
	f.wait(29_000)
	require.Equal(t, []string{"ann: available busy c1"}, f.connects("ann", "g1", "ann-tab-2"))
	require.Empty(t, f.wait(60_000))
}

func TestTwoTabs(t *testing.T) {
	f := staffed(t, 1, "ann")
	f.connects("ann", "g1", "second-tab")
	f.asks("c1", "sales")
	require.Empty(t, f.disconnects("ann", "g1", "ann-tab"))
	f.wait(10_000)
	require.Contains(t, f.answers("ann", "c1", true), "c1: assigned sales ann")
}

func TestSilentGatewayTakesItsAgents(t *testing.T) {
	f := staffed(t, 1, "ann", "ben")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.connects("ben", "g2", "ben-other")
	f.alive = []string{"g2"}
	require.Equal(t, []string{"ann: available busy disconnected c1"}, f.wait(6_000))
	f.alive = []string{"g1", "g2"}
	require.Empty(t, f.wait(1_000))
	require.Equal(t, []string{"ann: available busy c1"}, f.connects("ann", "g1", "ann-tab-2"),
		"a gateway that only paused announces its agents again")
	require.Equal(t, []string{"ann: available busy disconnected c1"}, f.disconnects("ann", "g1", "ann-tab-2"))
	require.Contains(t, f.wait(40_000), "c1: agent_lost sales ann")
}

func TestTransferredContactIsNotOfferedToWhoTransferredIt(t *testing.T) {
	f := staffed(t, 2, "ann")
	r := contactOf("c1", "sales")
	r.NotAgent = "ann"
	require.Equal(t, []string{"c1 in sales: waiting, 1 wait all_excluded"}, f.request(r, f.version))
	require.Contains(t, f.wait(31_000), "offer of c1 to ann: offered", "but where there is nobody else they get it in the end")
}

func TestAgentVanishesInWrapUp(t *testing.T) {
	f := staffed(t, 2, "ann")
	f.asks("c1", "sales")
	f.answers("ann", "c1", true)
	f.releases("c1", "ann", true)
	f.disconnects("ann", "g1", "ann-tab")
	require.Equal(t, []string{"c1: agent_lost sales ann", "ann: offline idle disconnected"}, f.wait(31_000))
	require.Empty(t, f.releases("c1", "ann", false))
}
