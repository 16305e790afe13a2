package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// scatter is a fold with rows, timers and outputs to several partitions: enough to show every rule of the engine.
type scatter struct{ version int }

var counters = engine.NewTable[event.AddressRow]("counters")

func scatterProcessor(version int) engine.Processor {
	return engine.Processor{
		Name: "scatter", Inbox: event.TopicIdentityIn, Outputs: []event.Topic{event.TopicConversationIn, event.TopicOutbound},
		New: func() engine.Fold { return &scatter{version} },
	}
}

func (*scatter) Restore(*engine.Tx) error { return nil }

func (f *scatter) Apply(tx *engine.Tx, e *event.Event) error {
	m := e.GetCustomerMessage()
	row := counters.Get(tx, m.GetEntryPoint())
	if row == nil {
		row = &event.AddressRow{}
	}
	row.Customer += "x"
	if len(row.Customer) > 8 {
		return engine.Refuse("a counter above 8")
	}
	counters.Put(tx, m.GetEntryPoint(), row)
	for i := range len(m.GetMessage()) % 4 {
		tx.Emit(event.TopicConversationIn, &event.Event{
			Key: fmt.Sprintf("t/%s%d", m.GetMessage(), i+f.version), Body: &event.Event_CustomerMessage{CustomerMessage: m},
		})
	}
	if len(row.Customer) == 1 {
		tx.After(m.GetEntryPoint(), 2000)
	}
	return nil
}

func (*scatter) Fire(tx *engine.Tx, timer string) error {
	counters.Delete(tx, timer)
	tx.Emit(event.TopicOutbound, &event.Event{Key: "t/" + timer, Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{EntryPoint: timer}}})
	return nil
}

// process is one process's way to the log, with the faults of a network and the death of a process.
type process struct {
	engine.Log
	rnd    *rand.Rand
	mu     sync.Mutex
	dead   bool
	frozen time.Time
	// early answers an append before it stands: the mutants' fault.
	early bool
	wg    *sync.WaitGroup
}

var errKilled = errors.New("killed")

func (p *process) state() (dead bool, frozen time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead, time.Until(p.frozen)
}

// now is the wall clock; it stands in the way of a frozen process.
func (p *process) now() time.Time {
	if _, d := p.state(); d > 0 {
		time.Sleep(d)
	}
	return time.Now()
}

func (p *process) Read(ctx context.Context, t event.Topic, n int, from int64, handle func([]event.Record, int64) error) error {
	return p.Log.Read(ctx, t, n, from, func(b []event.Record, end int64) error {
		dead, d := p.state()
		if d > 0 {
			time.Sleep(d)
		}
		if dead {
			return errKilled
		}
		return handle(b, end)
	})
}

func (p *process) chance() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rnd.Float64()
}

func (p *process) Append(ctx context.Context, t event.Topic, n int, recs []event.Record, done func(error)) {
	if dead, _ := p.state(); dead {
		return
	}
	x, wait := p.chance(), time.Duration(p.chance()*30)*time.Millisecond
	answer := func() {
		if dead, _ := p.state(); !dead {
			done(nil)
		}
	}
	land := func() { p.Log.Append(context.Background(), t, n, recs, func(error) {}) }
	p.wg.Go(func() {
		if p.early {
			answer()
			if x < .2 {
				return // lost, though answered
			}
			time.Sleep(wait)
			land()
			return
		}
		time.Sleep(wait)
		switch {
		case x < .70:
			land()
		case x < .80: // appended, the answer lost, appended again
			land()
			time.Sleep(10 * wait)
			land()
		case x < .90: // lands late, after the retry
			p.wg.Go(func() { time.Sleep(100 * wait); land() })
			time.Sleep(10 * wait)
			land()
		default: // lost; tried again later
			time.Sleep(20 * wait)
			land()
		}
		answer()
	})
}

// schedule runs an owner and a standby that crash, freeze, lose answers and append late; at the end one healthy process drains.
type schedule struct {
	log   *enginetest.Log
	store *objects.Memory
	rnd   *rand.Rand
	late  sync.WaitGroup
	runs  sync.WaitGroup
	stops []context.CancelFunc
	n     int
}

