package live

import "iter"

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

// NewLine is a message with the hash that [Keys.Short] gives, its sequence and its state of 4 bits.
func NewLine(at Place, hash, sequence uint64, state uint8) Line {
	return Line{At: at, mark: uint64(state)<<stateAt | min(sequence, MaxSequence)<<hashBits | hash&hashMask}
}

// State is what became of the message.
func (l Line) State() uint8 { return uint8(l.mark >> stateAt) }

// SetState notes what became of the message.
func (l *Line) SetState(state uint8) { l.mark = uint64(state)<<stateAt | l.mark&(1<<stateAt-1) }

// Sequence is the message's number in its conversation, if it was set; MaxSequence if it is greater.
func (l Line) Sequence() uint64 { return l.mark >> hashBits & MaxSequence }

// Lines are messages of a conversation, oldest first.
type Lines []Line

// Places appends where the lines stand.
func (l Lines) Places(to []Place) []Place {
	for _, x := range l {
		to = append(to, x.At)
	}
	return to
}

// blockLines is how many lines are allocated at once: more leave more of the last block empty, fewer cost more links.
const blockLines = 3

type block struct {
	lines [blockLines]Line
	next  Ref
}

// LineList is the latest messages of one conversation in a [LineSlab]; the zero value is empty.
type LineList struct {
	first, last Ref
	// skip lines of the first block are dropped; count are there.
	skip, count uint8
}

// Len is how many there are.
func (l LineList) Len() int { return int(l.count) }

// LineSlab holds the lines of many conversations, in blocks without pointers. It is not safe for use by several goroutines.
type LineSlab struct{ blocks Slab[block] }

// Add appends a message; of more than limit, which is 1 to 200, the oldest is dropped.
func (s *LineSlab) Add(l *LineList, line Line, limit int) {
	if int(l.count) >= limit {
		s.dropOldest(l)
	}
	at := (int(l.skip) + int(l.count)) % blockLines
	if l.first == 0 || at == 0 {
		r, _ := s.blocks.Add()
		if l.first == 0 {
			l.first, l.skip, at = r, 0, 0
		} else {
			s.blocks.Get(l.last).next = r
		}
		l.last = r
	}
	s.blocks.Get(l.last).lines[at] = line
	l.count++
}

func (s *LineSlab) dropOldest(l *LineList) {
	l.skip++
	l.count--
	if l.skip == blockLines {
		first := l.first
		l.first, l.skip = s.blocks.Get(first).next, 0
		s.blocks.Remove(first)
	}
}

// Drop frees all lines of a list.
func (s *LineSlab) Drop(l *LineList) {
	for r := l.first; r != 0; {
		next := s.blocks.Get(r).next
		s.blocks.Remove(r)
		r = next
	}
	*l = LineList{}
}

// Each gives the lines in order; they may be changed.
func (s *LineSlab) Each(l LineList) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		at := int(l.skip)
		b := l.first
		for range l.count {
			if at == blockLines {
				b, at = s.blocks.Get(b).next, 0
			}
			if !yield(&s.blocks.Get(b).lines[at]) {
				return
			}
			at++
		}
	}
}

// Find is the message with that hash, or nil.
func (s *LineSlab) Find(l LineList, hash uint64) *Line {
	for x := range s.Each(l) {
		if x.mark&hashMask == hash {
			return x
		}
	}
	return nil
}

// Copy gives the lines as they are now.
func (s *LineSlab) Copy(l LineList) Lines {
	out := make(Lines, 0, l.count)
	for x := range s.Each(l) {
		out = append(out, *x)
	}
	return out
}
