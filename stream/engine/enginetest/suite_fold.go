package enginetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// spread is a fold that counts by key, emits up to three events to several partitions, and sets timers.
type spread struct{}

var counts = engine.NewTable[event.AddressRow]("counts")

func spreadProcessor() engine.Processor {
	return engine.Processor{
		Name: "spread", Inbox: event.TopicIdentityIn, Outputs: []event.Topic{event.TopicConversationIn, event.TopicOutbound},
		New: func() engine.Fold { return spread{} },
	}
}

func (spread) Restore(*engine.Tx) error { return nil }

func (spread) Apply(tx *engine.Tx, e *event.Event) error {
	m := e.GetCustomerMessage()
	row := counts.Get(tx, e.GetKey())
	if row == nil {
		row = &event.AddressRow{}
		tx.After(e.GetKey(), 2000)
	}
	row.Customer += "x"
	if len(row.Customer) > 20 {
		return engine.Refuse("a count above 20")
	}
	counts.Put(tx, e.GetKey(), row)
	for i := range len(m.GetMessage()) % 4 {
		tx.Emit(event.TopicConversationIn, &event.Event{
			Key: fmt.Sprintf("t/%s%d", m.GetMessage(), i), Body: &event.Event_CustomerMessage{CustomerMessage: m},
		})
	}
	return nil
}

func (spread) Fire(tx *engine.Tx, timer string) error {
	counts.Delete(tx, timer)
	tx.Emit(event.TopicOutbound, &event.Event{Key: timer, Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}}})
	return nil
}

// stage is one inbox partition with what processes leave of it.
type stage struct {
	t     *testing.T
	w     World
	log   engine.Log
	store objects.Store
	sent  int
	procs []*process
}

func newStage(t *testing.T, w World) *stage {
	s := &stage{t: t, w: w, log: w.Open(t), store: objects.NewMemory()}
	t.Cleanup(s.end)
	return s
}

// process is one that folds, until it dies.
type process struct {
	engine.Log
	objects.Store

	dead   atomic.Bool
	loses  atomic.Bool // the next outputs are answered, and lost
	host   *engine.Host
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

var errDead = errors.New("killed")

func (p *process) Read(ctx context.Context, t event.Topic, n int, from int64, handle func([]event.Record, int64) error) error {
	return p.Log.Read(ctx, t, n, from, func(b []event.Record, end int64) error {
		if p.dead.Load() {
			return errDead
		}
		return handle(b, end)
	})
}

func (p *process) Append(ctx context.Context, t event.Topic, n int, recs []event.Record, done func(error)) {
	switch {
	case p.dead.Load():
	case t == event.TopicConversationIn && p.loses.CompareAndSwap(true, false):
		go done(nil)
	default:
		p.Log.Append(ctx, t, n, recs, func(err error) {
			if !p.dead.Load() {
				done(err)
			}
		})
	}
}

func (p *process) PutIfAbsent(ctx context.Context, name string, data []byte) (bool, error) {
	if p.dead.Load() {
		return false, errDead
	}
	return p.Store.PutIfAbsent(ctx, name, data)
}

func (p *process) Put(ctx context.Context, name string, data []byte) error {
	if p.dead.Load() {
		return errDead
	}
	return p.Store.Put(ctx, name, data)
}

// spawn starts a process; the advice that it has stays.
func (s *stage) spawn(build string, owner bool) *process {
	p := &process{Log: s.w.Open(s.t), Store: s.store, ended: make(chan struct{})}
	s.procs = append(s.procs, p)
	a := engine.Assignment{Standby: []engine.Place{s.w.inbox()}}
	if owner {
		a = engine.Assignment{Own: []engine.Place{s.w.inbox()}}
	}
	p.host = engine.NewHost(engine.Config{Log: p, Store: p, Build: build, Writer: fmt.Sprint("w", len(s.procs)), Now: s.w.Now},
		[]engine.Processor{spreadProcessor()}, func(ctx context.Context, change func(engine.Assignment)) error {
			change(a)
			<-ctx.Done()
			return context.Cause(ctx)
		})
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	p.cancel = cancel
	go func() {
		defer close(p.ended)
		p.err = p.host.Run(ctx)
	}()
	return p
}

func (p *process) kill() {
	p.dead.Store(true)
	p.cancel()
	<-p.ended
}

// leave asks a process to end, and wants it clean.
func (s *stage) leave(p *process) {
	p.cancel()
	<-p.ended
	require.NoError(s.t, p.err)
}

func (s *stage) end() {
	for _, p := range s.procs {
		p.kill()
	}
}

// send appends messages and gives the offset behind them.
func (s *stage) send(n int, between time.Duration) int64 {
	for range n {
		s.sent++
		key := fmt.Sprint("t/", s.sent%7)
		v, err := event.Marshal(&event.Event{
			Tenant: "t", Key: key, Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{Message: fmt.Sprintf("%0*d", 1+s.sent%3, s.sent)}},
		})
		require.NoError(s.t, err)
		require.NoError(s.t, engine.AppendAndWait(s.t.Context(), s.log, s.w.inbox(), event.Record{Key: []byte(key), Value: v}))
		if between > 0 {
			pause(between)
		}
	}
	_, end, err := s.log.Bounds(s.t.Context(), event.TopicIdentityIn, s.w.Inbox)
	require.NoError(s.t, err)
	return end
}