func (s *schedule) spawn(owner, early bool, build string, version int) (*process, *engine.Partition, context.CancelFunc) {
	s.n++
	p := &process{Log: s.log, rnd: rand.New(rand.NewPCG(s.rnd.Uint64(), 1)), wg: &s.late, early: early}
	part := engine.NewPartition(engine.Config{
		Log: p, Store: s.store, Build: build, Writer: fmt.Sprint("w", s.n), Now: p.now,
	}, scatterProcessor(version), 0)
	part.SetOwner(owner)
	ctx, cancel := context.WithCancel(context.Background())
	s.stops = append(s.stops, cancel)
	s.runs.Go(func() { _ = part.Run(ctx) })
	return p, part, cancel
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

func runSchedule(t *testing.T, seed uint64, early bool) (log *enginetest.Log, store *objects.Memory) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		s := &schedule{log: enginetest.NewLog(3), store: objects.NewMemory(), rnd: rand.New(rand.NewPCG(seed, 7))}
		a, _, _ := s.spawn(true, early, "b1", 0)
		b, _, _ := s.spawn(false, early, "b1", 0)
		for i := range 150 {
			put(s.log, fmt.Sprintf("%d", s.rnd.IntN(6)), string(make([]byte, 0))+fmt.Sprintf("%0*d", 1+s.rnd.IntN(7), i))
			time.Sleep(time.Duration(s.rnd.IntN(300)) * time.Millisecond)
			switch x := s.rnd.Float64(); {
			case x < .04:
				a.kill()
				a, _, _ = s.spawn(true, early, "b1", 0)
			case x < .08:
				b.kill()
				b, _, _ = s.spawn(s.rnd.IntN(2) == 0, early, "b1", 0)
			case x < .12:
				p := []*process{a, b}[s.rnd.IntN(2)]
				p.mu.Lock()
				p.frozen = time.Now().Add(time.Duration(s.rnd.IntN(4000)) * time.Millisecond)
				p.mu.Unlock()
			}
		}
		a.kill()
		b.kill()
		last, part, stop := s.spawn(true, false, "b1", 0)
		_ = last
		time.Sleep(20 * time.Second)
		put(s.log, "poke", "p")
		time.Sleep(20 * time.Second)
		_ = part
		stop()
		time.Sleep(time.Second)
		for _, stop := range s.stops {
			stop() // the dead wait for nothing any more
		}
		put(s.log, "wake", "p") // readers of the dead wake up and see that they are
		time.Sleep(30 * time.Second)
		put(s.log, "wake2", "p")
		s.late.Wait()
		s.runs.Wait()
		log, store = s.log, s.store
	})
	return log, store
}

func put(log *enginetest.Log, counter, message string) {
	e := &event.Event{
		Tenant: "t", Key: "t/a", Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{EntryPoint: counter, Message: message}},
	}
	v, err := event.Marshal(e)
	if err != nil {
		panic(err)
	}
	log.Append(context.Background(), event.TopicIdentityIn, 0, []event.Record{{Key: []byte("t/a"), Value: v}}, func(error) {})
}

// taken reads a destination as a fold would, and wanted is what one folder with no faults would have written.
func compare(t *testing.T, log *enginetest.Log) (wrong, stopped bool) {
	t.Helper()
	inbox := log.All(event.TopicIdentityIn, 0)
	m, err := engine.NewMachine(scatterProcessor(0), 0, log.Partitions)
	require.NoError(t, err)
	wanted := map[string][]string{}
	for i := range inbox {
		for _, o := range m.Step(&inbox[i]) {
			k := fmt.Sprintf("%s/%d", o.Topic, o.Partition)
			wanted[k] = append(wanted[k], string(o.Value))
		}
	}
	for _, topic := range []event.Topic{event.TopicConversationIn, event.TopicOutbound, event.TopicDead} {
		for p := range 3 {
			var lanes engine.Lanes
			var got []string
			for _, r := range log.All(topic, p) {
				e, err := event.Unmarshal(r.Value)
				require.NoError(t, err)
				if e.GetOrigin().GetProcessor() == "scatter" && lanes.Take(e.GetOrigin()) == engine.Take {
					got = append(got, string(r.Value))
				}
			}
			want := wanted[fmt.Sprintf("%s/%d", topic, p)]
			for i := range got {
				if i >= len(want) || got[i] != want[i] {
					wrong = true
				}
			}
			// The records put in after the last process stopped have no outputs yet.
			if len(got) < len(want)-8 {
				stopped = true
			}
		}
	}
	return wrong, stopped
}

func TestSchedulesTakeEachOutputOnceAndInOrder(t *testing.T) {
	n := uint64(60)
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			log, _ := runSchedule(t, seed, false)
			wrong, stopped := compare(t, log)
			require.False(t, wrong, "a destination holds what the fold did not decide")
			require.False(t, stopped, "a lane is not complete")
		})
	}
}

func TestMutantAnsweringBeforeAppendingIsSeen(t *testing.T) {
	stops := 0
	for seed := range uint64(15) {
		log, _ := runSchedule(t, seed, true)
		wrong, stopped := compare(t, log)
		require.False(t, wrong, "lane numbers must turn a loss into a visible stop")
		if stopped {
			stops++
		}
	}
	require.Positive(t, stops, "no schedule caught the mutant")
}
