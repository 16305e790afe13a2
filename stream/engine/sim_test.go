package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// scatter is a fold with rows, timers and outputs to several partitions: enough to show every rule of the engine. Another
// version decides otherwise.
type scatter struct {
	version int
	deadly  func() // called for the message "deadly": what kills a process
}

var counters = engine.NewTable[event.AddressRow]("counters")

func scatterProcessor(version int) engine.Processor { return deadlyProcessor(version, func() {}) }

func deadlyProcessor(version int, deadly func()) engine.Processor {
	return engine.Processor{
		Name: "scatter", Inbox: event.TopicIdentityIn, Outputs: []event.Topic{event.TopicConversationIn, event.TopicOutbound},
		New: func() engine.Fold { return &scatter{version, deadly} },
	}
}

func (*scatter) Restore(*engine.Tx) error { return nil }

func (f *scatter) Apply(tx *engine.Tx, e *event.Event) error {
	m := e.GetCustomerMessage()
	if m.GetMessage() == "deadly" {
		f.deadly()
	}
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

// process is one process's way to the log, with the faults of a network and the death of a process. Mutant names a rule
// that its way of appending breaks.
type process struct {
	engine.Log
	s      *sim
	mutant string
	owner  bool
	cancel context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	rnd    *rand.Rand
	dead   bool
	frozen time.Time
	top    int64 // the highest origin seen anywhere when it started
	part   *engine.Partition
	err    error
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

func (p *process) Append(_ context.Context, t event.Topic, n int, recs []event.Record, done func(error)) {
	if dead, _ := p.state(); dead {
		return
	}
	x, wait := p.chance(), time.Duration(p.chance()*30)*time.Millisecond
	answer := func() {
		if dead, _ := p.state(); !dead {
			done(nil)
		}
	}
	land := func(recs []event.Record) { //nolint:contextcheck // what is on its way outlives its sender
		if len(recs) > 0 {
			p.Log.Append(context.Background(), t, n, recs, func(error) {})
		}
	}
	control := t == event.TopicIdentityIn
	p.s.late.Go(func() {
		switch {
		case p.mutant == "early" && !control: // answered before it stands; a fifth never does
			answer()
			time.Sleep(wait)
			if x > .2 {
				land(recs)
			}
			return
		case p.mutant == "ckfolded" && !control: // taken for acknowledged when it is folded: what a dying process holds is lost
			answer()
			time.Sleep(20 * wait)
			if dead, _ := p.state(); !dead {
				land(recs)
			}
			return
		case p.mutant == "globalmax" && !control: // leaves out what is not above the highest origin that it saw at its start
			recs = slices.DeleteFunc(slices.Clone(recs), func(r event.Record) bool { return originOf(r).GetOffset() <= p.top })
		case p.mutant == "pipelined" && !control && len(recs) > 1 && x < .5: // the second request overtakes a failed first
			land(recs[1:])
			time.Sleep(wait)
			land(recs[:1])
			answer()
			return
		}
		p.faulty(recs, x, wait, land)
		answer()
	})
}

// faulty is the network of the model: of ten produces seven arrive, one arrives though its answer is lost, one arrives late,
// one is lost; whatever is not answered is tried again.
func (p *process) faulty(recs []event.Record, x float64, wait time.Duration, land func([]event.Record)) {
	time.Sleep(wait)
	switch {
	case x < .70:
		land(recs)
	case x < .80:
		land(recs)
		time.Sleep(10 * wait)
		land(recs)
	case x < .90:
		p.s.late.Go(func() { time.Sleep(100 * wait); land(recs) })
		time.Sleep(10 * wait)
		land(recs)
	default:
		time.Sleep(20 * wait)
		land(recs)
	}
}

func originOf(r event.Record) *event.Origin {
	e, err := event.Unmarshal(r.Value)
	if err != nil {
		return nil
	}
	return e.GetOrigin()
}

// sim runs processes over one inbox partition.
type sim struct {
	traced string // the traceparent of what is put
	t      *testing.T
	log    *enginetest.Log
	store  *objects.Memory
	rnd    *rand.Rand
	late   sync.WaitGroup
	procs  []*process
	ends   map[engine.Place]int64 // what is on disk for sure, where the test asks for it
	mu     sync.Mutex
}

func newSim(t *testing.T, seed uint64) *sim {
	return &sim{t: t, log: enginetest.NewLog(3), store: objects.NewMemory(), rnd: rand.New(rand.NewPCG(seed, 7))}
}

type spawned struct {
	owner   bool
	mutant  string
	build   string // default b0
	version int
	unclean bool
	ends    map[engine.Place]int64
	deadly  func(*process) func()
}

// spawn starts a process that keeps its partition going as a host does, until it is killed or stands still.
func (s *sim) spawn(o spawned) *process {
	p := &process{
		Log: s.log, s: s, rnd: rand.New(rand.NewPCG(s.rnd.Uint64(), 1)), owner: o.owner, mutant: o.mutant, ended: make(chan struct{}), top: -1,
	}
	for _, r := range s.outputs() {
		p.top = max(p.top, originOf(r).GetOffset())
	}
	proc := scatterProcessor(o.version)
	if o.deadly != nil {
		proc = deadlyProcessor(o.version, o.deadly(p))
	}
	if o.build == "" {
		o.build = fmt.Sprint("b", o.version)
	}
	s.procs = append(s.procs, p)
	id := len(s.procs)
	ctx, cancel := context.WithCancel(s.t.Context())
	p.cancel = cancel
	go func() {
		defer close(p.ended)
		for run := 0; ; run++ {
			part := engine.NewPartition(engine.Config{
				Log: p, Store: mortal{s.store, p}, Build: o.build, Writer: fmt.Sprintf("w%d.%d", id, run), Now: p.now, Unclean: o.unclean && run == 0, UncleanEnds: o.ends,
				Sync: func(context.Context) error { s.synced(); return nil },
			}, proc, 0)
			part.SetOwner(p.owner)
			p.mu.Lock()
			p.part = part
			p.mu.Unlock()
			err := part.Run(ctx)
			p.mu.Lock()
			p.err = err
			dead := p.dead
			p.mu.Unlock()
			if dead || ctx.Err() != nil || errors.Is(err, engine.ErrSuperseded) || errors.Is(err, engine.ErrDiverged) || errors.Is(err, engine.ErrPoisoned) {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return p
}

// mortal is the object store as a process sees it: nothing is written after its death.
type mortal struct {
	*objects.Memory
	p *process
}

func (m mortal) PutIfAbsent(ctx context.Context, name string, data []byte) (bool, error) {
	if dead, d := m.p.state(); d > 0 {
		time.Sleep(d)
	} else if dead {
		return false, errKilled
	}
	return m.Memory.PutIfAbsent(ctx, name, data)
}

func (m mortal) Put(ctx context.Context, name string, data []byte) error {
	if dead, _ := m.p.state(); dead {
		return errKilled
	}
	return m.Memory.Put(ctx, name, data)
}

func (m mortal) Delete(ctx context.Context, name string) error {
	if dead, _ := m.p.state(); dead {
		return errKilled
	}
	return m.Memory.Delete(ctx, name)
}

func (p *process) kill() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.cancel()
}

func (p *process) freeze(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = time.Now().Add(d)
}

// stop asks for a clean end and waits for it.
func (p *process) stop() error {
	p.cancel()
	<-p.ended
	return p.err
}

func (p *process) status() engine.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.part.Status()
}

// end kills whoever lives and waits for all.
func (s *sim) end() {
	for _, p := range s.procs {
		p.kill()
	}
	for _, p := range s.procs {
		<-p.ended
	}
	s.late.Wait()
}

// drain lets one healthy process bring everything out.
func (s *sim) drain(o spawned) {
	o.owner = true
	p := s.spawn(o)
	time.Sleep(15 * time.Second)
	require.NoError(s.t, p.stop())
}

func (s *sim) places() []engine.Place {
	var out []engine.Place
	for _, t := range []event.Topic{event.TopicConversationIn, event.TopicOutbound, event.TopicDead} {
		for p := range s.log.Partitions(t) {
			out = append(out, engine.Place{Topic: t, Partition: p})
		}
	}
	return out
}

func (s *sim) outputs() []event.Record {
	var out []event.Record
	for _, p := range s.places() {
		out = append(out, s.log.All(p.Topic, p.Partition)...)
	}
	return out
}

// synced notes what a power cut would leave.
func (s *sim) synced() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = make(map[engine.Place]int64)
	for _, p := range append(s.places(), engine.Place{Topic: event.TopicIdentityIn}) {
		s.ends[p] = int64(len(s.log.All(p.Topic, p.Partition)))
	}
}

func (s *sim) put(counter, message string) {
	v, err := event.Marshal(&event.Event{
		Tenant: "t", Key: "t/a", Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{EntryPoint: counter, Message: message}},
	})
	require.NoError(s.t, err)
	s.log.Append(context.Background(), event.TopicIdentityIn, 0, []event.Record{{Key: []byte("t/a"), Value: v, Trace: s.traced}}, func(error) {})
}

// load puts one random message and lets some time pass.
func (s *sim) load(i int) {
	s.put(fmt.Sprint(s.rnd.IntN(6)), fmt.Sprintf("%0*d", 1+s.rnd.IntN(7), i))
	time.Sleep(time.Duration(s.rnd.IntN(300)) * time.Millisecond)
}

// wanted is what one folder without any fault decides, by lane and destination: each span by its epoch's build.
func (s *sim) wanted() map[engine.Place][]string {
	inbox := s.log.All(event.TopicIdentityIn, 0)
	epochs, err := engine.Epochs(s.t.Context(), s.log, event.TopicIdentityIn, 0)
	require.NoError(s.t, err)
	version := func(build string) int { return int(build[1] - '0') }
	m, err := engine.NewMachine(scatterProcessor(version(epochs[0].Epoch.GetBuild())), 0, s.log.Partitions)
	require.NoError(s.t, err)
	for _, e := range epochs {
		m.Expect(e.Epoch)
	}
	out := map[engine.Place][]string{}
	for i := range inbox {
		for _, o := range m.Step(&inbox[i]) {
			p := engine.Place{Topic: o.Topic, Partition: o.Partition}
			out[p] = append(out[p], string(o.Value))
		}
		if len(epochs) > 0 && epochs[0].Offset == inbox[i].Offset {
			require.NoError(s.t, m.Become(scatterProcessor(version(epochs[0].Epoch.GetBuild()))))
			epochs = epochs[1:]
		}
	}
	return out
}

// compare reads every destination as a reader does. Wrong: it takes what was not decided. Stopped: a lane has a gap or ends early.
func (s *sim) compare() (wrong, stopped bool) {
	wanted := s.wanted()
	for _, p := range s.places() {
		var lanes engine.Lanes
		var got []string
		for _, r := range s.log.All(p.Topic, p.Partition) {
			if o := originOf(r); lanes.Take(o) == engine.Take {
				got = append(got, string(r.Value))
			}
		}
		want := wanted[p]
		for i := range got {
			if i >= len(want) || got[i] != want[i] {
				wrong = true
			}
		}
		stopped = stopped || len(got) < len(want)
	}
	return wrong, stopped
}

func (s *sim) replay(o spawned, checkpoint string) *replay.Report {
	if o.build == "" {
		o.build = fmt.Sprint("b", o.version)
	}
	r, err := replay.Compare(s.t.Context(), replay.Config{
		Log: s.log, Store: s.store, Processor: scatterProcessor(o.version), Build: o.build, Checkpoint: checkpoint,
	})
	require.NoError(s.t, err)
	return r
}
