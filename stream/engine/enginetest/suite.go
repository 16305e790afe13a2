package enginetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// World is a log that cases run on, and share: each has an inbox partition of its own.
type World struct {
	// Open gives the log as one more process would have it, until the test ends.
	Open func(t *testing.T) engine.Log
	// Now is the wall clock.
	Now func() time.Time
	// Inbox is the partition of identity.in that is the case's own. Outputs go to all partitions.
	Inbox int
}

// Case is something that holds of the engine on every log.
type Case struct {
	Name string
	Run  func(t *testing.T, w World)
}

// Suite is what must hold of a log, and of the engine on it, whatever the log is made of: in memory, the embedded broker, a
// cluster. The world needs as many partitions as there are cases.
func Suite() []Case {
	return []Case{
		{"appends are answered and stand in order", appendsStandInOrder},
		{"a reader tails from anywhere, and is told where there is nothing", readersTail},
		{"single records are read by offset", singleRecords},
		{"a reader of facts takes each event once and in order", factsAreTakenOnce},
		{"kills of owner and standby lose and double nothing", killsLoseNothing},
		{"an upgrade hands over at the epoch", upgradesHandOver},
		{"a gap stops the lane until it is sent again", gapsAreRepaired},
		{"a record is skipped by an epoch", recordsAreSkipped},
		{"served time moves and fires timers", timeMoves},
	}
}

func (w World) inbox() engine.Place {
	return engine.Place{Topic: event.TopicIdentityIn, Partition: w.Inbox}
}

var errEnough = errors.New("enough")

// patience is how long anything may take on a machine that has other things to do.
const patience = 90 * time.Second

