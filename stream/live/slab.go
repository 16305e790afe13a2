package live

// Ref is the place of an element in a slab; 0 is none.
type Ref uint32

const slabChunk = 1024

// Slab holds many small values of one type in chunks that never move, and reuses what was freed. It spares the
// allocation of each and the doubling of a growing slice. It is not safe for use by several goroutines.
type Slab[T any] struct {
	chunks []*[slabChunk]T
	free   []Ref
	next   Ref
}

// Add gives a new zero element. The pointer stays valid until Remove.
func (s *Slab[T]) Add() (Ref, *T) {
	if n := len(s.free); n > 0 {
		r := s.free[n-1]
		s.free = s.free[:n-1]
		return r, s.Get(r)
	}
	if int(s.next)%slabChunk == 0 {
		s.chunks = append(s.chunks, new([slabChunk]T))
	}
	s.next++
	return s.next, s.Get(s.next)
}

// Get is the element of a reference that Add gave.
func (s *Slab[T]) Get(r Ref) *T { return &s.chunks[(r-1)/slabChunk][(r-1)%slabChunk] }

// Remove frees an element for reuse.
func (s *Slab[T]) Remove(r Ref) {
	var zero T
	*s.Get(r) = zero
	s.free = append(s.free, r)
}

// Held is how many places were ever in use at once.
func (s *Slab[T]) Held() int { return int(s.next) }
