package api

import "hash/maphash"

// place is where a record stands in a topic: the partition in the upper 16 bits, the offset in the lower 48. A view of a
// hundred thousand conversations holds half a million of them, hence one word.
type place uint64

const offsetBits = 48

func placeOf(partition int, offset int64) place {
	return place(uint64(partition)<<offsetBits | uint64(offset)&(1<<offsetBits-1)) //nolint:gosec // partitions fit 16 bits, offsets 48
}

func (p place) partition() int { return int(p >> offsetBits) } //nolint:gosec // 16 bits

func (p place) offset() int64 { return int64(p & (1<<offsetBits - 1)) } //nolint:gosec // 48 bits

// line is one message of a conversation: where it stands, and what became of it. Mark holds the delivery state in the
// upper 8 bits and a hash of the message's id in the rest, by which a later receipt finds it.
type line struct {
	at   place
	mark uint64
}

const hashBits = 56

func (l line) state() uint8 { return uint8(l.mark >> hashBits) } //nolint:gosec // 8 bits

func (l *line) setState(s uint8) { l.mark = uint64(s)<<hashBits | l.mark&(1<<hashBits-1) }

func (l line) is(hash uint64) bool { return l.mark&(1<<hashBits-1) == hash }

// hashID is 56 bits of an id under a seed of this process; within the 50 messages of one conversation two are as good as
// never equal, and nobody outside can aim for it.
func hashID(seed maphash.Seed, id string) uint64 { return maphash.String(seed, id) & (1<<hashBits - 1) }

// ref is the place of an element in a slab; 0 is none.
type ref uint32

const slabChunk = 1024

// slab holds many small values of one type in chunks that never move, and reuses what was freed. It spares the
// allocation of each and the doubling of a growing slice.
type slab[T any] struct {
	chunks []*[slabChunk]T
	free   []ref
	next   ref
}

func (s *slab[T]) add() (ref, *T) {
	if n := len(s.free); n > 0 {
		r := s.free[n-1]
		s.free = s.free[:n-1]
		return r, s.get(r)
	}
	if int(s.next)%slabChunk == 0 {
		s.chunks = append(s.chunks, new([slabChunk]T))
	}
	s.next++
	return s.next, s.get(s.next)
}

func (s *slab[T]) get(r ref) *T { return &s.chunks[(r-1)/slabChunk][(r-1)%slabChunk] }

func (s *slab[T]) remove(r ref) {
	var zero T
	*s.get(r) = zero
	s.free = append(s.free, r)
}
