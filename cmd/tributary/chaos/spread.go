package chaos

import (
	"fmt"
	"slices"
	"time"
)

// Spread sums up measured times.
type Spread struct {
	N   int           `json:"n"`
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// SpreadOf sorts and sums up.
func SpreadOf(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	s := slices.Sorted(slices.Values(all))
	at := func(q int) time.Duration { return s[min(len(s)-1, len(s)*q/100)] }
	return Spread{len(s), at(50), at(99), s[len(s)-1]}
}

// String gives it for people.
func (s Spread) String() string {
	r := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	return fmt.Sprintf("p50 %s, p99 %s, longest %s of %d", r(s.P50), r(s.P99), r(s.Max), s.N)
}
