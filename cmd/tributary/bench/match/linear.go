package match

import (
	"context"
	"time"
)

// scan is matching as it is first written: a list of those who wait, looked through whenever an agent is free.
type scan struct {
	*workload
	waiting []int
}

// best finds the contact that an agent should have: the largest priority, then the longest wait.
func (s *scan) best(agent int) int {
	best := -1
	for at, c := range s.waiting {
		if best >= 0 && (s.priority(c) < s.priority(s.waiting[best]) || s.priority(c) == s.priority(s.waiting[best]) && c > s.waiting[best]) {
			continue
		}
		if need := s.of(c); s.serves(agent, need) && s.fits(agent, need) {
			best = at
		}
	}
	return best
}

// linear measures the scan for so long.
func linear(ctx context.Context, w *workload, atMost time.Duration) Result {
	s := &scan{workload: w}
	for i := range w.Waiting {
		s.waiting = append(s.waiting, i)
	}
	slow, made, next := latencies{}, 0, w.Waiting
	watch := begin()
	for began := time.Now(); time.Since(began) < atMost && made < w.Decisions && ctx.Err() == nil; {
		one := time.Now()
		if at := s.best(made % w.Agents); at >= 0 {
			s.waiting[at] = next
			next++
		}
		made++
		slow.add(time.Since(one))
	}
	res := watch.end("linear scan", made)
	res.P50, res.P99, res.P999 = slow.quantile(50, 100), slow.quantile(99, 100), slow.quantile(999, 1000)
	res.Note = "chooses only: no candidates, no records, no presence"
	return res
}
