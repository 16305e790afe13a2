package routing

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/tributary-cc/tributary/stream/event"
)

// floorOf is a busy floor: every agent serves two of the queues, holds one contact less than they may, and rings; the rest waits.
func floorOf(tb testing.TB, agents, waits int) (*Domain, []*event.OfferChanged) {
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
	var ringing []*event.OfferChanged
	apply := func(e *event.Event) {
		m.Clock++
		out, err := d.Apply(m, e)
		if err != nil {
			tb.Fatal(err)
		}
		for _, o := range out.Outputs {
			if x := o.Event.GetOfferChanged(); x.GetState() == event.OfferState_OFFER_STATE_OFFERED {
				ringing = append(ringing, x)
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
				out, err := d.Apply(m, e)
				if err != nil {
					b.Fatal(err)
				}
				for _, o := range out.Outputs {
					if x := o.Event.GetOfferChanged(); x.GetState() == event.OfferState_OFFER_STATE_OFFERED {
						ringing = append(ringing, x)
						made++
					}
				}
			}
			events := 0
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				o := ringing[0]
				ringing = ringing[1:]
				apply(&event.Event{Body: &event.Event_OfferAnswer{OfferAnswer: &event.OfferAnswer{Offer: o.Offer, Agent: o.Agent, Accept: true}}})
				apply(&event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{Contact: o.Contact, Agent: o.Agent, Wrapping: true}}})
				apply(&event.Event{Body: &event.Event_ContactReleased{ContactReleased: &event.ContactReleased{Contact: o.Contact, Agent: o.Agent}}})
				apply(ask(next, 20))
				next++
				events += 4
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(made)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}
