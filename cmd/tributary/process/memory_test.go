package process

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryIsGivenBackOnceAtRest(t *testing.T) {
	var k keeper
	h := heap{live: 100 << 20}
	tick := func(allocated, garbage, free uint64) bool {
		h.allocated += allocated
		h.objects, h.free = h.live+garbage, free
		return k.giveBack(h)
	}
	for range 10 {
		require.False(t, tick(200<<20, 100<<20, 100<<20), "under load")
	}
	require.False(t, tick(1<<20, 50<<20, 100<<20))
	require.False(t, tick(1<<20, 50<<20, 100<<20))
	require.True(t, tick(1<<20, 50<<20, 100<<20), "at rest")
	for range againTicks - 1 {
		require.False(t, tick(1<<20, 50<<20, 0), "seldom while it rests")
	}
	require.True(t, tick(1<<20, 50<<20, 0))
	for range 2 * againTicks {
		require.False(t, tick(0, 1<<20, 1<<20), "where there is little it is not worth a collection")
	}
}

func TestMachineMemory(t *testing.T) {
	if n := machineMemory(); n != 0 { // where /proc says nothing
		require.Greater(t, n, uint64(16<<20))
	}
}
