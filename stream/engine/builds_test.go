package engine_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
)

// noGaps fails where a reader would stand before a gap, and counts what it takes of each epoch.
func (s *sim) noGaps() map[uint64]int {
	taken := map[uint64]int{}
	for _, p := range s.places() {
		var lanes engine.Lanes
		for _, r := range s.log.All(p.Topic, p.Partition) {
			o := originOf(r)
			switch lanes.Take(o) {
			case engine.Take:
				taken[o.GetEpoch()]++
			case engine.Gap:
				s.t.Fatalf("%s/%d offset %d: a gap before epoch %d number %d", p.Topic, p.Partition, r.Offset, o.GetEpoch(), o.GetNumber())
			case engine.Drop:
			}
		}
	}
	return taken
}

func TestAnUpgradeHandsOverAtTheEpoch(t *testing.T) {
	each(t, 10, func(t *testing.T, s *sim) {
		oldOwner, oldStandby := s.spawn(spawned{owner: true}), s.spawn(spawned{})
		time.Sleep(3 * time.Second)
		for i := range 40 {
			s.load(i)
		}
		s.spawn(spawned{owner: true, version: 1})
		for i := range 40 {
			s.load(i)
		}
		<-oldOwner.ended
		<-oldStandby.ended
		require.ErrorIs(t, oldOwner.err, engine.ErrSuperseded)
		require.ErrorIs(t, oldStandby.err, engine.ErrSuperseded)
		s.spawn(spawned{version: 1})
		for i := range 40 {
			s.load(i)
		}
		s.procs[2].kill()
		s.drain(spawned{version: 1})
		wrong, stopped := s.compare()
		require.False(t, wrong, "a build folded what was another's")
		require.False(t, stopped)

		fresh := s.replay(spawned{version: 1}, "")
		require.NoError(t, fresh.Err(), "from the hand-over on this build's replay must be exact")
		require.Positive(t, fresh.Foreign, "the other build's span is a difference")
		require.Positive(t, fresh.Equal)
		old := s.replay(spawned{}, "")
		require.NoError(t, old.Err())
		require.Positive(t, old.Foreign)
	})
}

func TestANewBuildFoldsTheLastSpanOfOneThatIsGone(t *testing.T) {
	each(t, 10, func(t *testing.T, s *sim) {
		p := s.spawn(spawned{owner: true})
		for i := range 60 {
			s.load(i)
		}
		p.kill()
		time.Sleep(time.Second)
		s.drain(spawned{version: 1})
		for i := range 20 {
			s.load(i)
		}
		s.drain(spawned{version: 1})
		taken := s.noGaps()
		require.NotEmpty(t, taken[2], "the new build's epoch has outputs: %v", taken)
	})
}

func TestTwoBuildsInTurnsKeepEveryLaneWhole(t *testing.T) {
	each(t, 10, func(t *testing.T, s *sim) {
		time.Sleep(time.Second)
		for turn := range 5 {
			s.spawn(spawned{owner: true, version: turn % 2})
			for i := range 20 {
				s.load(i)
			}
			time.Sleep(5 * time.Second) // the hand-over is done
		}
		s.procs[len(s.procs)-1].kill()
		s.drain(spawned{version: 0})
		s.noGaps()
		wrong, stopped := s.compare()
		require.False(t, wrong)
		require.False(t, stopped)
	})
}

func TestAStandbyThatDecidesOtherwiseStandsDownAndDumps(t *testing.T) {
	each(t, 8, func(t *testing.T, s *sim) {
		s.spawn(spawned{owner: true})
		time.Sleep(3 * time.Second)
		other := s.spawn(spawned{build: "b0", version: 1}) // the same name of a build, but other decisions
		for i := range 40 {
			s.load(i)
		}
		<-other.ended
		require.ErrorIs(t, other.err, engine.ErrDiverged)
		names, err := s.store.List(t.Context(), "diverged/scatter/0/")
		require.NoError(t, err)
		require.Len(t, names, 1)
		dump, err := s.store.Get(t.Context(), names[0])
		require.NoError(t, err)
		require.Contains(t, string(dump), " number ")
	})
}

