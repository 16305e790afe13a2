package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// offers is the routing partition of the model: a request is offered at once, an offer times out after 20 s, and an agent
// answers 3 s after it could see the offer. Timed-out offers go to dead, as "timed out".
type offers struct{}

func offersProcessor() engine.Processor {
	return engine.Processor{Name: "offers", Inbox: event.TopicRoutingIn, Outputs: []event.Topic{event.TopicRoutingFacts}, New: func() engine.Fold { return offers{} }}
}

func (offers) Restore(*engine.Tx) error { return nil }

func (offers) Apply(tx *engine.Tx, e *event.Event) error {
	switch b := e.GetBody().(type) {
	case *event.Event_RouteRequest:
		tx.After(e.GetKey(), 20_000)
	case *event.Event_OfferAnswer:
		_ = b
		tx.Cancel(e.GetKey())
	}
	return nil
}

func (offers) Fire(*engine.Tx, string) error { return engine.Refuse("timed out") }

// machine folds by hand.
type machine struct {
	t      *testing.T
	m      *engine.Machine
	offset int64
}

func newMachine(t *testing.T, p engine.Processor) *machine {
	t.Helper()
	m, err := engine.NewMachine(p, 0, func(event.Topic) int { return 3 })
	require.NoError(t, err)
	x := &machine{t: t, m: m}
	x.step(&event.Event{Body: &event.Event_Epoch{Epoch: &event.Epoch{Number: 1, Build: "b0", SkipOffset: -1}}})
	return x
}

func (x *machine) step(e *event.Event) []event.Record {
	x.t.Helper()
	v, err := event.Marshal(e)
	require.NoError(x.t, err)
	out := x.m.Step(&event.Record{Offset: x.offset, Key: []byte(e.GetKey()), Value: v})
	x.offset++
	return out
}

func (x *machine) tick(writer string, ms int64) []event.Record {
	return x.step(&event.Event{Body: &event.Event_Tick{Tick: &event.Tick{Epoch: 1, Writer: writer, TimeMs: ms}}})
}

func request(i int) *event.Event {
	return &event.Event{Key: fmt.Sprintf("t/%06d", i), Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{}}}
}

func answer(i int) *event.Event {
	return &event.Event{Key: fmt.Sprintf("t/%06d", i), Body: &event.Event_OfferAnswer{OfferAnswer: &event.OfferAnswer{}}}
}

// Ten minutes without a router, two requests a second: no offer times out before anybody could see it.
func TestAnOutageRunsNoDeadlineOut(t *testing.T) {
	const start = 1_800_000_000_000
	x := newMachine(t, offersProcessor())
	require.Empty(t, x.tick("a", start))
	for i := range 1200 { // the backlog, folded in less than a second
		require.Empty(t, x.step(request(i)))
	}
	now := int64(start + 600_000)
	require.Empty(t, x.tick("b", now), "the first tick behind the outage")
	for s := range 3 {
		require.Empty(t, x.tick("b", now+int64(s+1)*1000))
	}
	for i := range 1200 { // every agent answers after 3 s
		require.Empty(t, x.step(answer(i)), "an offer timed out before its answer")
	}
	require.Empty(t, x.tick("b", now+60_000))
	require.LessOrEqual(t, x.m.Served(), int64(3000+5000), "a tick moves served time by 5 s at most")
}

// What nobody answers times out when it has been offered for 20 s, not sooner.
func TestADeadlineCountsFromTheTickBehindItsRecord(t *testing.T) {
	x := newMachine(t, offersProcessor())
	now := int64(1_800_000_000_000)
	require.Empty(t, x.tick("a", now))
	now += 3_900 // nearly a tick's distance later
	require.Empty(t, x.step(request(1)))
	for range 6 {
		require.Empty(t, x.tick("a", now), "at %d", now)
		now += 3_999
	}
	require.Len(t, x.tick("a", now+10), 1)
}

// Two processes tick in turn and their clocks are an hour apart: served time moves as either's does.
func TestWrongClocksMoveServedTimeAsRightOnesDo(t *testing.T) {
	x := newMachine(t, offersProcessor())
	const hour = 3_600_000
	for i := range int64(100) {
		x.tick("a", 1_800_000_000_000+i*400)
		x.tick("b", 1_800_000_000_000+i*400+200-hour)
	}
	require.InDelta(t, 40_000, x.m.Served(), 1000)
	before := x.m.Served()
	x.tick("a", 1) // a clock set back
	x.tick("b", 1_900_000_000_000)
	require.LessOrEqual(t, x.m.Served()-before, int64(5000))
	x.step(&event.Event{Body: &event.Event_Tick{Tick: &event.Tick{Epoch: 9, Writer: "a", TimeMs: 1_900_000_000_000}}})
	require.LessOrEqual(t, x.m.Served()-before, int64(5000), "a tick of another epoch moves nothing")
}

