package live

import (
	"context"
	"fmt"
	"hash/maphash"
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

// Line is one message: where it stands, and what became of it. Mark holds a state in the upper 4 bits, the message's
// sequence in the next 20, and a hash of its id in the rest, by which a later receipt finds it.
type Line struct {
	At   Place
	mark uint64
}

const (
	hashBits  = 40
	hashMask  = 1<<hashBits - 1
	stateBits = 4
	stateAt   = 64 - stateBits
	// MaxSequence stands for itself and all that are greater.
	MaxSequence = 1<<(stateAt-hashBits) - 1
)

// State is what became of the message.
func (l Line) State() uint8 { return uint8(l.mark >> stateAt) }

// Sequence is the message's number in its conversation, if it was set; MaxSequence if it is greater.
func (l Line) Sequence() uint64 { return l.mark >> hashBits & MaxSequence }

// Lines are the latest messages of a conversation, oldest first.
type Lines []Line

// HashID is 40 bits of an id under a seed of this process: among the few messages of one conversation two are as good as
// never equal, and nobody outside can aim for it.
func HashID(seed maphash.Seed, id string) uint64 { return maphash.String(seed, id) & hashMask }

// Add appends a message; of more than limit the oldest is dropped. Growing by a few costs some copies of small slices and
// spares the half of each that doubling leaves empty.
func (l Lines) Add(at Place, hash uint64, limit int) Lines {
	line := Line{At: at, mark: hash}
	switch {
	case len(l) >= limit:
		copy(l, l[1:])
		l[len(l)-1] = line
		return l
	case len(l) == cap(l):
		grown := make(Lines, len(l), min(cap(l)+4, limit))
		copy(grown, l)
		return append(grown, line)
	default:
		return append(l, line)
	}
}

// Find is the index of the message with that hash, or −1.
func (l Lines) Find(hash uint64) int {
	return slices.IndexFunc(l, func(x Line) bool { return x.mark&hashMask == hash })
}

// Set notes what became of the message at an index; a state has 4 bits.
func (l Lines) Set(i int, state uint8) {
	l[i].mark = uint64(state)<<stateAt | l[i].mark&(1<<stateAt-1)
}

// SetSequence notes the number of the message at an index.
func (l Lines) SetSequence(i int, sequence uint64) {
	l[i].mark = l[i].mark&^(MaxSequence<<hashBits) | min(sequence, MaxSequence)<<hashBits
}

// Places appends where the lines stand.
func (l Lines) Places(to []Place) []Place {
	for _, x := range l {
		to = append(to, x.At)
	}
	return to
}