// settled waits until a process has folded to an offset and knows all outputs to be acknowledged.
func (s *stage) settled(p *process, to int64) {
	s.t.Helper()
	until(s.t, "everything to be out", func() bool {
		st := p.host.Status()
		return len(st) == 1 && st[0].Acked >= to
	})
}

func (s *stage) replay(from string) *replay.Report {
	s.t.Helper()
	r, err := replay.Compare(s.t.Context(), s.config("b0", from))
	require.NoError(s.t, err)
	return r
}

func (s *stage) config(build, from string) replay.Config {
	return replay.Config{Log: s.log, Store: s.store, Processor: spreadProcessor(), Partition: s.w.Inbox, Build: build, Checkpoint: from}
}

// taken reads each destination as a reader does and compares with what one folder without any fault decides. Wrong: something
// else is taken. Stopped: a lane has a gap or ends early.
func (s *stage) taken() (wrong, stopped bool, n int) {
	s.t.Helper()
	m, err := engine.NewMachine(spreadProcessor(), s.w.Inbox, s.log.Partitions)
	require.NoError(s.t, err)
	epochs, err := engine.Epochs(s.t.Context(), s.log, event.TopicIdentityIn, s.w.Inbox)
	require.NoError(s.t, err)
	for _, e := range epochs {
		m.Expect(e.Epoch)
	}
	want := make(map[engine.Place][]string)
	for _, r := range all(s.t, s.log, s.w.inbox()) {
		for _, o := range m.Step(&r) {
			p := engine.Place{Topic: o.Topic, Partition: o.Partition}
			want[p] = append(want[p], string(o.Value))
		}
	}
	for _, topic := range []event.Topic{event.TopicConversationIn, event.TopicOutbound, event.TopicDead} {
		for i := range s.log.Partitions(topic) {
			p := engine.Place{Topic: topic, Partition: i}
			got := s.lane(p)
			for k := range got {
				wrong = wrong || k >= len(want[p]) || got[k] != want[p][k]
			}
			stopped, n = stopped || len(got) < len(want[p]), n+len(got)
		}
	}
	return wrong, stopped, n
}

// lane is what a reader of a destination takes of ours.
func (s *stage) lane(p engine.Place) (got []string) {
	var lanes engine.Lanes
	first, end, err := s.log.Bounds(s.t.Context(), p.Topic, p.Partition)
	require.NoError(s.t, err)
	require.NoError(s.t, engine.ReadTo(s.t.Context(), s.log, p, first, end, func(r *event.Record) error {
		e, err := event.Unmarshal(r.Value)
		if err != nil {
			return err
		}
		o := e.GetOrigin()
		if o.GetProcessor() == "spread" && int(o.GetPartition()) == s.w.Inbox && lanes.Take(o) == engine.Take {
			got = append(got, string(r.Value))
		}
		return nil
	}))
	return got
}

// whole requires that every output is taken once and in order.
func (s *stage) whole() {
	s.t.Helper()
	wrong, stopped, n := s.taken()
	require.False(s.t, wrong, "a destination holds what the fold did not decide")
	require.False(s.t, stopped, "a lane is not complete")
	require.Positive(s.t, n)
}

