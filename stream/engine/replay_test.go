package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
)

// recorded runs some load through healthy processes and leaves a whole log.
func recorded(t *testing.T) *sim {
	s := newSim(t, 1)
	s.chaos(80, "", nil)
	s.drain(spawned{})
	s.end()
	return s
}

func TestReplayFindsOneFlippedBitAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := recorded(t)
		require.NoError(t, s.replay(spawned{}, "").Err())
		places := append(s.places(), engine.Place{Topic: event.TopicIdentityIn})
		for range 200 {
			p := places[s.rnd.IntN(len(places))]
			all := s.log.All(p.Topic, p.Partition)
			if len(all) == 0 {
				continue
			}
			r := all[s.rnd.IntN(len(all))]
			if p.Topic != event.TopicIdentityIn && s.repeated(all, r) {
				continue // a repeat that no reader takes
			}
			v := slices.Clone(r.Value)
			v[s.rnd.IntN(len(v))] ^= 1 << s.rnd.IntN(8)
			s.log.Alter(p.Topic, p.Partition, r.Offset, v)
			rep := s.replay(spawned{}, "")
			require.Error(t, rep.Err(), "%s/%d offset %d of %d", p.Topic, p.Partition, r.Offset, len(all))
			s.log.Alter(p.Topic, p.Partition, r.Offset, r.Value)
		}
		require.NoError(t, s.replay(spawned{}, "").Err())
	})
}

// repeated tells whether the same event stands more than once.
func (s *sim) repeated(all []event.Record, r event.Record) bool {
	n := 0
	for _, x := range all {
		if string(x.Value) == string(r.Value) {
			n++
		}
	}
	return n > 1
}

func TestReplayFindsAChangedRuleAndSaysWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := recorded(t)
		r := s.replay(spawned{build: "b0", version: 1}, "")
		require.Error(t, r.Err())
		require.NotNil(t, r.First)
		require.Contains(t, []string{"changed", "extra", "missing"}, r.First.Kind)
		require.Equal(t, event.TopicConversationIn, r.First.Topic)
		require.Contains(t, r.Err().Error(), "cause")

		other := s.replay(spawned{version: 1}, "")
		require.NoError(t, other.Err(), "what another build decides is a difference, not a failure")
		require.Positive(t, other.Foreign)
		require.NotNil(t, other.FirstOther)
	})
}

func TestReplayFindsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := recorded(t)
		p := s.places()[1]
		_, end, err := s.log.Bounds(t.Context(), p.Topic, p.Partition)
		require.NoError(t, err)
		s.log.Truncate(p.Topic, p.Partition, end/2)
		r := s.replay(spawned{}, "")
		require.Error(t, r.Err())
		require.Equal(t, "missing", r.First.Kind)
		require.EqualValues(t, -1, r.First.Offset)

		again, err := replay.Resend(t.Context(), replay.Config{Log: s.log, Store: s.store, Processor: scatterProcessor(0), Build: "b0"},
			func(topic event.Topic, partition int) bool { return topic == p.Topic && partition == p.Partition })
		require.NoError(t, err)
		require.Positive(t, again.Outputs)
		require.NoError(t, s.replay(spawned{}, "").Err(), "what was sent again is whole")
	})
}

// A reader stands before a gap, and goes on when the lane is sent again.
func TestAGapStopsTheLaneUntilItIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, 3)
		p := s.spawn(spawned{owner: true})
		time.Sleep(3 * time.Second)
		for i := range 10 {
			s.load(i)
		}
		lost := false
		s.log.Before(func(topic event.Topic, _ int, _ []event.Record) enginetest.Fault {
			if topic == event.TopicConversationIn && !lost {
				lost = true
				return enginetest.Swallowed
			}
			return enginetest.None
		})
		for i := range 30 {
			s.load(i)
		}
		p.kill()
		s.drain(spawned{})
		_, stopped := s.compare()
		require.True(t, lost)
		if !stopped {
			t.Skip("the batch was sent again by itself") // not with this seed
		}
		names, err := checkpoint.Open(s.store, "scatter", 0).Names(t.Context())
		require.NoError(t, err)
		_, err = replay.Resend(t.Context(), replay.Config{
			Log: s.log, Store: s.store, Processor: scatterProcessor(0), Build: "b0", Checkpoint: names[0],
		}, nil)
		require.NoError(t, err)
		_, err = replay.Resend(t.Context(), replay.Config{Log: s.log, Store: s.store, Processor: scatterProcessor(0), Build: "b0"}, nil)
		require.NoError(t, err)
		wrong, stopped := s.compare()
		require.False(t, wrong || stopped)
		s.end()
	})
}