func TestARecordThatKillsStandsAfterFourDeathsAndIsSkipped(t *testing.T) {
	each(t, 8, func(t *testing.T, s *sim) {
		deaths := 0
		deadly := func(p *process) func() {
			return func() {
				deaths++
				p.kill()
				runtime.Goexit()
			}
		}
		for i := range 10 {
			s.load(i)
		}
		_, at, err := s.log.Bounds(t.Context(), event.TopicIdentityIn, 0)
		require.NoError(t, err)
		s.put("1", "deadly")
		for i := range 10 {
			s.load(i)
		}
		var last *process
		for last == nil || last.err == nil || strings.Contains(last.err.Error(), "killed") {
			require.Less(t, len(s.procs), 10, "nobody stands still")
			last = s.spawn(spawned{owner: true, deadly: deadly})
			<-last.ended
		}
		require.ErrorIs(t, last.err, engine.ErrPoisoned)
		require.Equal(t, 4, deaths)

		cfg := replay.Config{Log: s.log, Store: s.store, Processor: scatterProcessor(0), Build: "b0"}
		_, err = replay.Skip(t.Context(), cfg, at)
		require.NoError(t, err)
		_, err = replay.Skip(t.Context(), cfg, at)
		require.NoError(t, err, "asked for twice it is done once")
		s.spawn(spawned{owner: true, deadly: deadly})
		time.Sleep(20 * time.Second)
		require.NoError(t, s.procs[len(s.procs)-1].stop())
		require.Equal(t, 4, deaths)
		wrong, stopped := s.compare()
		require.False(t, wrong)
		require.False(t, stopped)
		_, err = replay.Skip(t.Context(), cfg, at-1)
		require.ErrorContains(t, err, "folded already")
		require.NoError(t, s.replay(spawned{}, "").Err())
	})
}

func TestShutdownLeavesNothingToDo(t *testing.T) {
	each(t, 8, func(t *testing.T, s *sim) {
		owner, standby := s.spawn(spawned{owner: true}), s.spawn(spawned{})
		time.Sleep(3 * time.Second)
		for i := range 30 {
			s.load(i)
		}
		require.NoError(t, standby.stop())
		before := time.Now()
		require.NoError(t, owner.stop())
		require.Less(t, time.Since(before), 9*time.Second)
		for _, r := range s.log.All(event.TopicIdentityIn, 0)[owner.status().Checkpoint:] {
			require.Equal(t, "#engine", string(r.Key), "a message stands behind the last checkpoint")
		}
		s.late.Wait()
		outs, at := s.before(owner.status().Checkpoint), owner.status().Checkpoint
		s.spawn(spawned{owner: true})
		time.Sleep(time.Second)
		require.Equal(t, outs, s.before(at), "nothing is emitted again")
		s.procs[2].kill()
		s.drain(spawned{})
		wrong, stopped := s.compare()
		require.False(t, wrong || stopped)
	})
}

// before counts the outputs of records below an offset.
func (s *sim) before(offset int64) (n int) {
	for _, r := range s.outputs() {
		if originOf(r).GetOffset() < offset {
			n++
		}
	}
	return n
}

// A standby that is asked to leave may not publish what nobody acknowledged.
func TestALeavingStandbyPublishesNoCheckpointOfItsOwn(t *testing.T) {
	each(t, 8, func(t *testing.T, s *sim) {
		owner := s.spawn(spawned{owner: true})
		time.Sleep(3 * time.Second)
		standby := s.spawn(spawned{})
		for i := range 60 {
			s.load(i)
			if i == 40 {
				owner.kill() // what it held is nowhere
				require.NoError(t, standby.stop())
			}
		}
		s.drain(spawned{})
		wrong, stopped := s.compare()
		require.False(t, wrong || stopped)
	})
}
