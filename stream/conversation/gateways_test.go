package conversation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

func heard(gateway string) *event.Event {
	return &event.Event{Key: "gateway/" + gateway, Body: &event.Event_GatewayAlive{GatewayAlive: &event.GatewayAlive{Gateway: gateway}}}
}

func connects(s *enginetest.Scene, i int, gateway string) *event.Event {
	return of(s, i, &event.Event{Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{
		Connection: connectionID(i), Gateway: gateway,
	}}})
}

func of(s *enginetest.Scene, i int, e *event.Event) *event.Event {
	e.Tenant, e.Key, e.Address, e.AtMs = "acme", event.Key("acme", customerID(i)), addressID(i), s.Now()
	return e
}

func asks(s *enginetest.Scene, i int) *event.Event {
	return of(s, i, &event.Event{Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
		Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", Message: "m",
	}}})
}

// live lets seconds pass in which the gateways give signs of life, and hands each record's outputs on.
func live(s *enginetest.Scene, seconds int, each func(outs []enginetest.Out), gateways ...string) {
	for range seconds {
		for _, g := range gateways {
			each(s.Apply(heard(g)))
		}
		each(s.Wait(1000))
	}
}

// Many who wait are looked at in steps, none is forgotten, and nobody who does not wait is looked at at all.
func TestManyWaitAtAGatewayThatFallsSilent(t *testing.T) {
	const all, here = 2 * sweepStep, 300
	s := enginetest.New(t, Processor())
	s.Apply(heard("g1"), heard("g2"))
	waits := map[string]bool{}
	for i := range all + here {
		gateway := "g1"
		if i >= all {
			gateway = "g2"
		}
		s.Apply(connects(s, i, gateway))
		c := contactOf(s.Apply(asks(s, i)))
		switch {
		case i%10 == 0:
			s.Apply(of(s, i, routed(s, c.GetContact())))
		case i < all:
			waits[c.GetContact()] = true
		}
	}
	steps, away, held := 0, 0, -1
	live(s, 15, func(outs []enginetest.Out) {
		if len(outs) == 0 {
			return
		}
		steps++
		require.LessOrEqual(t, len(outs), 2*(sweepStep+50), "two ticks' worth")
		for _, o := range outs {
			c := o.Event.GetContactChanged().GetContact()
			require.True(t, waits[c.GetContact()], "%v", o.Event)
			require.False(t, c.GetConnected())
			delete(waits, c.GetContact())
			away++
		}
		s.Machine.Read(func(tx *engine.Tx) { held = int(sweepRows.Get(tx, "").GetLeft()) })
	}, "g2")
	require.Empty(t, waits)
	require.Equal(t, all-all/10, away)
	require.Greater(t, steps, 1)
	require.Less(t, held, buckets)

	// It comes back: so do they, and nobody is abandoned.
	back := 0
	live(s, 150, func(outs []enginetest.Out) {
		for _, o := range outs {
			require.True(t, o.Event.GetContactChanged().GetContact().GetConnected(), "%v", o.Event)
			back++
		}
	}, "g1", "g2")
	require.Equal(t, away, back)
}

// Another gateway that falls silent while who waits is being looked at takes its own as well.
func TestTwoGatewaysFallSilent(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Apply(heard("g1"), heard("g2"))
	const all = 2 * sweepStep
	for i := range all {
		s.Apply(connects(s, i, fmt.Sprint("g", 1+i%2)), asks(s, i))
	}
	away := 0
	count := func(outs []enginetest.Out) { away += len(outs) }
	live(s, 1, count, "g1", "g2")
	live(s, 1, count, "g2")
	live(s, 20, count)
	require.Equal(t, all, away)
}

// A sign of life changes nothing but the first in each stretch of time, and costs no output.
func TestASignOfLifeCostsNothing(t *testing.T) {
	s := enginetest.New(t, Processor())
	require.Empty(t, s.Apply(heard("g1")))
	rows := s.Machine.Rows()
	require.Equal(t, 3, rows, "the gateway, the number it has, its timer")
	live(s, 100, func(outs []enginetest.Out) { require.Empty(t, outs) }, "g1")
	require.Equal(t, rows, s.Machine.Rows())
}

