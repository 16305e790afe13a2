package engine

import (
	"cmp"
	"slices"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/event"
)

// Verdict is what a reader does with a record of a lane.
type Verdict int

// The verdicts.
const (
	// Take it: it is exactly the next of its lane.
	Take Verdict = iota
	// Drop it: it was taken before.
	Drop
	// Gap: something before it is missing. It is not taken; resending the lane repairs it.
	Gap
)

// Lanes remembers, for one partition read, how far each lane into it was taken. The zero value has taken nothing.
//
// A destination always holds a prefix of each lane in order, with repeats; so "exactly the next, or 1 of a later epoch"
// takes each event once, whoever emitted it and however often. Where retention took the beginning, see Adopt.
type Lanes struct {
	at map[laneKey]lanePlace
	// trimmed: a lane may begin with any number.
	trimmed bool
	// adopting: a lane may go on with any higher number.
	adopting bool
}

// Adopt tells that what stood before is not kept any more. From now on a lane not seen before begins with the number that it
// is first seen with; and until Settle a number that skips others is the next of its lane, as the first one seen may be a late
// repeat of what is gone. Positions keep the former.
func (l *Lanes) Adopt() { l.trimmed, l.adopting = true, true }

// Settle ends what Adopt allowed to lanes that were seen: from now on what they skip is a gap.
func (l *Lanes) Settle() { l.adopting = false }

type laneKey struct {
	processor string
	partition int32
}

type lanePlace struct{ epoch, number uint64 }

// Take judges a record by its origin and, if it is taken, remembers it. Records without an origin are always taken: their
// row drops repeats by id.
func (l *Lanes) Take(o *event.Origin) Verdict {
	if o == nil {
		return Take
	}
	k := laneKey{o.GetProcessor(), o.GetPartition()}
	last, seen := l.at[k]
	switch {
	case o.GetEpoch() == last.epoch && o.GetNumber() == last.number+1,
		o.GetEpoch() > last.epoch && o.GetNumber() == 1,
		(l.adopting || l.trimmed && !seen) && (o.GetEpoch() > last.epoch || o.GetEpoch() == last.epoch && o.GetNumber() > last.number):
		if l.at == nil {
			l.at = make(map[laneKey]lanePlace)
		}
		l.at[k] = lanePlace{o.GetEpoch(), o.GetNumber()}
		return Take
	case o.GetEpoch() < last.epoch, o.GetEpoch() == last.epoch && o.GetNumber() <= last.number:
		return Drop
	default:
		return Gap
	}
}

// LaneAt is how far one lane was taken.
type LaneAt = checkpoint.Lane

// trimmedLane stands in the positions where a lane may begin with any number; no processor has an empty name.
var trimmedLane = LaneAt{Partition: -1} //nolint:gochecknoglobals // a constant

// Positions lists all lanes, ordered, for a checkpoint or a cut; Restore takes them as they are.
func (l *Lanes) Positions() []LaneAt {
	out := make([]LaneAt, 0, len(l.at)+1)
	if l.trimmed {
		out = append(out, trimmedLane)
	}
	for k, p := range l.at {
		out = append(out, LaneAt{Processor: k.processor, Partition: k.partition, Epoch: p.epoch, Number: p.number})
	}
	slices.SortFunc(out, func(a, b LaneAt) int {
		return cmp.Or(cmp.Compare(a.Processor, b.Processor), cmp.Compare(a.Partition, b.Partition))
	})
	return out
}

// Restore sets the positions, in place of all.
func (l *Lanes) Restore(at []LaneAt) {
	l.at, l.trimmed, l.adopting = make(map[laneKey]lanePlace, len(at)), false, false
	for _, a := range at {
		if a == trimmedLane {
			l.trimmed = true
			continue
		}
		l.at[laneKey{a.Processor, a.Partition}] = lanePlace{a.Epoch, a.Number}
	}
}
