package match

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/tributary-cc/tributary/routing"
	"github.com/tributary-cc/tributary/routing/dispatch"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// ring is an open offer.
type ring struct{ offer, contact, agent string }

// contestant takes events and gives the offers that they led to.
type contestant interface {
	configure(objects []*event.ConfigObject) error
	apply(e *event.Event, offer func(ring)) error
}

// bare is the engine alone.
type bare struct {
	domain *routing.Domain
	ids    int
	clock  int64
}

func newBare() *bare { return &bare{domain: routing.New("t", routing.Main, routing.Default())} }

func (b *bare) moment() routing.Moment {
	b.clock++
	return routing.Moment{Clock: b.clock, NewID: func() string { b.ids++; return strconv.Itoa(b.ids) }}
}

func (b *bare) configure(objects []*event.ConfigObject) error {
	b.domain.Configure(b.moment(), 1, objects)
	return nil
}

func (b *bare) apply(e *event.Event, offer func(ring)) error {
	b.domain.Recycle()
	out, err := b.domain.Apply(b.moment(), e)
	if err != nil {
		return err
	}
	for _, o := range out.Outputs {
		if x := o.Event.GetOfferChanged(); x.GetState() == event.OfferState_OFFER_STATE_OFFERED {
			offer(ring{x.Offer, x.Contact, x.Agent})
		}
	}
	return nil
}

// folded is the engine in its fold and the fold in its machine: what is left out of a process is the broker.
type folded struct {
	machine *engine.Machine
	tenant  string
	offset  int64
}

func newFolded() (*folded, error) {
	m, err := engine.NewMachine(dispatch.Processor(), 0, func(event.Topic) int { return 1 })
	return &folded{machine: m, tenant: "t"}, err
}

func (f *folded) configure(objects []*event.ConfigObject) error {
	for version := uint64(1); len(objects) > 0; version++ {
		n := min(len(objects), 500)
		c := &event.ConfigApplied{Version: version, Objects: objects[:n]}
		if err := f.apply(&event.Event{Body: &event.Event_ConfigApplied{ConfigApplied: c}}, nil); err != nil {
			return err
		}
		objects = objects[n:]
	}
	return nil
}

func (f *folded) apply(e *event.Event, offer func(ring)) error {
	e.Tenant, e.Key, e.AtMs = f.tenant, event.Key(f.tenant, routing.Main), f.offset
	id := event.CauseID("bench", strconv.FormatInt(f.offset, 10))
	e.Id = id[:]
	value, err := event.Marshal(e)
	if err != nil {
		return err
	}
	f.offset++
	for _, rec := range f.machine.Step(&event.Record{Offset: f.offset - 1, Key: []byte(e.Key), Value: value}) {
		if rec.Topic != event.TopicRoutingFacts {
			continue
		}
		out, err := event.Unmarshal(rec.Value)
		if err != nil {
			return err
		}
		if x := out.GetOfferChanged(); x.GetState() == event.OfferState_OFFER_STATE_OFFERED {
			offer(ring{x.Offer, x.Contact, x.Agent})
		}
	}
	return nil
}

// play opens the floor and measures lives of contacts on it.
func play(ctx context.Context, name string, w *workload, c contestant, decisions int) (Result, error) {
	ringing := make([]ring, 0, w.Agents+decisions+1)
	made := 0
	offer := func(r ring) { ringing, made = append(ringing, r), made+1 }
	if err := open(ctx, w, c, offer); err != nil {
		return Result{}, err
	}
	if made == 0 {
		return Result{}, fmt.Errorf("%s made no offer", name)
	}
	slow, next := new(latencies), w.Agents+w.Waiting
	names, request := ids(next, next+decisions), w.request(0)
	// Of eight lives one is timed, event by event, as looking at the clock costs something too.
	measured := func(e *event.Event, timed bool) error {
		if !timed {
			return c.apply(e, offer)
		}
		began := time.Now()
		err := c.apply(e, offer)
		slow.add(time.Since(began))
		return err
	}
	answer, release := &event.OfferAnswer{Accept: true}, &event.ContactReleased{}
	answered := &event.Event{Body: &event.Event_OfferAnswer{OfferAnswer: answer}}
	released := &event.Event{Body: &event.Event_ContactReleased{ContactReleased: release}}
	made = 0
	watch := begin()
	for i := 0; i < decisions && i < len(ringing) && ctx.Err() == nil; i++ {
		r := ringing[i]
		answer.Offer, answer.Agent = r.offer, r.agent
		release.Contact, release.Agent, release.Wrapping = r.contact, r.agent, true
		w.ask(request.GetRouteRequest(), next+i, names[i])
		for k, e := range [...]*event.Event{answered, released, released, request} {
			release.Wrapping = k < 2
			if err := measured(e, i%8 == 0); err != nil {
				return Result{}, err
			}
		}
	}
	res := watch.end(name, made)
	res.P50, res.P99, res.P999 = slow.quantile(50, 100), slow.quantile(99, 100), slow.quantile(999, 1000)
	return res, ctx.Err()
}

func open(ctx context.Context, w *workload, c contestant, offer func(ring)) error {
	if err := c.configure(w.config()); err != nil {
		return err
	}
	for i := range w.Agents {
		if err := c.apply(connected(i), offer); err != nil {
			return err
		}
		if err := c.apply(available(i), offer); err != nil {
			return err
		}
	}
	for i := range w.Agents + w.Waiting {
		if err := c.apply(w.request(i), offer); err != nil {
			return err
		}
		if i%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// watch measures one run on one core.
type watch struct {
	began time.Time
	cpu   time.Duration
	procs int
}

func begin() watch {
	runtime.GC()
	w := watch{procs: runtime.GOMAXPROCS(1)}
	w.cpu, w.began = processorTime(), time.Now()
	return w
}

func (w watch) end(name string, made int) Result {
	took, used := time.Since(w.began).Seconds(), (processorTime() - w.cpu).Seconds()
	runtime.GOMAXPROCS(w.procs)
	return Result{Name: name, Decisions: made, Seconds: took, CoreSeconds: used, Rate: float64(made) / took, PerCore: float64(made) / used}
}

// processorTime is what this process has used of all processors, the garbage collector's share included.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// latencies counts events by how long each took, in steps of a quarter of a microsecond, up to 5 ms.
type latencies struct {
	counts [20_000]int
	n      int
}

func (l *latencies) add(d time.Duration) {
	l.counts[min(int(d/250), len(l.counts)-1)]++
	l.n++
}

// quantile is in microseconds.
func (l *latencies) quantile(part, of int) float64 {
	seen := 0
	for i, n := range l.counts {
		if seen += n; seen*of >= l.n*part {
			return float64(i+1) / 4
		}
	}
	return 0
}
