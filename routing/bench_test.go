package routing

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// floorOf is a busy floor: every agent serves two of the queues, holds one contact less than they may, and rings; the rest waits.
func floorOf(tb testing.TB, agents, waits int) (*Domain, []rings) {
	tb.Helper()
	const queues = 20
	d := New("t", Main, Default())
	n := 0
	m := Moment{NewID: func() string { n++; return strconv.Itoa(n) }}
	var objects []*event.ConfigObject
	for i := range queues {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Queue{Queue: &event.Queue{Id: fmt.Sprint("q", i)}}})
	}
	for i := range agents {
		objects = append(objects, &event.ConfigObject{Object: &event.ConfigObject_Agent{Agent: &event.Agent{
			Id: fmt.Sprintf("agent%06d", i), ChatCapacity: 2, Queues: []string{fmt.Sprint("q", i%queues), fmt.Sprint("q", (i+7)%queues)},
		}}})
	}
	d.Configure(m, objects)
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
	for _, size := range []struct{ agents, waiting int }{{20, 100}, {1000, 10_000}, {10_000, 100_000}} {
		b.Run(fmt.Sprintf("agents=%d/waiting=%d", size.agents, size.waiting), func(b *testing.B) {
			d, ringing := floorOf(b, size.agents, size.waiting)
			next, ids, made := size.agents+size.waiting, 1<<30, 0
			m := Moment{Clock: 1 << 20, NewID: func() string { ids++; return strconv.Itoa(ids) }}
			apply := func(e *event.Event) {
				m.Clock++
				d.Recycle()
				out, err := d.Apply(m, e)
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
				apply(ask(next, 20))
				next++
			}
			b.ReportMetric(float64(made)/b.Elapsed().Seconds(), "decisions/s")
			b.ReportMetric(float64(made)/(processorTime(b)-from).Seconds(), "decisions/cpu-s")
		})
	}
}