func (s *stage) checkpoints() []string {
	s.t.Helper()
	names, err := checkpoint.Open(s.store, "spread", s.w.Inbox).Names(s.t.Context())
	require.NoError(s.t, err)
	require.NotEmpty(s.t, names)
	return names
}

func killsLoseNothing(t *testing.T, w World) {
	s := newStage(t, w)
	procs := [2]*process{s.spawn("b0", true), s.spawn("b0", false)}
	for i := range 6 {
		s.send(60, 5*time.Millisecond)
		procs[i%2].kill()
		procs[i%2] = s.spawn("b0", i%2 == 0)
	}
	s.settled(procs[0], s.send(60, 0))
	procs[1].kill()
	s.leave(procs[0])
	s.whole()
	for _, name := range append(s.checkpoints(), "") {
		r := s.replay(name)
		require.NoError(t, r.Err(), "replayed from %q", name)
		require.Zero(t, r.Pending+r.Foreign)
		require.Equal(t, r.Outputs, r.Equal)
	}
	require.Positive(t, s.replay("").Checkpoints)
}

func upgradesHandOver(t *testing.T, w World) {
	s := newStage(t, w)
	old := s.spawn("b0", true)
	s.settled(old, s.send(60, time.Millisecond))
	fresh := s.spawn("b1", true)
	end := s.send(60, time.Millisecond)
	s.settled(fresh, end)
	until(t, "the old build to see that it is superseded", func() bool { return errors.Is(old.host.Ready(), engine.ErrSuperseded) })
	s.settled(fresh, s.send(20, 0))
	s.leave(old)
	s.leave(fresh)
	epochs, err := engine.Epochs(t.Context(), s.log, event.TopicIdentityIn, w.Inbox)
	require.NoError(t, err)
	require.Len(t, epochs, 2)
	require.Equal(t, "b1", epochs[1].Epoch.GetBuild())
	require.Equal(t, "upgrade", epochs[1].Epoch.GetReason())
	require.Less(t, epochs[1].Offset, end)
	s.whole()
	r, err := replay.Compare(t.Context(), s.config("b1", ""))
	require.NoError(t, err)
	require.NoError(t, r.Err())
}

func gapsAreRepaired(t *testing.T, w World) {
	s := newStage(t, w)
	p := s.spawn("b0", true)
	s.settled(p, s.send(40, 0))
	p.loses.Store(true)
	until(t, "outputs to be lost", func() bool { s.send(1, 0); return !p.loses.Load() })
	s.settled(p, s.send(40, 0))
	s.leave(p)
	wrong, stopped, before := s.taken()
	require.False(t, wrong, "a loss is a visible stop")
	require.True(t, stopped)
	r := s.replay("")
	require.Error(t, r.Err())
	require.Equal(t, "missing", r.First.Kind)
	again, err := replay.Resend(t.Context(), s.config("b0", ""), nil)
	require.NoError(t, err)
	require.Equal(t, r.Outputs, again.Outputs)
	s.whole()
	_, _, after := s.taken()
	require.Greater(t, after, before)
	require.NoError(t, s.replay("").Err())
}

func recordsAreSkipped(t *testing.T, w World) {
	s := newStage(t, w)
	p := s.spawn("b0", true)
	end := s.send(20, 0)
	s.settled(p, end)
	s.leave(p)
	at := s.send(1, 0) - 1
	s.send(20, 0)
	e, err := replay.Skip(t.Context(), s.config("b0", ""), at)
	require.NoError(t, err)
	require.EqualValues(t, 2, e.Epoch.GetNumber())
	_, err = replay.Skip(t.Context(), s.config("b0", ""), end-1)
	require.Error(t, err, "it is folded")
	p = s.spawn("b0", true)
	s.settled(p, s.send(5, 0))
	s.leave(p)
	s.whole()
	require.NoError(t, s.replay("").Err())
}

func timeMoves(t *testing.T, w World) {
	s := newStage(t, w)
	p := s.spawn("b0", true)
	s.settled(p, s.send(7, 0))
	until(t, "each of seven timers to fire", func() bool {
		n := 0
		for i := range s.log.Partitions(event.TopicOutbound) {
			n += len(s.lane(engine.Place{Topic: event.TopicOutbound, Partition: i}))
		}
		return n == 7
	})
	s.leave(p)
	s.whole()
	require.NoError(t, s.replay("").Err())
}
