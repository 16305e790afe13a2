package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// lane is one record: processor, epoch and number.
type lane struct {
	processor     string
	epoch, number uint64
}

func putLanes(t *testing.T, log *enginetest.Log, lanes ...lane) {
	t.Helper()
	for _, l := range lanes {
		v, err := event.Marshal(&event.Event{
			Origin: &event.Origin{Processor: l.processor, Epoch: l.epoch, Number: l.number},
			Body:   &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}},
		})
		require.NoError(t, err)
		log.Append(t.Context(), event.TopicOutbound, 0, []event.Record{{Value: v}}, func(error) {})
	}
}

var errEnd = errors.New("at the end")

// follow reads from an offset to the present end.
func follow(t *testing.T, log *enginetest.Log, from int64, lanes *engine.Lanes) (got []lane) {
	t.Helper()
	err := engine.Follow(context.Background(), log, event.TopicOutbound, 0, from, lanes, func(batch []engine.Delivered, next, end int64) error {
		for _, d := range batch {
			o := d.Event.GetOrigin()
			got = append(got, lane{o.GetProcessor(), o.GetEpoch(), o.GetNumber()})
		}
		if next >= end {
			return errEnd
		}
		return nil
	})
	require.ErrorIs(t, err, errEnd)
	return got
}

// Where retention took the beginning, each lane begins where it is first seen; what it skips later is a gap, and is heard.
func TestAReaderOfATrimmedLogBeginsEachLaneWhereItIsFirstSeen(t *testing.T) {
	log := enginetest.NewLog(1)
	putLanes(t, log, lane{"a", 1, 1}, lane{"a", 1, 2}, lane{"a", 1, 3}, lane{"a", 1, 4}, lane{"b", 1, 1}, lane{"c", 1, 1}, lane{"c", 1, 2})
	putLanes(t, log, lane{"a", 1, 2}, lane{"a", 1, 5}, lane{"a", 1, 4}, lane{"a", 1, 5}, lane{"b", 2, 7}) // the first is a late repeat
	log.Trim(event.TopicOutbound, 0, 7)
	var lanes engine.Lanes
	require.Equal(t, []lane{{"a", 1, 2}, {"a", 1, 5}, {"b", 2, 7}}, follow(t, log, 7, &lanes))
	require.Empty(t, log.Gaps())

	var again engine.Lanes // as saved
	again.Restore(lanes.Positions())
	require.Equal(t, lanes.Positions(), again.Positions())
	putLanes(t, log, lane{"c", 1, 3}, lane{"a", 1, 6}, lane{"a", 1, 8}, lane{"a", 1, 9}, lane{"b", 2, 8})
	require.Equal(t, []lane{{"c", 1, 3}, {"a", 1, 6}, {"b", 2, 8}}, follow(t, log, 12, &again))
	require.Len(t, log.Gaps(), 2)
	putLanes(t, log, lane{"a", 1, 7}, lane{"a", 1, 8})
	require.Equal(t, []lane{{"a", 1, 7}, {"a", 1, 8}}, follow(t, log, 17, &again))

	var whole engine.Lanes // nothing was taken: the first number must be 1
	log = enginetest.NewLog(1)
	putLanes(t, log, lane{"a", 1, 2})
	require.Empty(t, follow(t, log, 0, &whole))
	require.Len(t, log.Gaps(), 1)
}
