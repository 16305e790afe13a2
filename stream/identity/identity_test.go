package identity

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

// from is an event of an address, as an adapter writes it: its id is that of its cause.
func from(address, cause string, at int64, e *event.Event) *event.Event {
	id := event.CauseID("webchat", address, cause)
	e.Id, e.Tenant, e.Address, e.Key, e.AtMs = id[:], "acme", address, event.Key("acme", address), at
	return e
}

func message(address, id string, at int64) *event.Event {
	return from(address, id, at, &event.Event{
		Sealed: &event.Sealed{KeyRef: address, ContentId: "webchat/" + id, Nonce: make([]byte, 12), Ciphertext: []byte("…")},
		Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{
			Channel: event.Channel_CHANNEL_WEBCHAT, EntryPoint: "shop", Message: id,
		}},
	})
}

func connected(address, connection string) *event.Event {
	return from(address, "connect "+connection, enginetest.Start, &event.Event{
		Body: &event.Event_CustomerConnected{CustomerConnected: &event.CustomerConnected{Connection: connection}},
	})
}

// one gives the only output, which goes to conversation.
func one(t *testing.T, outs []enginetest.Out) *event.Event {
	t.Helper()
	require.Len(t, outs, 1)
	require.Equal(t, event.TopicConversationIn, outs[0].Topic)
	return outs[0].Event
}

// dead gives the kind of the only output, which is a dead letter.
func dead(t *testing.T, outs []enginetest.Out) string {
	t.Helper()
	require.Len(t, outs, 1)
	require.Equal(t, event.TopicDead, outs[0].Topic)
	return outs[0].Event.GetDead().GetKind()
}

func TestAnAddressIsOneCustomerFromItsFirstSignOfLifeOn(t *testing.T) {
	s := enginetest.New(t, Processor())
	first := one(t, s.Apply(connected("w1", "c1")))
	said := message("w1", "m1", s.Now())
	second := one(t, s.Apply(said))
	require.Len(t, first.GetCustomer(), 26)
	require.Equal(t, first.GetCustomer(), second.GetCustomer())
	require.Equal(t, "acme/"+first.GetCustomer(), second.GetKey())
	require.Equal(t, "w1", second.GetAddress())
	require.Equal(t, said.GetId(), second.GetCause())
	require.Equal(t, said.GetAtMs(), second.GetAtMs())
	require.True(t, proto.Equal(said.GetSealed(), second.GetSealed()), "what was said stays sealed as it was")
	require.True(t, proto.Equal(said.GetCustomerMessage(), second.GetCustomerMessage()))

	other := one(t, s.Apply(message("w2", "m1", s.Now())))
	require.NotEqual(t, first.GetCustomer(), other.GetCustomer(), "two addresses are two people until somebody links them")
}

func TestARepeatIsPassedOnOnce(t *testing.T) {
	s := enginetest.New(t, Processor())
	one(t, s.Apply(message("w1", "m1", s.Now())))
	require.Empty(t, s.Apply(message("w1", "m1", s.Now())))
	one(t, s.Apply(message("w2", "m1", s.Now()))) // the same message id of another address is another message

	end := func() *event.Event {
		return from("w1", "end", s.Now(), &event.Event{Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{Request: "r"}}})
	}
	one(t, s.Apply(end()))
	require.Empty(t, s.Apply(end()))

	one(t, s.Apply(connected("w1", "c1"))) // says nothing new, and costs no memory
	one(t, s.Apply(connected("w1", "c1")))
}

