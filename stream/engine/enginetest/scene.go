// Package enginetest tests a fold with a list of events and no broker: events in, events out, time by ticks.
package enginetest

import (
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Out is one event that a fold emitted, and where to.
type Out struct {
	Topic     event.Topic
	Partition int
	Event     *event.Event
}

// Scene is a fold on a stage: one inbox partition, four partitions everywhere else.
type Scene struct {
	t       testing.TB
	Machine *engine.Machine
	offset  int64
	clock   int64
}

// Start is the wall clock at which every scene begins, in Unix milliseconds.
const Start int64 = 1_800_000_000_000

// New begins a scene in epoch 1, with one tick so that the clock stands at Start.
func New(t testing.TB, proc engine.Processor) *Scene {
	t.Helper()
	m, err := engine.NewMachine(proc, 0, func(event.Topic) int { return 4 })
	if err != nil {
		t.Fatal(err)
	}
	s := &Scene{t: t, Machine: m, clock: Start}
	s.Apply(&event.Event{Body: &event.Event_Epoch{Epoch: &event.Epoch{Number: 1, Build: "test", SkipOffset: -1}}})
	s.Wait(0)
	return s
}

// Apply folds the events in order and returns all that they led to.
func (s *Scene) Apply(events ...*event.Event) []Out {
	s.t.Helper()
	var outs []Out
	for _, e := range events {
		if e.Id == nil {
			id := event.CauseID("scene", strconv.FormatInt(s.offset, 10))
			e.Id = id[:]
		}
		value, err := event.Marshal(e)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range s.Machine.Step(&event.Record{Offset: s.offset, Key: []byte(e.GetKey()), Value: value}) {
			out := new(event.Event)
			if err := proto.Unmarshal(r.Value, out); err != nil {
				s.t.Fatal(err)
			}
			outs = append(outs, Out{r.Topic, r.Partition, out})
		}
		s.offset++
	}
	return outs
}

// Wait lets served time and the clock pass, by ticks of at most 4 s as the engine writes them, and returns what came of it.
func (s *Scene) Wait(ms int64) []Out {
	s.t.Helper()
	outs := s.tick() // timers count from the next tick
	for ms > 0 {
		d := min(ms, 4000)
		s.clock, ms = s.clock+d, ms-d
		outs = append(outs, s.tick()...)
	}
	return outs
}

func (s *Scene) tick() []Out {
	s.t.Helper()
	return s.Apply(&event.Event{Body: &event.Event_Tick{Tick: &event.Tick{Epoch: 1, TimeMs: s.clock}}})
}

// Now is the scene's wall clock in Unix milliseconds.
func (s *Scene) Now() int64 { return s.clock }
