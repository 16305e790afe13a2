package routing

import (
	"iter"
	"slices"
)

// chunkSize is where a chunk of an order splits. Inserting moves half a chunk of pointers on average, which costs less
// than the cache misses of a tree of nodes.
const chunkSize = 256

// order is a sorted set under a total order of its members. Members must not change what they are compared by while they
// are in it. The first member, insertion and removal are cheap at any size that one domain reaches.
type order[T any] struct {
	compare func(a, b T) int
	chunks  [][]T
	n       int
}

func newOrder[T any](compare func(a, b T) int) order[T] { return order[T]{compare: compare} }

// chunk finds the chunk that x is in or belongs into. No chunk is empty, but the one of an empty set.
func (o *order[T]) chunk(x T) int {
	i, _ := slices.BinarySearchFunc(o.chunks, x, func(c []T, x T) int { return o.compare(c[len(c)-1], x) })
	return min(i, len(o.chunks)-1)
}

// insert adds x; a member already is left as it is.
func (o *order[T]) insert(x T) {
	if o.n == 0 {
		if len(o.chunks) == 0 {
			o.chunks = append(o.chunks, make([]T, 0, 8))
		}
		o.chunks[0] = append(o.chunks[0], x)
		o.n++
		return
	}
	i := o.chunk(x)
	at, found := slices.BinarySearchFunc(o.chunks[i], x, o.compare)
	if found {
		return
	}
	o.n++
	c := slices.Insert(o.chunks[i], at, x)
	o.chunks[i] = c
	if len(c) >= chunkSize {
		cut := len(c) / 2
		if at > chunkSize*3/4 {
			cut = at // what comes in order, as a line does, leaves full chunks behind
		}
		upper := append(make([]T, 0, chunkSize/4), c[cut:]...)
		clear(c[cut:])
		o.chunks[i] = c[:cut]
		o.chunks = slices.Insert(o.chunks, i+1, upper)
	}
}

// remove takes x out and tells whether it was in.
func (o *order[T]) remove(x T) bool {
	if o.n == 0 {
		return false
	}
	i := o.chunk(x)
	at, found := slices.BinarySearchFunc(o.chunks[i], x, o.compare)
	if !found {
		return false
	}
	o.n--
	if c := o.chunks[i]; at == 0 && len(c) > 1 {
		clear(c[:1])
		o.chunks[i] = c[1:] // the first of a line leaves all the time, and nothing need move
	} else {
		o.chunks[i] = slices.Delete(c, at, at+1)
	}
	if len(o.chunks[i]) == 0 && o.n > 0 {
		o.chunks = slices.Delete(o.chunks, i, i+1)
	}
	return true
}

func (o *order[T]) len() int { return o.n }

// first is the first of a set that is not empty.
func (o *order[T]) first() T { return o.chunks[0][0] }

// all iterates in order. The set must not be changed meanwhile.
func (o *order[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, c := range o.chunks {
			for _, x := range c {
				if !yield(x) {
					return
				}
			}
		}
	}
}
