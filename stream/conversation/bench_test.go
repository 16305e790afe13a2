package conversation

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// load is a machine with open conversations, and the records that made them.
type load struct {
	t       testing.TB
	m       *engine.Machine
	offset  int64
	numbers map[string]uint64
}

func newLoad(t testing.TB) *load {
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	require.NoError(t, err)
	l := &load{t: t, m: m, numbers: map[string]uint64{}}
	l.step(l.record(&event.Event{Body: &event.Event_Epoch{Epoch: &event.Epoch{Number: 1, Build: "test", SkipOffset: -1}}}))
	l.step(l.record(&event.Event{Body: &event.Event_Tick{Tick: &event.Tick{Epoch: 1, TimeMs: enginetest.Start}}}))
	l.step(l.record(&event.Event{Tenant: "acme", Key: "acme/config", Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{
		Version: 1, Objects: []*event.ConfigObject{
			{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: "sales"}}},
			{Object: &event.ConfigObject_EntryPoint{EntryPoint: &event.EntryPoint{Id: "shop", Queue: "sales"}}},
		},
	}}}))
	return l
}

// record encodes an event as it comes in: a fold's with its place in the lane, an agent's without.
func (l *load) record(e *event.Event) *event.Record {
	id := event.CauseID("load", fmt.Sprint(l.offset))
	e.Id = id[:]
	if e.GetAtMs() == 0 {
		e.AtMs = enginetest.Start + l.offset
	}
	from := ""
	switch {
	case e.GetRouteOutcome() != nil:
		from = "routing"
	case e.GetAddress() != "":
		from = "identity"
	case e.GetConfigApplied() != nil:
		from = "config"
	}
	if from != "" {
		l.numbers[from]++
		e.Origin = &event.Origin{Processor: from, Epoch: 1, Offset: l.offset, Number: l.numbers[from]}
	}
	value, err := event.Marshal(e)
	require.NoError(l.t, err)
	rec := &event.Record{Offset: l.offset, Key: []byte(e.GetKey()), Value: value}
	l.offset++
	return rec
}

func (l *load) step(rec *event.Record) []event.Record { return l.m.Step(rec) }

// ids as long as real ones.
func customerID(i int) string { id := event.CauseID("customer", fmt.Sprint(i)); return id.String() }
func addressID(i int) string  { id := event.CauseID("address", fmt.Sprint(i)); return id.String() }
func connectionID(i int) string {
	id := event.CauseID("connection", fmt.Sprint(i))
	return id.String()
}

func (l *load) say(i int, text string) *event.Record {
	return l.record(&event.Event{
		Tenant: "acme", Key: event.Key("acme", customerID(i)), Customer: customerID(i), Address: addressID(i),
		Sealed: &event.Sealed{KeyRef: addressID(i), ContentId: "webchat/0123456789abcdef", Nonce: make([]byte, 12), Ciphertext: make([]byte, 120)},
		Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", Message: text,
		}},
	})
}

// converse opens the conversation of a customer with five messages, three of the customer and two answers, of which the
// customer has read the first.
func (l *load) converse(i int) (contact string) {
	l.step(l.record(&event.Event{
		Tenant: "acme", Key: event.Key("acme", customerID(i)), Customer: customerID(i), Address: addressID(i),
		Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", Gateway: "g1", Connection: connectionID(i),
		}},
	}))
	for _, o := range l.step(l.say(i, "1")) {
		if c := l.decode(o).GetContactChanged(); c != nil {
			contact = c.GetContact().GetContact()
		}
	}
	key := event.Key("acme", customerID(i))
	l.step(l.record(&event.Event{Tenant: "acme", Key: key, Body: &event.Event_RouteOutcome{RouteOutcome: &event.RouteOutcome{
		Contact: contact, Outcome: "assigned", Agent: "agent-01", Queue: "sales",
	}}}))
	answered := ""
	for _, o := range l.step(l.answer(i, contact)) {
		if m := l.decode(o).GetMessageAdded(); m != nil {
			answered = m.GetMessage()
		}
	}
	l.step(l.record(&event.Event{Tenant: "acme", Key: key, Address: addressID(i), Body: &event.Event_Receipt{Receipt: &event.Receipt{
		Message: answered, State: event.DeliveryState_DELIVERY_STATE_READ,
	}}}))
	l.step(l.say(i, "2"))
	l.step(l.answer(i, contact))
	l.step(l.say(i, "3"))
	return contact
}

