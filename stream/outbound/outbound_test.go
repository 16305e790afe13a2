package outbound

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

const (
	sent      = event.DeliveryState_DELIVERY_STATE_SENT
	delivered = event.DeliveryState_DELIVERY_STATE_DELIVERED
	read      = event.DeliveryState_DELIVERY_STATE_READ
	failed    = event.DeliveryState_DELIVERY_STATE_FAILED
	inDoubt   = event.DeliveryState_DELIVERY_STATE_IN_DOUBT
	unknown   = event.DeliveryState_DELIVERY_STATE_UNSPECIFIED
)

func to(address string, e *event.Event) *event.Event {
	e.Tenant, e.Address, e.Key, e.AtMs = "acme", address, event.Key("acme", address), enginetest.Start
	return e
}

func deliver(address, id, kind string) *event.Event {
	return to(address, &event.Event{
		Customer: "ada", Sealed: &event.Sealed{KeyRef: address, Ciphertext: []byte("…")},
		Body: &event.Event_Deliver{Deliver: &event.Deliver{
			Delivery: id, Kind: kind, Channel: event.Channel_CHANNEL_WEBCHAT, Conversation: "conv1", Contact: "ct1", Sequence: 1,
		}},
	})
}

func claim(id, effector string) *event.Event {
	return to("w1", &event.Event{Body: &event.Event_Claim{Claim: &event.Claim{Delivery: id, Effector: effector}}})
}

func result(id string, state event.DeliveryState) *event.Event {
	return to("w1", &event.Event{Body: &event.Event_DeliveryResult{DeliveryResult: &event.DeliveryResult{Delivery: id, State: state}}})
}

// read as lines: "deliver m1", "m1 delivered", "m1 first claim of a", "dead refused".
func lines(t *testing.T, outs []enginetest.Out) []string {
	t.Helper()
	var l []string
	for _, o := range outs {
		switch b := o.Event.GetBody().(type) {
		case *event.Event_Deliver:
			l = append(l, "deliver "+b.Deliver.GetDelivery())
		case *event.Event_DeliverySettled:
			require.Equal(t, "acme/"+o.Event.GetAddress(), o.Event.GetKey())
			s := b.DeliverySettled
			names := map[event.DeliveryState]string{
				unknown: "first claim of " + s.GetFirstClaim(), sent: "sent", delivered: "delivered", read: "read", failed: "failed", inDoubt: "in doubt",
			}
			l = append(l, s.GetDelivery()+" "+names[s.GetState()])
		case *event.Event_Dead:
			l = append(l, "dead "+b.Dead.GetKind())
		}
	}
	return l
}

// scene checks what comes of each event.
func scene(t *testing.T, s *enginetest.Scene, e *event.Event, want ...string) {
	t.Helper()
	require.Equal(t, want, lines(t, s.Apply(e)))
}

func TestADeliveryStandsOnOutboundOnceAndIsForgottenWhenItIsSettled(t *testing.T) {
	s := enginetest.New(t, Processor())
	asked := deliver("w1", "m1", "message")
	outs := s.Apply(asked)
	require.Len(t, outs, 1)
	require.Equal(t, event.TopicOutbound, outs[0].Topic)
	require.True(t, proto.Equal(asked.GetDeliver(), outs[0].Event.GetDeliver()), "as asked")
	require.True(t, proto.Equal(asked.GetSealed(), outs[0].Event.GetSealed()), "sealed as it was")
	require.Equal(t, "ada", outs[0].Event.GetCustomer())

	scene(t, s, deliver("w1", "m1", "message"))
	scene(t, s, result("m1", sent), "m1 sent")
	scene(t, s, result("m1", sent))
	scene(t, s, result("m1", delivered), "m1 delivered")
	scene(t, s, result("m1", read)) // settled before: the conversation marks it, nobody waits for it here
	require.Zero(t, s.Machine.Rows(), "neither row nor timer is left")
}

func TestAStateThatAClientAsksForAnywayIsNotRemembered(t *testing.T) {
	s := enginetest.New(t, Processor())
	for _, kind := range []string{"echo", "waiting", "assigned", "ended", "survey"} {
		scene(t, s, deliver("w1", kind, kind), "deliver "+kind)
	}
	require.Zero(t, s.Machine.Rows())
}