// What customers do besides writing is passed on as it came: once where it has an id of its own, and typing each time.
func TestWhatCustomersDoBesidesWritingIsPassedOn(t *testing.T) {
	s := enginetest.New(t, Processor())
	sealed := &event.Sealed{KeyRef: "w1", Ciphertext: []byte("…")}
	introduced := func() *event.Event {
		return from("w1", "token", s.Now(), &event.Event{Sealed: sealed, Body: &event.Event_CustomerIntroduced{CustomerIntroduced: &event.CustomerIntroduced{
			Tier: "gold", Tags: []string{"vip"}, Request: "token",
		}}})
	}
	seen := func() *event.Event {
		return from("w1", "page", s.Now(), &event.Event{Sealed: sealed, Body: &event.Event_CustomerSeen{CustomerSeen: &event.CustomerSeen{Kind: "page", Request: "page"}}})
	}
	survey := func() *event.Event {
		return from("w1", "survey", s.Now(), &event.Event{Sealed: sealed, Body: &event.Event_SurveyAnswered{SurveyAnswered: &event.SurveyAnswered{Contact: "ct1", Score: 5, Request: "survey"}}})
	}
	typing := func() *event.Event {
		return from("w1", "typing", s.Now(), &event.Event{Body: &event.Event_CustomerTyping{CustomerTyping: &event.CustomerTyping{EntryPoint: "shop"}}})
	}
	require.Equal(t, "refused", dead(t, s.Apply(typing())), "of an address that nobody has met")
	require.Equal(t, "refused", dead(t, s.Apply(survey())))
	for _, what := range []func() *event.Event{introduced, seen, survey} {
		e := what()
		got := one(t, s.Apply(e))
		require.Equal(t, "w1", got.GetAddress())
		require.Len(t, got.GetCustomer(), 26)
		require.True(t, proto.Equal(sealed, got.GetSealed()))
		require.Equal(t, fmt.Sprint(e.GetBody()), fmt.Sprint(got.GetBody()))
		require.Empty(t, s.Apply(what()), "a repeat")
	}
	rows := bytesOf(s)
	one(t, s.Apply(typing()))
	one(t, s.Apply(typing()))
	require.Equal(t, rows, bytesOf(s), "typing is not remembered")
}

func bytesOf(s *enginetest.Scene) (n int) {
	s.Machine.Read(func(tx *engine.Tx) {
		addresses.Ascend(tx, "", func(_ string, row *event.AddressRow) bool { n += proto.Size(row); return true })
	})
	return n
}

func TestACauseOlderThanTheMemoryGoesToDead(t *testing.T) {
	s := enginetest.New(t, Processor())
	one(t, s.Apply(message("w1", "new", s.Now())))
	one(t, s.Apply(message("w1", "seven days old", s.Now()-7*24*3600*1000)))
	require.Equal(t, "late", dead(t, s.Apply(message("w1", "nine days old", s.Now()-9*24*3600*1000))))
	one(t, s.Apply(message("w2", "nine days old", s.Now()-9*24*3600*1000))) // nothing newer is known of that address
}

// merging is identity with a row that was merged into another customer, which nothing on the log asks for yet.
type merging struct{ fold }

func (m merging) Apply(tx *engine.Tx, e *event.Event) error {
	if e.GetCustomerConnected().GetConnection() == "merge" {
		row := addresses.Get(tx, e.GetKey())
		row.Forward = "0smaller"
		addresses.Put(tx, e.GetKey(), row)
		return nil
	}
	return m.fold.Apply(tx, e)
}

func TestAMergedCustomerIsForwarded(t *testing.T) {
	p := Processor()
	p.New = func() engine.Fold { return merging{} }
	s := enginetest.New(t, p)
	one(t, s.Apply(message("w1", "m1", s.Now())))
	require.Empty(t, s.Apply(connected("w1", "merge")))
	forwarded := one(t, s.Apply(message("w1", "m2", s.Now())))
	require.Equal(t, "0smaller", forwarded.GetCustomer())
	require.Equal(t, "acme/0smaller", forwarded.GetKey())
	require.Empty(t, s.Apply(message("w1", "m1", s.Now())), "the memory of causes stays")
}

func TestRefusals(t *testing.T) {
	s := enginetest.New(t, Processor())
	receipt := func() *event.Event {
		return from("w9", "r", s.Now(), &event.Event{Body: &event.Event_Receipt{Receipt: &event.Receipt{Message: "m"}}})
	}
	for name, c := range map[string]struct {
		e    *event.Event
		kind string
	}{
		"an address nobody has met": {receipt(), "refused"},
		"a foreign kind":            {from("w1", "x", 1, &event.Event{Body: &event.Event_AgentMessage{AgentMessage: &event.AgentMessage{}}}), "refused"},
		"no address":                {message("", "m", 1), "refused"},
		"a key of another address":  {func() *event.Event { e := message("w1", "m", 1); e.Key = "acme/w2"; return e }(), "refused"},
		"a tenant with a slash":     {func() *event.Event { e := message("w1", "m", 1); e.Tenant, e.Key = "a/b", "a/b/w1"; return e }(), "refused"},
		"an address without an end": {message(string(make([]byte, 300)), "m", 1), "limit"},
		"a text longer than allowed": {func() *event.Event {
			e := message("w1", "m", 1)
			e.Sealed.Ciphertext = make([]byte, MaxSealed+1)
			return e
		}(), "limit"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.kind, dead(t, s.Apply(c.e))) })
	}
	require.Zero(t, s.Machine.Rows(), "what is refused leaves nothing behind")
	one(t, s.Apply(func() *event.Event {
		e := message("w1", "m", 1)
		e.Sealed.Ciphertext = make([]byte, MaxSealed)
		return e
	}()))
}

