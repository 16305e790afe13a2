package dispatch_test

import (
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/tributary-cc/tributary/routing/dispatch"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// BenchmarkMachine measures whole lives of contacts through the fold: rows written, timers set, outputs encoded and numbered.
func BenchmarkMachine(b *testing.B) {
	for _, size := range []struct{ agents, waiting int }{{1000, 10_000}, {10_000, 100_000}} {
		b.Run(fmt.Sprintf("agents=%d/waiting=%d", size.agents, size.waiting), func(b *testing.B) {
			r := newRig(b)
			r.open(size.agents, size.waiting)
			b.ReportAllocs()
			b.ResetTimer()
			before, from := r.made, processorTime(b)
			for b.Loop() {
				o := r.ringing[0]
				r.ringing = r.ringing[1:]
				r.step(&event.Event{Body: &event.Event_OfferAnswer{OfferAnswer: &event.OfferAnswer{Offer: o.Offer, Agent: o.Agent, Accept: true}}})
				r.step(&event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{Contact: o.Contact, Agent: o.Agent, Wrapping: true}}})
				r.step(&event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{Contact: o.Contact, Agent: o.Agent}}})
				r.ask()
			}
			b.ReportMetric(float64(r.made-before)/(processorTime(b)-from).Seconds(), "decisions/cpu-s")
			b.ReportMetric(float64(r.made-before)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}

// BenchmarkRestore measures how long a restart needs to derive a large floor from its tables.
func BenchmarkRestore(b *testing.B) {
	r := newRig(b)
	r.open(10_000, 100_000)
	fold := dispatch.Processor().New()
	for b.Loop() {
		r.machine.Read(func(tx *engine.Tx) {
			if err := fold.Restore(tx); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// rig is a machine without a scene's conveniences, for speed.
type rig struct {
	tb      testing.TB
	machine *engine.Machine
	tenant  string
	offset  int64
	asked   int
	made    int
	ringing []*event.OfferChanged
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	m, err := engine.NewMachine(dispatch.Processor(), 0, func(event.Topic) int { return 4 })
	if err != nil {
		tb.Fatal(err)
	}
	return &rig{tb: tb, machine: m, tenant: tenantHere(0)}
}

const rigQueues = 20

func (r *rig) step(e *event.Event) {
	e.Tenant, e.Key, e.AtMs = r.tenant, event.Key(r.tenant, "main"), r.offset
	id := event.CauseID("rig", fmt.Sprint(r.offset))
	e.Id = id[:]
	value, err := event.Marshal(e)
	if err != nil {
		r.tb.Fatal(err)
	}
	for _, rec := range r.machine.Step(&event.Record{Offset: r.offset, Key: []byte(e.Key), Value: value}) {
		if rec.Topic == event.TopicConversationIn {
			continue
		}
		out, err := event.Unmarshal(rec.Value)
		if err != nil {
			r.tb.Fatal(err)
		}
		if x := out.GetOfferChanged(); x.GetState() == event.OfferState_OFFER_STATE_OFFERED {
			r.ringing = append(r.ringing, x)
			r.made++
		}
	}
	r.offset++
}

func (r *rig) ask() {
	i := r.asked
	r.asked++
	r.step(&event.Event{Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
		Contact: idOf("contact", i), Conversation: idOf("conversation", i), Customer: idOf("customer", i),
		Queue: fmt.Sprint("q", i*13%rigQueues), Priority: int32(i % 3), EnqueuedMs: int64(i),
	}}})
}

func idOf(kind string, i int) string { return event.CauseID(kind, strconv.Itoa(i)).String() }

func (r *rig) open(agents, waiting int) {
	var objects []*event.ConfigObject
	for i := range rigQueues {
		objects = append(objects, queue(fmt.Sprint("q", i), 0))
	}
	version := uint64(0)
	flush := func() {
		version++
		r.step(&event.Event{Body: &event.Event_ConfigApplied{ConfigApplied: &event.ConfigApplied{Version: version, Objects: objects}}})
		objects = objects[:0]
	}
	for i := range agents {
		objects = append(objects, agent(fmt.Sprintf("agent%06d", i), 2, fmt.Sprint("q", i%rigQueues), fmt.Sprint("q", (i+7)%rigQueues)))
		if len(objects) >= 1000 {
			flush()
		}
	}
	flush()
	for i := range agents {
		id := fmt.Sprintf("agent%06d", i)
		r.step(&event.Event{Body: &event.Event_AgentConnected{AgentConnected: &event.AgentConnected{Agent: id, Gateway: "g", Connection: "x"}}})
		r.step(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{Agent: id, Status: "available"}}})
	}
	for range agents + waiting {
		r.ask()
	}
}

// BenchmarkMemory measures what a contact costs that waits, or is with an agent: in the tables, and in memory beside them.
func BenchmarkMemory(b *testing.B) {
	const contacts = 20_000
	for _, kind := range []string{"waiting", "answered"} {
		b.Run(kind, func(b *testing.B) {
			r := newRig(b)
			held := 1
			if kind == "answered" {
				held = contacts
			}
			r.open(held/2, contacts-held/2)
			for len(r.ringing) > 0 && kind == "answered" {
				o := r.ringing[0]
				r.ringing = r.ringing[1:]
				r.step(&event.Event{Body: &event.Event_OfferAnswer{OfferAnswer: &event.OfferAnswer{Offer: o.Offer, Agent: o.Agent, Accept: true}}})
			}
			fold := dispatch.Processor().New()
			before, rows := heap(), 0
			r.machine.Read(func(tx *engine.Tx) {
				if err := fold.Restore(tx); err != nil {
					b.Fatal(err)
				}
				rows = dispatch.ContactBytes(tx)
			})
			b.ReportMetric(float64(heap()-before)/contacts, "memory-B/contact")
			b.ReportMetric(float64(rows)/contacts, "row-B/contact")
			b.ReportMetric(0, "ns/op")
			runtime.KeepAlive(fold)
			runtime.KeepAlive(r)
		})
	}
}

// processorTime is what this process has used of all processors.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
