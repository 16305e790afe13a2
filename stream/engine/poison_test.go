package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
)

// slow is a process whose log brings a record at a time and whose store takes its time, so that a death finds each of its
// partitions amidst its work.
type slow struct{ *process }

func (l slow) Read(ctx context.Context, t event.Topic, n int, from int64, handle func([]event.Record, int64) error) error {
	return l.process.Read(ctx, t, n, from, func(b []event.Record, end int64) error {
		for i := range b {
			time.Sleep(2 * time.Millisecond)
			if err := handle(b[i:i+1:i+1], end); err != nil {
				return err
			}
		}
		if len(b) == 0 {
			return handle(b, end)
		}
		return nil
	})
}

type slowStore struct{ mortal }

func (m slowStore) Put(ctx context.Context, name string, data []byte) error {
	time.Sleep(time.Millisecond)
	return m.mortal.Put(ctx, name, data)
}

// hosted spawns a process that runs all partitions by a host; deadly is what the message "deadly" does to it.
func (s *sim) hosted(deadly func(*process)) (*process, *engine.Host) {
	p := &process{Log: s.log, s: s, rnd: s.rnd, ended: make(chan struct{}), top: -1}
	s.procs = append(s.procs, p)
	h := engine.NewHost(engine.Config{
		Log: slow{p}, Store: slowStore{mortal{s.store, p}}, Build: "b0", Writer: fmt.Sprint("h", len(s.procs)), Now: p.now,
	}, []engine.Processor{deadlyProcessor(0, func() { deadly(p) })}, nil)
	ctx, cancel := context.WithCancel(s.t.Context())
	p.cancel = cancel
	go func() {
		defer close(p.ended)
		p.err = h.Run(ctx)
	}()
	return p, h
}

func (s *sim) fill(partition, n int, message string) {
	for i := range n {
		v, err := event.Marshal(&event.Event{
			Tenant: "t", Key: "t/a", Body: &event.Event_CustomerMessage{CustomerMessage: &event.CustomerMessage{EntryPoint: fmt.Sprint(i % 5), Message: message}},
		})
		require.NoError(s.t, err)
		s.log.Append(context.Background(), event.TopicIdentityIn, partition, []event.Record{{Key: []byte("t/a"), Value: v}}, func(error) {})
	}
}

// folded tells of each partition whether it is folded to the end, and why it stands.
func folded(h *engine.Host) (ends []bool, halted []string) {
	for _, st := range h.Status() {
		ends, halted = append(ends, st.Next == st.End && st.End > 0), append(halted, st.Halted)
	}
	return ends, halted
}

func TestARecordThatKillsStopsItsPartitionAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 1)
		s.fill(0, 8, "a")
		s.fill(0, 1, "deadly")
		s.fill(0, 8, "b")
		s.fill(1, 30, "c")
		s.fill(2, 30, "d")
		for i := range 4 {
			p, _ := s.hosted(func(p *process) { p.kill(); runtime.Goexit() })
			time.Sleep(8 * time.Second)
			require.True(t, p.gone(), "run %d", i)
			<-p.ended
		}
		p, h := s.hosted(func(p *process) { p.kill(); runtime.Goexit() })
		time.Sleep(20 * time.Second)
		require.False(t, p.gone())
		ends, halted := folded(h)
		require.Equal(t, []bool{false, true, true}, ends)
		require.Contains(t, halted[0], engine.ErrPoisoned.Error())
		require.Equal(t, []string{"", ""}, halted[1:])
		require.ErrorIs(t, h.Ready(), engine.ErrPoisoned)
		_, err := replay.Skip(t.Context(), replay.Config{Log: s.log, Store: s.store, Processor: scatterProcessor(0), Build: "b0"}, 8)
		require.NoError(t, err)
		time.Sleep(20 * time.Second)
		ends, halted = folded(h)
		require.Equal(t, []bool{true, true, true}, ends)
		require.Equal(t, []string{"", "", ""}, halted)
		require.NoError(t, h.Ready())
		s.end()
	})
}

func TestKillsFromOutsideAccuseNobody(t *testing.T) {
	for after := 30 * time.Millisecond; after < 400*time.Millisecond; after += 13 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			s := newSim(t, 1)
			for p := range 3 {
				s.fill(p, 60, "a")
			}
			for range 6 {
				p, _ := s.hosted(func(*process) {})
				time.Sleep(after)
				p.kill()
				<-p.ended
			}
			_, h := s.hosted(func(*process) {})
			time.Sleep(20 * time.Second)
			ends, halted := folded(h)
			require.Equal(t, []bool{true, true, true}, ends)
			require.Equal(t, []string{"", "", ""}, halted)
			s.end()
		})
	}
}

func (p *process) gone() bool {
	dead, _ := p.state()
	return dead
}