func (l *load) answer(i int, contact string) *event.Record {
	return l.record(&event.Event{
		Tenant: "acme", Key: event.Key("acme", customerID(i)),
		Sealed: &event.Sealed{KeyRef: addressID(i), ContentId: "webchat/0123456789abcdef", Nonce: make([]byte, 12), Ciphertext: make([]byte, 120)},
		Body:   &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{Contact: contact, Agent: "agent-01", Message: "m"}},
	})
}

func (l *load) decode(r event.Record) *event.Event {
	e := new(event.Event)
	require.NoError(l.t, proto.Unmarshal(r.Value, e))
	return e
}

// TestRowStaysSmall states what an open conversation costs: 100,000 of them are held in memory.
func TestRowStaysSmall(t *testing.T) {
	l := newLoad(t)
	l.converse(0)
	size := 0
	l.m.Read(func(tx *engine.Tx) {
		customers.Ascend(tx, "", func(key string, row *event.CustomerRow) bool {
			size += len("c/") + len(key) + proto.Size(row)
			t.Logf("key %d bytes, row %d bytes, memory of causes %d bytes, marks %d bytes",
				len("c/")+len(key), proto.Size(row), proto.Size(row.GetSeen()), proto.Size(row.GetMarks()[0]))
			return true
		})
	})
	require.Less(t, size, 300)
	require.Equal(t, 1+1+2+1+2, l.m.Rows(),
		"the customer, its timer, the queue and the entry point, the version, the gateway and the number it has")
}

// BenchmarkMemory measures what an open conversation costs in the heap and in rows.
func BenchmarkMemory(b *testing.B) {
	const open = 20_000
	l := newLoad(b)
	before := heap()
	for i := range open {
		l.converse(i)
	}
	b.ReportMetric(float64(heap()-before)/open, "heap-B/conversation")
	bytes := 0
	l.m.Read(func(tx *engine.Tx) {
		customers.Ascend(tx, "", func(key string, row *event.CustomerRow) bool {
			bytes += len("c/") + len(key) + proto.Size(row)
			return true
		})
	})
	b.ReportMetric(float64(bytes)/open, "row-B/conversation")
	b.ReportMetric(float64(l.m.Rows())/open, "rows/conversation")
	b.ReportMetric(0, "ns/op")
	runtime.KeepAlive(l)
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkCustomerMessage(b *testing.B) {
	const open = 1000
	l := newLoad(b)
	for i := range open {
		l.converse(i)
	}
	recs := make([]*event.Record, b.N)
	for i := range recs {
		recs[i] = l.say(i%open, fmt.Sprint(i))
	}
	run(b, l, recs)
}

// BenchmarkAgentMessage answers in conversations that hold few messages, as the memory of causes grows with each.
func BenchmarkAgentMessage(b *testing.B) {
	open := b.N/5 + 1
	l := newLoad(b)
	contacts := make([]string, open)
	for i := range open {
		contacts[i] = l.converse(i)
	}
	recs := make([]*event.Record, b.N)
	for i := range recs {
		recs[i] = l.answer(i%open, contacts[i%open])
	}
	run(b, l, recs)
}

// BenchmarkFirstMessage opens conversations.
func BenchmarkFirstMessage(b *testing.B) {
	l := newLoad(b)
	recs := make([]*event.Record, b.N)
	for i := range recs {
		recs[i] = l.say(i, "1")
	}
	run(b, l, recs)
}

func run(b *testing.B, l *load, recs []*event.Record) {
	b.ReportAllocs()
	b.ResetTimer()
	for _, r := range recs {
		l.step(r)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