// A tick whose writer had not folded to the end moves no time.
func TestABacklogRunsNoDeadlineOut(t *testing.T) {
	x := newMachine(t, offersProcessor())
	x.tick("a", 1_800_000_000_000)
	x.step(request(1))
	x.tick("a", 1_800_000_000_001)
	for range 100 {
		require.Empty(t, x.tick("a", 0))
	}
}

func TestARecordFiresAThousandTimersInOrderAndTheNextOneTheRest(t *testing.T) {
	x := newMachine(t, offersProcessor())
	now := int64(1_800_000_000_000)
	for i := range 2500 {
		x.step(request(2499 - i))
	}
	x.tick("a", now)
	counts := []int{}
	var last string
	for i := range int64(12) {
		out := x.tick("a", now+(i+1)*2500)
		if len(out) == 0 {
			continue
		}
		counts = append(counts, len(out))
	}
	require.Equal(t, []int{1000, 1000, 500}, counts)
	_ = last
}

func TestTimersAreReplacedAndCancelled(t *testing.T) {
	s := enginetest.New(t, offersProcessor())
	s.Apply(request(1))
	s.Wait(15_000)
	s.Apply(request(1)) // set again: counts anew
	require.Empty(t, s.Wait(15_000))
	require.Len(t, s.Wait(5_000), 1)
	s.Apply(request(2), answer(2))
	require.Empty(t, s.Wait(60_000))
}

// bad is a fold that does all it must not.
type bad struct{}

func badProcessor() engine.Processor {
	return engine.Processor{Name: "bad", Inbox: event.TopicIdentityIn, Outputs: []event.Topic{event.TopicOutbound}, New: func() engine.Fold { return bad{} }}
}

func (bad) Restore(*engine.Tx) error { return nil }

func (bad) Apply(tx *engine.Tx, e *event.Event) error {
	counters.Put(tx, "changed", &event.AddressRow{Customer: "x"})
	tx.After("timer", 1)
	out := &event.Event{Key: "t/a", Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{}}}
	tx.Emit(event.TopicOutbound, out)
	switch e.GetCustomerMessage().GetMessage() {
	case "undeclared":
		tx.Emit(event.TopicSink, out)
	case "partition":
		tx.EmitTo(event.TopicOutbound, 17, out)
	case "many":
		for range engine.MaxOutputsPerRecord {
			tx.Emit(event.TopicOutbound, &event.Event{Key: "t/a", Body: out.GetBody()})
		}
	case "large":
		tx.Emit(event.TopicOutbound, &event.Event{Key: strings.Repeat("x", event.MaxSize), Body: out.GetBody()})
	case "text":
		tx.Emit(event.TopicOutbound, &event.Event{Key: "\xff", Body: out.GetBody()})
	case "row":
		counters.Put(tx, "row", &event.AddressRow{Customer: "\xff"})
	case "panic":
		var none *event.Event
		_ = none.Id[3] //nolint:govet // that is the point
	case "late":
		return engine.Late("too old")
	}
	return nil
}

func (bad) Fire(*engine.Tx, string) error { return nil }

// One record's changes and outputs apply together or not at all, and what fails goes to dead with its reason.
func TestWhatAFoldMustNotDoGoesToDeadAndLeavesNothing(t *testing.T) {
	for message, kind := range map[string]string{
		"undeclared": "refused", "partition": "refused", "many": "limit", "large": "limit", "text": "limit", "row": "refused",
		"panic": "panic", "late": "late",
	} {
		t.Run(message, func(t *testing.T) {
			x := newMachine(t, badProcessor())
			v, err := event.Marshal(&event.Event{Tenant: "t", Key: "t/a", Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{Message: message}}})
			require.NoError(t, err)
			out := x.m.Step(&event.Record{Offset: 1, Key: []byte("t/\xffa"), Value: v})
			require.Len(t, out, 1)
			require.Equal(t, event.TopicDead, out[0].Topic)
			e, err := event.Unmarshal(out[0].Value)
			require.NoError(t, err)
			require.Equal(t, kind, e.GetDead().GetKind(), e.GetDead().GetReason())
			require.EqualValues(t, 1, e.GetOrigin().GetNumber())
			require.Equal(t, v, e.GetDead().GetRecord())
			require.Equal(t, []byte("t/\xffa"), e.GetDead().GetKey())
			require.Zero(t, x.m.Rows())
			require.Len(t, x.step(&event.Event{Key: "t/a", Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}}}), 1, "the next record is folded")
		})
	}
}

func FuzzAnyRecordIsFoldedOrBuried(f *testing.F) {
	f.Add([]byte("key"), []byte("value"))
	f.Add([]byte("#engine"), []byte{0x82, 1, 2, 8, 1})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		m, err := engine.NewMachine(scatterProcessor(0), 0, func(event.Topic) int { return 3 })
		require.NoError(t, err)
		for _, out := range m.Step(&event.Record{Key: key, Value: value}) {
			_, err := event.Unmarshal(out.Value)
			require.NoError(t, err)
		}
	})
}
