package routing

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestOrderIsASortedSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOrder(cmp.Compare[int])
		var want []int
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			from, n := rapid.IntRange(0, 2000).Draw(t, "from"), rapid.IntRange(1, 900).Draw(t, "n")
			step, add := rapid.IntRange(-3, 3).Draw(t, "step"), rapid.Bool().Draw(t, "add")
			for i := range n {
				x := from + i*step
				at, has := slices.BinarySearch(want, x)
				switch {
				case add:
					o.insert(x)
					if !has {
						want = slices.Insert(want, at, x)
					}
				default:
					require.Equal(t, has, o.remove(x))
					if has {
						want = slices.Delete(want, at, at+1)
					}
				}
			}
			require.Equal(t, len(want), o.len())
			for _, c := range o.chunks {
				require.Less(t, len(c), chunkSize)
			}
			require.True(t, slices.Equal(want, slices.Collect(o.all())))
			require.True(t, slices.Equal(want[:min(3, len(want))], firstOf(&o, 3)))
		}
	})
}