func TestTypingAndReadMarksPassThroughWithoutATrace(t *testing.T) {
	s := enginetest.New(t, Processor())
	scene(t, s, deliver("w1", "m1", "message"), "deliver m1")
	rows := s.Machine.Rows()
	for _, kind := range []string{"typing", "read"} {
		scene(t, s, deliver("w1", kind, kind), "deliver "+kind)
		scene(t, s, result(kind, delivered)) // nobody waits for a receipt
	}
	require.Equal(t, rows, s.Machine.Rows())
	scene(t, s, deliver("w1", "", "typing"), "dead refused")
}

func TestFilesOfAMessageAreDeliveredWithIt(t *testing.T) {
	s := enginetest.New(t, Processor())
	asked := deliver("w1", "m1", "message")
	asked.GetDeliver().Attachments = []*event.Attachment{{File: "f1", MediaType: "image/png", Size: 7}}
	outs := s.Apply(asked)
	require.True(t, proto.Equal(asked.GetDeliver(), outs[0].Event.GetDeliver()))
}

func TestTheFirstClaimIsNamedOnce(t *testing.T) {
	s := enginetest.New(t, Processor())
	scene(t, s, claim("m1", "a")) // not asked for yet, or settled: nothing to do
	scene(t, s, deliver("w1", "m1", "message"), "deliver m1")
	scene(t, s, claim("m1", "b"), "m1 first claim of b")
	scene(t, s, claim("m1", "a"))
	scene(t, s, claim("m1", "b"))
	require.Empty(t, s.Wait(DoubtMS-1))
	scene(t, s, result("m1", delivered), "m1 delivered")
	scene(t, s, claim("m1", "c"))
	require.Zero(t, s.Machine.Rows())
}

func TestAClaimWithoutAResultIsInDoubtUntilAReceipt(t *testing.T) {
	s := enginetest.New(t, Processor())
	scene(t, s, deliver("w1", "m1", "message"), "deliver m1")
	scene(t, s, deliver("w1", "m2", "message"), "deliver m2")
	scene(t, s, claim("m1", "a"), "m1 first claim of a")
	require.Equal(t, []string{"m1 in doubt"}, lines(t, s.Wait(DoubtMS)))
	scene(t, s, claim("m1", "b")) // in doubt, it is not done again by itself
	require.Empty(t, s.Wait(10*DoubtMS))
	scene(t, s, result("m1", sent)) // does not end the doubt
	scene(t, s, result("m1", failed), "m1 failed")
	scene(t, s, result("m1", delivered))
	scene(t, s, result("m2", delivered), "m2 delivered")
}

func TestWhatNobodySettlesIsGivenUp(t *testing.T) {
	s := enginetest.New(t, Processor())
	scene(t, s, deliver("w1", "m1", "message"), "deliver m1")
	require.Empty(t, s.Wait(ForgetMS-1))
	require.Equal(t, []string{"m1 failed"}, lines(t, s.Wait(1)))
	require.Zero(t, s.Machine.Rows())

	for i := range MaxUnsettled {
		scene(t, s, deliver("w1", fmt.Sprint(i), "message"), fmt.Sprint("deliver ", i))
	}
	scene(t, s, deliver("w1", "one more", "message"), "deliver one more", "0 failed")
}

func TestRefusals(t *testing.T) {
	s := enginetest.New(t, Processor())
	foreign := deliver("w1", "m1", "message")
	foreign.Key = "acme/w2"
	scene(t, s, foreign, "dead refused")
	scene(t, s, deliver("w1", "", "message"), "dead refused")
	scene(t, s, claim("m1", ""), "dead refused")
	scene(t, s, result("m1", unknown), "dead refused")
	scene(t, s, result("m1", 77), "dead refused")
	scene(t, s, to("w1", &event.Event{Body: &event.Event_RouteCancel{RouteCancel: &event.RouteCancel{}}}), "dead refused")
}

