package engine

import (
	"cmp"
	"slices"

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
// takes each event once, whoever emitted it and however often.
type Lanes struct{ at map[laneKey]lanePlace }

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
	last := l.at[k]
	switch {
	case o.GetEpoch() == last.epoch && o.GetNumber() == last.number+1,
		o.GetEpoch() > last.epoch && o.GetNumber() == 1:
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
type LaneAt struct {
	Processor string `json:"processor"`
	Partition int32  `json:"partition"`
	Epoch     uint64 `json:"epoch"`
	Number    uint64 `json:"number"`
}

// Positions lists all lanes, ordered, for a checkpoint or a cut.
func (l *Lanes) Positions() []LaneAt {
	out := make([]LaneAt, 0, len(l.at))
	for k, p := range l.at {
		out = append(out, LaneAt{k.processor, k.partition, p.epoch, p.number})
	}
	slices.SortFunc(out, func(a, b LaneAt) int {
		return cmp.Or(cmp.Compare(a.Processor, b.Processor), cmp.Compare(a.Partition, b.Partition))
	})
	return out
}

// Restore sets the positions, in place of all.
func (l *Lanes) Restore(at []LaneAt) {
	l.at = make(map[laneKey]lanePlace, len(at))
	for _, a := range at {
		l.at[laneKey{a.Processor, a.Partition}] = lanePlace{a.Epoch, a.Number}
	}
}