// A gateway is forgotten a day after its last sign of life. Its number stays gone, whoever still has it.
func TestAGatewayIsForgotten(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Apply(&event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
		Version: 1, Objects: []*event.ConfigObject{{Object: &event.ConfigObject_Settings{Settings: &event.TenantSettings{SilenceMs: 3 * gatewayKept}}}},
	}}})
	s.Apply(heard("g1"), connects(s, 1, "g1"))
	c := contactOf(s.Apply(asks(s, 1)))
	s.Apply(of(s, 1, routed(s, c.GetContact())))
	s.Wait(gatewayKept + 60_000)
	s.Machine.Read(func(tx *engine.Tx) { require.False(t, gatewayRows.Has(tx, "g1")) })
	s.Apply(heard("g1"))
	s.Machine.Read(func(tx *engine.Tx) { require.EqualValues(t, 2, gatewayRows.Get(tx, "g1").GetNumber()) })
	outs := s.Apply(of(s, 1, &event.Event{Body: &event.Event_RouteOutcome{RouteOutcome: &event.RouteOutcome{
		Contact: c.GetContact(), Outcome: "agent_lost", Agent: "bob",
	}}}))
	require.False(t, contactOf(outs).GetConnected())
	require.Equal(t, endAbandoned, contactOf(s.Wait(DefaultGraceMS+10_000)).GetEndReason())
}

// Gateways that give no sign of life are not remembered without end; connections through more of them are not watched.
func TestUnheardGatewaysAreBounded(t *testing.T) {
	s := enginetest.New(t, Processor())
	for i := range maxGateways + 10 {
		s.Apply(connects(s, 1, fmt.Sprint("old", i)))
	}
	s.Apply(heard("g1"), connects(s, 2, "g1"))
	known := 0
	s.Machine.Read(func(tx *engine.Tx) {
		gatewayRows.Ascend(tx, "", func(string, *event.GatewayRow) bool { known++; return true })
		require.True(t, gatewayRows.Get(tx, "g1").GetWatched())
	})
	require.Equal(t, maxGateways+1, known)
}

// A row of before links had hashes knows its connections, through no gateway that is watched.
func TestLinksOfOlderRows(t *testing.T) {
	s := enginetest.New(t, Processor())
	s.Machine.Read(func(tx *engine.Tx) {
		customers.Put(tx, "acme/ada", &event.CustomerRow{Address: "w1", Links: []*event.LinkRow{{Connection: "c1"}}})
		f := &fold{cfg: newSettings(), gateways: newGateways()}
		c := f.load(tx, "acme/ada")
		require.True(t, c.reached("w1"))
		require.NoError(t, c.disconnected("w1", &event.CustomerDisconnected{Connection: "c1"}))
		require.Empty(t, c.row.GetLinks())
	})
}

// BenchmarkGatewayAlive is a second of one gateway; ten of them with 16 partitions are 160 of these a second.
func BenchmarkGatewayAlive(b *testing.B) {
	l := newLoad(b)
	recs := make([]*event.Record, b.N)
	for i := range recs {
		recs[i] = l.record(heard("g1"))
	}
	run(b, l, recs)
}

// Of too many connections one that counts for nothing is forgotten before one that may still be there.
func TestConnectionsThroughGoneGatewaysGoFirst(t *testing.T) {
	s := enginetest.New(t, Processor())
	connect := func(i int, gateway string) *event.Event {
		return ada(s, "w1", &event.Event{Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{
			Connection: fmt.Sprint("c", i), Gateway: gateway,
		}}})
	}
	s.Apply(heard("g1"), connect(0, "web"))
	for i := 1; i < maxLinks; i++ {
		s.Apply(connect(i, "g1"))
	}
	s.Wait(60_000)
	s.Apply(connect(maxLinks, "g1"), connect(maxLinks+1, "g1"))
	require.True(t, contactOf(s.Apply(says(s, "w1"))).GetConnected(), "the oldest is left")
}
