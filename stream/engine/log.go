package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tributary-cc/tributary/stream/event"
)

// Log is the log as the engine needs it: partitions, totally ordered, appended at the end and read from anywhere.
type Log interface {
	// Partitions is how many partitions a topic has. It is set once per installation.
	Partitions(topic event.Topic) int
	// Bounds are the first offset still kept and the offset that the next record will get.
	Bounds(ctx context.Context, topic event.Topic, partition int) (first, end int64, err error)
	// Read tails a partition from an offset: handle gets what came meanwhile, at once and in order, and the partition's
	// end as the broker last said it; with an empty batch when there was nothing for a while. The batch is the caller's. Read returns
	// handle's error, ctx's, or a RangeError where the log does not hold the offset; what passes by itself is tried again.
	Read(ctx context.Context, topic event.Topic, partition int, from int64, handle func(batch []event.Record, end int64) error) error
	// Append queues records behind those queued earlier for the partition, in order. It calls done(nil) once, from
	// another goroutine, when all in-sync replicas have them; failures are tried again until ctx is done.
	Append(ctx context.Context, topic event.Topic, partition int, records []event.Record, done func(error))
	// At reads single records, in the order of their offsets and each once; a record that is not kept any more is left out, and one that was never there is left
	// out or a RangeError.
	At(ctx context.Context, topic event.Topic, partition int, offsets []int64) ([]event.Record, error)
}

// RangeError says that a partition does not hold an offset: it ends before it, or begins behind it.
type RangeError struct {
	Topic      event.Topic
	Partition  int
	Offset     int64
	First, End int64
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s/%d holds offsets %d to %d, not %d: the log was truncated, moved, or its retention is too short",
		e.Topic, e.Partition, e.First, e.End, e.Offset)
}

// Delivered is an event with the record that brought it.
type Delivered struct {
	Record event.Record
	Event  *event.Event
}

// GapHearer is a Log that wants to hear of gaps: each record that Follow did not take because something before it in its lane is
// missing. First is set for the first one since the lane was whole.
type GapHearer interface {
	HearGap(topic event.Topic, partition int, offset int64, origin *event.Origin, first bool)
}

// Follow reads facts: every event of every lane exactly once and in its lane's order, control records left out. Lanes
// starts empty, or as it was at offset from, and is moved along; handle owns the batch, next is the offset behind it.
// Where lanes are empty and from is not the first offset ever, the beginning is not kept any more, and each lane begins where it is
// first seen ([Lanes.Adopt]) instead of standing for ever. A gap is not taken, and a log that is a [GapHearer] hears of it.
// A record that does not decode is left out: its writer is a fold of ours, so it can only be damage, and handle's caller
// learns of it by the error of a later Verify, not by standing still.
func Follow(
	ctx context.Context, log Log, topic event.Topic, partition int, from int64, lanes *Lanes,
	handle func(batch []Delivered, next, end int64) error,
) error {
	hearer, _ := log.(GapHearer)
	stand := make(map[laneKey]bool) // lanes with a gap
	next, settle := from, int64(-1)
	if from > 0 && len(lanes.at) == 0 {
		_, end, err := log.Bounds(ctx, topic, partition)
		if err != nil {
			return err
		}
		lanes.Adopt()
		settle = end
	}
	take := func(offset int64, o *event.Origin) bool {
		k := laneKey{o.GetProcessor(), o.GetPartition()}
		verdict := lanes.Take(o)
		switch verdict {
		case Take:
			delete(stand, k)
		case Gap:
			if hearer != nil {
				hearer.HearGap(topic, partition, offset, o, !stand[k])
			}
			stand[k] = true
		case Drop:
		}
		return verdict == Take
	}
	return log.Read(ctx, topic, partition, from, func(records []event.Record, end int64) error {
		batch := make([]Delivered, 0, len(records))
		for i := range records {
			if next >= settle {
				lanes.Settle()
			}
			next = records[i].Offset + 1
			e, err := event.Unmarshal(records[i].Value)
			if err != nil || e.GetTick() != nil || e.GetEpoch() != nil || !take(records[i].Offset, e.GetOrigin()) {
				continue
			}
			batch = append(batch, Delivered{records[i], e})
		}
		return handle(batch, next, end)
	})
}

// ReadTo hands over the records from an offset to an end, one by one.
func ReadTo(ctx context.Context, log Log, p Place, from, end int64, handle func(*event.Record) error) error {
	if from >= end {
		return nil
	}
	err := log.Read(ctx, p.Topic, p.Partition, from, func(batch []event.Record, _ int64) error {
		for i := range batch {
			if batch[i].Offset < end {
				if err := handle(&batch[i]); err != nil {
					return err
				}
			}
			if batch[i].Offset >= end-1 {
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

var errEnough = errors.New("read to the end")

// AppendAndWait appends and waits for the answer.
func AppendAndWait(ctx context.Context, log Log, p Place, records ...event.Record) error {
	done := make(chan error, 1)
	log.Append(ctx, p.Topic, p.Partition, records, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