// TestAnyOrder: however messages, each with its own time as its cause has it, are repeated and mixed,
// each is passed on once, to one customer an address, and the same records give the same bytes.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		machine := func() *engine.Machine {
			m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
			require.NoError(rt, err)
			return m
		}
		m, again := machine(), machine()
		customers, passed, times := map[string]string{}, map[string]bool{}, map[string]int64{}
		for i := range rapid.IntRange(1, 60).Draw(rt, "events") {
			a, id := fmt.Sprint("w", rapid.IntRange(0, 3).Draw(rt, "address")), fmt.Sprint(rapid.IntRange(0, 9).Draw(rt, "message"))
			if times[a+id] == 0 {
				times[a+id] = rapid.Int64Range(1, 9*24*3600*1000).Draw(rt, "at")
			}
			value, err := event.Marshal(message(a, id, times[a+id]))
			require.NoError(rt, err)
			rec := &event.Record{Offset: int64(i), Key: []byte("acme/" + a), Value: value}
			outs := m.Step(rec)
			require.Equal(rt, outs, again.Step(rec))
			for _, o := range outs {
				e, err := event.Unmarshal(o.Value)
				require.NoError(rt, err)
				if d := e.GetDead(); d != nil {
					require.Equal(rt, "late", d.GetKind())
					continue
				}
				require.False(rt, passed[a+id], "passed on twice")
				passed[a+id] = true
				if customers[a] == "" {
					customers[a] = e.GetCustomer()
				}
				require.Equal(rt, customers[a], e.GetCustomer())
			}
		}
	})
}

// TestRowStaysSmall states what an address with five messages costs.
func TestRowStaysSmall(t *testing.T) {
	s := enginetest.New(t, Processor())
	id := event.CauseID("address")
	for i := range 5 {
		one(t, s.Apply(message(id.String(), fmt.Sprint(i), s.Now()+int64(i))))
	}
	s.Machine.Read(func(tx *engine.Tx) {
		row := addresses.Get(tx, "acme/"+id.String())
		t.Logf("row %d bytes, of these the memory of causes %d", proto.Size(row), proto.Size(row.GetSeen()))
		require.Less(t, proto.Size(row), 120)
	})
}

func BenchmarkMessage(b *testing.B) {
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	require.NoError(b, err)
	recs := make([]*event.Record, b.N)
	for i := range recs { // five messages an address
		id := event.CauseID(fmt.Sprint(i / 5))
		value, err := event.Marshal(message(id.String(), fmt.Sprint(i), enginetest.Start+int64(i)))
		require.NoError(b, err)
		recs[i] = &event.Record{Offset: int64(i), Key: []byte("acme/" + id.String()), Value: value}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, r := range recs {
		m.Step(r)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkMemory measures what an address costs, of which five messages came.
func BenchmarkMemory(b *testing.B) {
	const known = 20_000
	m, err := engine.NewMachine(Processor(), 0, func(event.Topic) int { return 4 })
	require.NoError(b, err)
	before := heap()
	for i := range known * 5 {
		id := event.CauseID(fmt.Sprint(i / 5))
		value, err := event.Marshal(message(id.String(), fmt.Sprint(i), enginetest.Start+int64(i)))
		require.NoError(b, err)
		m.Step(&event.Record{Offset: int64(i), Key: []byte("acme/" + id.String()), Value: value})
	}
	b.ReportMetric(float64(heap()-before)/known, "heap-B/address")
	bytes := 0
	m.Read(func(tx *engine.Tx) {
		addresses.Ascend(tx, "", func(key string, row *event.AddressRow) bool {
			bytes += len("address/") + len(key) + proto.Size(row)
			return true
		})
	})
	b.ReportMetric(float64(bytes)/known, "row-B/address")
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