// until waits for something.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end, beat := time.NewTimer(patience), time.NewTicker(10*time.Millisecond)
	defer end.Stop()
	defer beat.Stop()
	for !ok() {
		select {
		case <-beat.C:
		case <-end.C:
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

func pause(d time.Duration) { <-time.NewTimer(d).C }

func numbered(n int) event.Record {
	return event.Record{Key: []byte("k"), Value: binary.BigEndian.AppendUint64(nil, uint64(n)), Trace: fmt.Sprint("trace ", n)} //nolint:gosec // never negative
}

func appendsStandInOrder(t *testing.T, w World) {
	l, in := w.Open(t), w.inbox()
	first, end, err := l.Bounds(t.Context(), in.Topic, in.Partition)
	require.NoError(t, err)
	require.Zero(t, first)
	require.Zero(t, end)
	const calls, each = 300, 3
	answers := make(chan error, calls)
	for i := range calls {
		batch := make([]event.Record, each)
		for k := range batch {
			batch[k] = numbered(i*each + k)
		}
		l.Append(t.Context(), in.Topic, in.Partition, batch, func(err error) { answers <- err })
	}
	for range calls {
		require.NoError(t, <-answers)
	}
	_, end, err = w.Open(t).Bounds(t.Context(), in.Topic, in.Partition)
	require.NoError(t, err)
	require.GreaterOrEqual(t, end, int64(calls*each), "what was answered stands")
	next := 0 // a first copy of each stands in order; an answer that was lost makes repeats
	for _, r := range all(t, l, in) {
		switch n := int(binary.BigEndian.Uint64(r.Value)); { //nolint:gosec // as written
		case n > next:
			t.Fatalf("record %d stands before %d", n, next)
		case n == next:
			require.Equal(t, fmt.Sprint("trace ", n), r.Trace)
			require.Equal(t, "k", string(r.Key))
			next++
		}
	}
	require.Equal(t, calls*each, next)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, engine.AppendAndWait(gone, l, in, numbered(0)), context.Canceled)
}

// all reads what a partition holds.
func all(t *testing.T, l engine.Log, p engine.Place) (out []event.Record) {
	t.Helper()
	first, end, err := l.Bounds(t.Context(), p.Topic, p.Partition)
	require.NoError(t, err)
	require.NoError(t, engine.ReadTo(t.Context(), l, p, first, end, func(r *event.Record) error {
		require.True(t, r.Topic == p.Topic && r.Partition == p.Partition)
		require.Equal(t, first+int64(len(out)), r.Offset)
		out = append(out, *r)
		return nil
	}))
	return out
}

func readersTail(t *testing.T, w World) {
	l, in := w.Open(t), w.inbox()
	require.NoError(t, engine.AppendAndWait(t.Context(), l, in, numbered(0), numbered(1), numbered(2)))
	var got []int64
	idle := false
	err := l.Read(t.Context(), in.Topic, in.Partition, 1, func(batch []event.Record, end int64) error {
		for _, r := range batch {
			require.Less(t, r.Offset, end)
			got = append(got, r.Offset)
		}
		switch {
		case len(batch) == 0 && !idle && len(got) == 2: // nothing for a while: now there is something
			idle = true
			require.EqualValues(t, 3, end)
			w.Open(t).Append(t.Context(), in.Topic, in.Partition, []event.Record{numbered(3)}, func(error) {})
		case len(got) == 3:
			return errEnough
		}
		return nil
	})
	require.ErrorIs(t, err, errEnough)
	require.True(t, idle)
	require.Equal(t, []int64{1, 2, 3}, got)
	err = l.Read(t.Context(), in.Topic, in.Partition, 100, func([]event.Record, int64) error { return nil })
	var outside *engine.RangeError
	require.ErrorAs(t, err, &outside)
	require.Equal(t, engine.RangeError{Topic: in.Topic, Partition: in.Partition, Offset: 100, First: 0, End: 4}, *outside)
	gone, cancel := context.WithCancel(t.Context())
	err = l.Read(gone, in.Topic, in.Partition, 4, func([]event.Record, int64) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
}

func singleRecords(t *testing.T, w World) {
	l, in := w.Open(t), w.inbox()
	for i := range 50 {
		require.NoError(t, engine.AppendAndWait(t.Context(), l, in, numbered(i)))
	}
	got, err := l.At(t.Context(), in.Topic, in.Partition, []int64{49, 0, 17, 17})
	require.NoError(t, err)
	var offsets []int64
	for _, r := range got {
		require.EqualValues(t, r.Offset, binary.BigEndian.Uint64(r.Value))
		offsets = append(offsets, r.Offset)
	}
	require.Equal(t, []int64{0, 17, 49}, offsets)
	got, err = l.At(t.Context(), in.Topic, in.Partition, []int64{3, 500})
	var outside *engine.RangeError
	require.True(t, err == nil && len(got) == 1 || errors.As(err, &outside), "what was never there is left out or an error: %v", err)
	require.Equal(t, 1, l.Partitions(event.TopicConfigIn))
	require.Greater(t, l.Partitions(in.Topic), w.Inbox)
}

func factsAreTakenOnce(t *testing.T, w World) {
	l, in := w.Open(t), w.inbox()
	body := &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}}
	put := func(e *event.Event) {
		v, err := event.Marshal(e)
		require.NoError(t, err)
		require.NoError(t, engine.AppendAndWait(t.Context(), l, in, event.Record{Value: v}))
	}
	lane := func(epoch uint64, numbers ...uint64) {
		for _, n := range numbers {
			put(&event.Event{Origin: &event.Origin{Processor: "p", Epoch: epoch, Number: n}, Body: body})
		}
	}
	put(&event.Event{Body: &event.Event_Tick{Tick: &event.Tick{}}})
	lane(1, 1, 2, 1, 2, 3, 5, 4, 5) // 5 before 4 is a gap
	put(&event.Event{Body: body})   // without an origin
	lane(2, 2, 1)                   // a later epoch, not from its beginning
	lane(1, 6)                      // and an earlier one behind it
	var got []int64
	take := func(from int64, lanes *engine.Lanes) {
		err := engine.Follow(t.Context(), l, in.Topic, in.Partition, from, lanes, func(batch []engine.Delivered, next, end int64) error {
			for _, d := range batch {
				got = append(got, d.Record.Offset)
			}
			if next >= end {
				return errEnough
			}
			return nil
		})
		require.ErrorIs(t, err, errEnough)
	}
	var lanes engine.Lanes
	take(0, &lanes)
	require.Equal(t, []int64{1, 2, 5, 7, 8, 9, 11}, got)
	lane(2, 1, 2, 3)
	var again engine.Lanes // as saved
	again.Restore(lanes.Positions())
	take(13, &again)
	require.Equal(t, []int64{14, 15}, got[7:])
}
