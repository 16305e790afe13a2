package match

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func small() Options {
	return Options{Agents: 50, Skills: 5, Waiting: 500, Queues: 3, Needs: 20, Decisions: 200}
}

// The contestants choose from the same contacts; the engine must find the same that the scan finds.
func TestContestantsDecide(t *testing.T) {
	r, err := Run(t.Context(), small())
	require.NoError(t, err)
	require.Len(t, r.Results, 4)
	for _, x := range r.Results[:3] {
		require.Positive(t, x.Decisions, x.Name)
	}
}

func TestTheScanIsWrittenRight(t *testing.T) {
	w := newWorkload(small())
	s := &scan{workload: w, waiting: []int{0, 1, 2, 3, 4, 5, 6, 7, 8}}
	for a := range w.Agents {
		at := s.best(a)
		for i, c := range s.waiting {
			if w.serves(a, w.of(c)) && w.fits(a, w.of(c)) {
				require.GreaterOrEqual(t, at, 0)
				require.LessOrEqual(t, w.score(s.waiting[at]), w.score(c), "%d", i)
			}
		}
	}
}

func BenchmarkEngine(b *testing.B) {
	o := Defaults()
	w := newWorkload(o)
	for b.Loop() {
		res, err := play(context.Background(), "engine", w, newBare(), o.Decisions)
		require.NoError(b, err)
		b.ReportMetric(res.PerCore, "decisions/cpu-s")
		b.ReportMetric(res.P99, "p99-us")
	}
}

func BenchmarkLinear(b *testing.B) {
	w := newWorkload(Defaults())
	for b.Loop() {
		linear(context.Background(), w, time.Second)
	}
}

func BenchmarkFold(b *testing.B) {
	o := Defaults()
	w := newWorkload(o)
	for b.Loop() {
		f, err := newFolded()
		require.NoError(b, err)
		res, err := play(context.Background(), "fold", w, f, o.Decisions/10)
		require.NoError(b, err)
		b.ReportMetric(res.PerCore, "decisions/cpu-s")
		b.ReportMetric(res.P99, "p99-us")
	}
}
