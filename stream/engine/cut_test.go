package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/event"
)

// A power cut takes what was not synced, of each topic another part: the checkpoint was synced, and what is behind it is
// emitted again, whatever ticks say of it.
func TestAPowerCutLosesNoOutputOfWhatTheInboxStillHolds(t *testing.T) {
	each(t, 20, func(t *testing.T, s *sim) {
		for range 3 {
			ends, err := engine.Ends(t.Context(), s.log, []engine.Processor{scatterProcessor(0)})
			require.NoError(t, err)
			if early := s.ends != nil; early { // somebody appends before the engine is there, and before its epoch stands
				s.put("1", "abcd1")
				s.put("2", "abcd1")
			}
			p := s.spawn(spawned{owner: true, unclean: s.ends != nil, ends: ends})
			s.put("3", "abcd1")
			time.Sleep(time.Millisecond)
			s.put("4", "abcd1")
			if s.rnd.IntN(2) == 0 {
				s.spawn(spawned{})
			}
			time.Sleep(3 * time.Second)
			for i := range 60 {
				s.load(i)
			}
			time.Sleep(time.Duration(s.rnd.IntN(6000)) * time.Millisecond)
			s.end()
			s.procs = nil
			_ = p
			s.powerCut()
		}
		s.drain(spawned{unclean: true})
		wrong, stopped := s.compare()
		require.False(t, stopped, "a lane is not complete")
		_ = wrong // outputs of inbox records that were lost may stand in a destination
		s.everyMessageHasItsOutputs()
		r := s.replay(spawned{}, "")
		require.Zero(t, r.Pending)
	})
}

// everyMessageHasItsOutputs reads all lanes and looks for what each message in the inbox must have led to.
func (s *sim) everyMessageHasItsOutputs() {
	got := map[string]int{}
	for _, p := range s.places() {
		var lanes engine.Lanes
		for _, r := range s.log.All(p.Topic, p.Partition) {
			e, err := event.Unmarshal(r.Value)
			require.NoError(s.t, err)
			if lanes.Take(e.GetOrigin()) == engine.Take {
				got[fmt.Sprint(e.GetOrigin().GetOffset(), e.GetCustomerMessage().GetMessage())]++
			}
		}
	}
	for _, r := range s.log.All(event.TopicIdentityIn, 0) {
		e, err := event.Unmarshal(r.Value)
		require.NoError(s.t, err)
		m := e.GetCustomerMessage()
		if want := len(m.GetMessage()) % 4; m != nil && got[fmt.Sprint(r.Offset, m.GetMessage())] < want && got[fmt.Sprint(r.Offset)] == 0 {
			s.t.Fatalf("offset %d: message %q has no outputs that a reader takes", r.Offset, m.GetMessage())
		}
	}
}

// powerCut leaves of each partition what was synced and a random part of the rest.
func (s *sim) powerCut() {
	s.mu.Lock()
	ends := s.ends
	s.mu.Unlock()
	for _, p := range append(s.places(), engine.Place{Topic: event.TopicIdentityIn}) {
		have := len(s.log.All(p.Topic, p.Partition))
		s.log.Truncate(p.Topic, p.Partition, ends[p]+int64(s.rnd.IntN(have-int(ends[p])+1)))
	}
}

// The inbox ends before the checkpoint: the state goes on in an epoch of its own, also for those that start later.
func TestALogThatEndsBeforeItsCheckpointGoesOnInANewEpoch(t *testing.T) {
	each(t, 10, func(t *testing.T, s *sim) {
		first := s.spawn(spawned{owner: true})
		time.Sleep(3 * time.Second)
		for i := range 60 {
			s.load(i)
		}
		require.NoError(t, first.stop())
		s.log.Truncate(event.TopicIdentityIn, 0, 40)
		s.spawn(spawned{owner: true})
		s.spawn(spawned{}) // both find the log cut at once
		time.Sleep(time.Millisecond)
		s.put("1", "abc") // before either's epoch stands
		for i := range 40 {
			s.load(i)
		}
		s.procs[1].kill()
		s.procs[2].kill()
		s.drain(spawned{})
		s.noGaps()
		epochs, err := engine.Epochs(t.Context(), s.log, event.TopicIdentityIn, 0)
		require.NoError(t, err)
		require.Equal(t, "truncated", epochs[len(epochs)-1].Epoch.GetReason())
		cut := epochs[len(epochs)-1].Epoch.GetNumber()
		folded := map[int64]bool{}
		for _, r := range s.outputs() {
			if o := originOf(r); o.GetEpoch() >= cut-1 && o.GetEpoch() > 1 {
				folded[o.GetOffset()] = true
			}
		}
		for _, r := range s.log.All(event.TopicIdentityIn, 0)[40:] {
			if e, bad := event.Unmarshal(r.Value); bad == nil && len(e.GetCustomerMessage().GetMessage())%4 != 0 {
				require.True(t, folded[r.Offset], "offset %d came after the cut and has no output", r.Offset)
			}
		}
		names, err := checkpoint.Open(s.store, "scatter", 0).Names(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.replay(spawned{}, names[len(names)-2]).Err())
	})
}

