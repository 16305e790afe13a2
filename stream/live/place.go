package live

import (
	"context"
	"fmt"
	"slices"

	"github.com/tributary-cc/tributary/stream/event"
)

// Place is where a record stands in a topic: the partition in the upper 16 bits, the offset in the lower 48. A view of a
// hundred thousand conversations holds half a million of them, hence one word.
type Place uint64

const offsetBits = 48

// PlaceOf is the place of a record.
func PlaceOf(r *event.Record) Place {
	return Place(uint64(r.Partition)<<offsetBits | uint64(r.Offset)&(1<<offsetBits-1)) //nolint:gosec // partitions fit 16 bits, offsets 48
}

// Partition is the place's partition.
func (p Place) Partition() int { return int(p >> offsetBits) }

// Offset is the place's offset.
func (p Place) Offset() int64 { return int64(p & (1<<offsetBits - 1)) }

// Fetch reads the events at the places of a topic; what is not kept any more, or does not decode, is missing.
func Fetch(ctx context.Context, log Reader, topic event.Topic, places []Place) (map[Place]*event.Event, error) {
	byPartition := make(map[int][]int64)
	for _, p := range places {
		byPartition[p.Partition()] = append(byPartition[p.Partition()], p.Offset())
	}
	found := make(map[Place]*event.Event, len(places))
	for partition, offsets := range byPartition {
		slices.Sort(offsets)
		records, err := log.At(ctx, topic, partition, slices.Compact(offsets))
		if err != nil {
			return nil, fmt.Errorf("reading %d records of %s/%d: %w", len(offsets), topic, partition, err)
		}
		for i := range records {
			// What does not decode is left out as engine.Follow leaves it out: verification reports it.
			if e, err := event.Unmarshal(records[i].Value); err == nil {
				found[PlaceOf(&records[i])] = e
			}
		}
	}
	return found, nil
}
