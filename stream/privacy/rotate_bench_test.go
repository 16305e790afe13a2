package privacy_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/objects"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// BenchmarkRewrap tells how many keys a second a rotation of the master key moves, each on the disk before it counts.
func BenchmarkRewrap(b *testing.B) {
	const n = 5000
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		file := filepath.Join(dir, "master.key")
		was, _, err := privacy.LoadOrCreateMasterKey(file)
		require.NoError(b, err)
		d, err := objects.OpenDir(filepath.Join(dir, "objects"), objects.PowerCut)
		require.NoError(b, err)
		k := open(b, d, was, new(clock))
		var wg sync.WaitGroup
		for w := range 64 {
			wg.Go(func() {
				for i := w; i < n; i += 64 {
					_, _ = k.Pseudonym(b.Context(), "acme", fmt.Sprintf("webchat:%d", i))
				}
			})
		}
		wg.Wait()
		_, next, err := privacy.BeginRotation(file)
		require.NoError(b, err)
		b.StartTimer()
		_, all, err := k.Rewrap(b.Context(), next, quiet)
		require.NoError(b, err)
		require.Equal(b, n, all)
		b.StopTimer()
		require.NoError(b, d.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "keys/s")
}