// The inbox begins behind the checkpoint: what is gone is gone, what is left is folded under numbers that nobody has taken.
func TestALogThatBeginsBehindItsCheckpointGoesOnInANewEpoch(t *testing.T) {
	each(t, 10, func(t *testing.T, s *sim) {
		first := s.spawn(spawned{owner: true})
		time.Sleep(3 * time.Second)
		for i := range 30 {
			s.load(i)
		}
		require.NoError(t, first.stop())
		at := first.status().Checkpoint
		for i := range 30 {
			s.put("1", string(rune('a'+i)))
		}
		s.log.Trim(event.TopicIdentityIn, 0, at+10)
		s.spawn(spawned{owner: true})
		time.Sleep(10 * time.Second)
		s.procs[1].kill()
		s.drain(spawned{})
		s.noGaps()
		folded := map[int64]bool{}
		for _, r := range s.outputs() {
			if o := originOf(r); o.GetEpoch() == 2 {
				folded[o.GetOffset()] = true
			}
		}
		for o := at + 10; o < at+30; o++ {
			require.True(t, folded[o], "offset %d is kept and has no output", o)
		}
	})
}

// Whatever is torn is passed over: the checkpoint before it, or the log, has it all.
func TestTornCheckpointsArePassedOver(t *testing.T) {
	each(t, 15, func(t *testing.T, s *sim) {
		s.chaos(100, "", func(a, b *process) {
			if s.rnd.Float64() < .1 {
				s.tear()
			}
		})
		s.tear()
		s.operate()
		s.drain(spawned{})
		wrong, stopped := s.compare()
		require.False(t, wrong)
		require.False(t, stopped)
	})
}

// tear damages or removes one object of the checkpoints.
func (s *sim) tear() {
	names, err := s.store.List(s.t.Context(), "checkpoints/")
	require.NoError(s.t, err)
	if len(names) == 0 {
		return
	}
	name := names[s.rnd.IntN(len(names))]
	data, err := s.store.Get(s.t.Context(), name)
	require.NoError(s.t, err)
	switch s.rnd.IntN(3) {
	case 0:
		err = s.store.Delete(s.t.Context(), name)
	case 1:
		err = s.store.Put(s.t.Context(), name, data[:len(data)/2])
	default:
		data = slices.Clone(data)
		data[s.rnd.IntN(len(data))] ^= 1 << s.rnd.IntN(8)
		err = s.store.Put(s.t.Context(), name, data)
	}
	require.NoError(s.t, err)
}

// whole tells whether the newest checkpoint that is whole can be loaded.
func (s *sim) whole() error {
	_, _, err := checkpoint.Open(s.store, "scatter", 0).Newest(s.t.Context(), func(string, error) {})
	return err
}

// operate does what an operator does where no checkpoint is whole and the log holds everything: it deletes them.
func (s *sim) operate() {
	if !errors.Is(s.whole(), engine.ErrNoCheckpoint) {
		return
	}
	names, err := s.store.List(s.t.Context(), "checkpoints/")
	require.NoError(s.t, err)
	for _, name := range names {
		require.NoError(s.t, s.store.Delete(s.t.Context(), name))
	}
}

// Owner and standby, each with a store of its own, write the same checkpoints byte for byte.
func TestOwnerAndStandbyWriteTheSameCheckpoints(t *testing.T) {
	each(t, 8, func(t *testing.T, s *sim) {
		s.spawn(spawned{owner: true})
		theirs := s.store
		twin := newSim(t, 99)
		twin.log = s.log
		twin.spawn(spawned{})
		for i := range 80 {
			s.load(i)
		}
		time.Sleep(10 * time.Second)
		s.end()
		twin.end()
		ours := twin.store
		names, err := ours.List(t.Context(), "checkpoints/")
		require.NoError(t, err)
		same := 0
		for _, name := range names {
			a, missing := ours.Get(t.Context(), name)
			require.NoError(t, missing)
			if b, missing := theirs.Get(t.Context(), name); missing == nil {
				require.Equal(t, string(b), string(a), name)
				same++
			}
		}
		require.Greater(t, same, 3)
		manifests, err := checkpoint.Open(theirs, "scatter", 0).Names(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(manifests), 6, "older ones are deleted")
	})
}