// TestAnyOrder: a delivery is passed on once while it is not settled, its first claim is named once, its rank never falls,
// and the same records give the same bytes.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		machine := func() *engine.Machine {
			m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
			require.NoError(rt, err)
			return m
		}
		m, again := machine(), machine()
		ranks, claims, clock := map[string]int{}, map[string]string{}, enginetest.Start
		step := func(i int, e *event.Event) {
			value, err := event.Marshal(e)
			require.NoError(rt, err)
			rec := &event.Record{Offset: int64(i), Key: []byte(e.GetKey()), Value: value}
			outs := m.Step(rec)
			require.Equal(rt, outs, again.Step(rec))
			for _, o := range outs {
				e, err := event.Unmarshal(o.Value)
				require.NoError(rt, err)
				require.Nil(rt, e.GetDead())
				if d := e.GetDeliver(); d != nil { // asked again after it was settled, it is another delivery
					ranks[d.GetDelivery()], claims[d.GetDelivery()] = 0, ""
				}
				if d := e.GetDeliverySettled(); d != nil {
					id := d.GetDelivery()
					if claims[id] == "" && d.GetFirstClaim() != "" {
						claims[id] = d.GetFirstClaim()
					} else {
						require.Greater(rt, rank(d.GetState()), ranks[id])
					}
					require.Equal(rt, claims[id], d.GetFirstClaim())
					ranks[id] = rank(d.GetState())
				}
			}
		}
		step(0, &event.Event{Body: &event.Event_Epoch{Epoch: &event.Epoch{Number: 1, SkipOffset: -1}}})
		for i := range rapid.IntRange(1, 80).Draw(rt, "events") {
			id := fmt.Sprint("m", rapid.IntRange(0, 4).Draw(rt, "delivery"))
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				step(i+1, deliver("w1", id, "message"))
			case 1:
				step(i+1, claim(id, rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "effector")))
			case 2:
				step(i+1, result(id, event.DeliveryState(rapid.Int32Range(1, 5).Draw(rt, "state"))))
			case 3:
				clock += rapid.Int64Range(0, 6000).Draw(rt, "ms")
				step(i+1, &event.Event{Body: &event.Event_Tick{Tick: &event.Tick{Epoch: 1, TimeMs: clock}}})
			}
		}
	})
}

// TestRowStaysSmall states what an address with two deliveries on the way costs.
func TestRowStaysSmall(t *testing.T) {
	s := enginetest.New(t, Processor())
	a, b := event.CauseID("a"), event.CauseID("b")
	s.Apply(deliver("w1", a.String(), "message"), deliver("w1", b.String(), "echo"))
	s.Machine.Read(func(tx *engine.Tx) {
		row := rows.Get(tx, "acme/w1")
		t.Logf("row %d bytes", proto.Size(row))
		require.Less(t, proto.Size(row), 90)
	})
}

// BenchmarkDelivery asks for a delivery and settles it: two events.
func BenchmarkDelivery(b *testing.B) {
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	require.NoError(b, err)
	recs := make([]*event.Record, b.N)
	for i := range recs {
		id := event.CauseID(fmt.Sprint(i / 2))
		e := deliver("w1", id.String(), "message")
		if i%2 == 1 {
			e = result(id.String(), delivered)
		}
		value, err := event.Marshal(e)
		require.NoError(b, err)
		recs[i] = &event.Record{Offset: int64(i), Key: []byte(e.GetKey()), Value: value}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, r := range recs {
		m.Step(r)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkMemory measures what an address costs while a message to it is on its way, and when all are settled.
func BenchmarkMemory(b *testing.B) {
	const known = 20_000
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	require.NoError(b, err)
	offset := int64(0)
	step := func(e *event.Event) {
		value, err := event.Marshal(e)
		require.NoError(b, err)
		m.Step(&event.Record{Offset: offset, Key: []byte(e.GetKey()), Value: value})
		offset++
	}
	id := func(kind string, i int) string { return event.CauseID(kind, fmt.Sprint(i)).String() }
	before := heap()
	for i := range known {
		step(deliver(id("a", i), id("d", i), "message"))
	}
	b.ReportMetric(float64(heap()-before)/known, "heap-B/address")
	b.ReportMetric(float64(m.Rows())/known, "rows/address")
	for i := range known {
		step(to(id("a", i), &event.Event{Body: &event.Event_DeliveryResult{DeliveryResult: &event.DeliveryResult{Delivery: id("d", i), State: delivered}}}))
	}
	b.ReportMetric(float64(m.Rows())/known, "settled-rows/address")
	b.ReportMetric(0, "ns/op")
	runtime.KeepAlive(m)
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
