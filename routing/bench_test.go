package routing

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// floorOf is a busy floor: every agent serves some of the queues, holds one contact less than they may, and rings; the rest waits.
func floorOf(tb testing.TB, agents, waits, memberships int) (*Domain, []rings) {
	tb.Helper()
	queues := max(20, 2*memberships)
	d := New("t", Main, Default())
	n := 0
	m := Moment{NewID: func() string { n++; return strconv.Itoa(n) }}
	var objects []*event.ConfigObject
	for i := range queues {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: fmt.Sprint("q", i)}}})
	}
	for i := range agents {
		a := &event.Agent{Id: fmt.Sprintf("agent%06d", i), ChatCapacity: 2}
		for j := range memberships {
			a.Queues = append(a.Queues, fmt.Sprint("q", (i+7*j)%queues))
		}
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: a}})
	}
	d.Configure(m, 1, objects)
	var ringing []rings
	apply := func(e *event.Event) {
		m.Clock++
		out, err := d.Apply(m, e)
		if err != nil {
			tb.Fatal(err)
		}
		for _, o := range out.Outputs {
			if x := o.Event.GetOfferChanged(); x.GetState() == event.OfferState_OFFER_STATE_OFFERED {
				ringing = append(ringing, rings{x.Offer, x.Contact, x.Agent})
			}
		}
	}
	for i := range agents {
		id := fmt.Sprintf("agent%06d", i)
		apply(&event.Event{Body: &event.Event_AgentConnected{AgentConnected: &event.AgentConnected{Agent: id, Gateway: "g", Connection: "x"}}})
		apply(&event.Event{Body: &event.Event_AgentStatus{AgentStatus: &event.AgentStatus{Agent: id, Status: StatusAvailable}}})
	}
	for i := range agents + waits {
		apply(ask(i, queues))
	}
	return d, ringing
}

func ask(i, queues int) *event.Event {
	return &event.Event{Body: &event.Event_RouteRequest{RouteRequest: &event.RouteRequest{
		Contact: fmt.Sprintf("contact%08d", i), Customer: "p", Queue: fmt.Sprint("q", i*13%queues),
		Priority: int32(i % 3), EnqueuedMs: int64(i),
	}}}
}

// rings is an open offer.
type rings struct{ offer, contact, agent string }

// processorTime is what this process has used of all processors, the garbage collector's share included: on a machine that
// does other things too it says more than the time that has passed.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDecisions measures whole lives of contacts on a busy floor: asked for, offered, accepted, wrapped up, released.
// A decision is an offer with its record; each comes with four events.
func BenchmarkDecisions(b *testing.B) {
	for _, size := range []struct{ agents, waiting, queues int }{
		{20, 100, 2}, {1000, 10_000, 2}, {10_000, 100_000, 2}, {10_000, 100_000, 20}, {10_000, 0, 20},
	} {
		b.Run(fmt.Sprintf("agents=%d/waiting=%d/queues=%d", size.agents, size.waiting, size.queues), func(b *testing.B) {
			d, ringing := floorOf(b, size.agents, size.waiting, size.queues)
			var slow latencies
			next, ids, made := size.agents+size.waiting, 1<<30, 0
			m := Moment{Clock: 1 << 20, NewID: func() string { ids++; return strconv.Itoa(ids) }}
			apply := func(e *event.Event) {
				m.Clock++
				d.Recycle()
				began := time.Now() //nolint:forbidigo // a benchmark measures time
				out, err := d.Apply(m, e)
				slow.add(time.Since(began))
				if err != nil {
					b.Fatal(err)
				}
				for _, o := range out.Outputs {
					if x := o.Event.GetOfferChanged(); x.GetState() == event.OfferState_OFFER_STATE_OFFERED {
						ringing = append(ringing, rings{x.Offer, x.Contact, x.Agent})
						made++
					}
				}
			}
			slow = latencies{}
			answer, release := &event.OfferAnswer{Accept: true}, &event.ContactReleased{}
			answered := &event.Event{Body: &event.Event_OfferAnswer{OfferAnswer: answer}}
			released := &event.Event{Body: &event.Event_ContactReleased{ContactReleased: release}}
			b.ReportAllocs()
			b.ResetTimer()
			from := processorTime(b)
			for b.Loop() {
				o := ringing[0]
				ringing = ringing[1:]
				answer.Offer, answer.Agent = o.offer, o.agent
				apply(answered)
				release.Contact, release.Agent, release.Wrapping = o.contact, o.agent, true
				apply(released)
				release.Wrapping = false
				apply(released)
				apply(ask(next, max(20, 2*size.queues)))
				next++
			}
			b.ReportMetric(float64(made)/b.Elapsed().Seconds(), "decisions/s")
			b.ReportMetric(float64(made)/(processorTime(b)-from).Seconds(), "decisions/cpu-s")
			b.ReportMetric(slow.quantile(99, 100), "p99-ns/event")
			b.ReportMetric(slow.quantile(999, 1000), "p999-ns/event")
		})
	}
}

// latencies counts events by how long each took, in steps of a quarter of a microsecond.
type latencies struct {
	counts [4000]int
	n      int
}

func (l *latencies) add(d time.Duration) {
	l.counts[min(int(d/250), len(l.counts)-1)]++
	l.n++
}

func (l *latencies) quantile(part, of int) float64 {
	seen := 0
	for i, n := range l.counts {
		if seen += n; seen*of >= l.n*part {
			return float64((i + 1) * 250)
		}
	}
	return 0
}
