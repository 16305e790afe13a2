package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Blow is one thing done to a process.
type Blow struct {
	// After is how long the process is left alone, from when it was ready after the last blow.
	After time.Duration `json:"after"`
	// Frozen is how long it is stopped in its tracks; 0 for a kill.
	Frozen time.Duration `json:"frozen,omitempty"`
	// Killed says that it is killed: at once, or at the end of the freeze.
	Killed bool `json:"killed"`
	// Down is how long it stays dead before it is started again.
	Down time.Duration `json:"down,omitempty"`
	// Again lists moments after the restart at which it is killed again while it starts.
	Again []time.Duration `json:"again,omitempty"`
	// Victim is which of several processes is hit.
	Victim int `json:"victim"`
}

func (b *Blow) String() string {
	switch {
	case b.Frozen > 0 && b.Killed:
		return fmt.Sprintf("frozen %s, then killed", b.Frozen.Round(10*time.Millisecond))
	case b.Frozen > 0:
		return fmt.Sprintf("frozen %s", b.Frozen.Round(10*time.Millisecond))
	case len(b.Again) > 0:
		return fmt.Sprintf("killed, and %d times again while it starts", len(b.Again))
	}
	return "killed"
}

// Times is how many kills and freezes the blow counts for.
func (b *Blow) Times() int { return 1 + len(b.Again) }

// Schedule makes blows that are at least n kills and freezes together: of ten about six kills, one of them with more
// kills during the start, and four freezes of 0.5 to 8 s, one of them ending in a kill.
func Schedule(seed uint64, n, victims int) []Blow {
	r := rand.New(rand.NewPCG(seed, 0x5eed)) //nolint:gosec // a schedule, to be repeated
	between := func(from, to time.Duration) time.Duration {
		return from + time.Duration(r.Int64N(int64(to-from)))
	}
	var out []Blow
	for done := 0; done < n; done += out[len(out)-1].Times() {
		b := Blow{After: between(300*time.Millisecond, 4*time.Second), Victim: r.IntN(victims)}
		switch kind := r.IntN(10); {
		case kind < 5:
			b.Killed = true
		case kind < 6 && n > 2:
			b.Killed = true
			for range 1 + r.IntN(2) {
				b.Again = append(b.Again, between(5*time.Millisecond, 900*time.Millisecond))
			}
		case kind < 9:
			b.Frozen = between(500*time.Millisecond, 8*time.Second)
		default:
			b.Frozen, b.Killed = between(500*time.Millisecond, 4*time.Second), true
		}
		if b.Killed && r.IntN(3) == 0 {
			b.Down = between(0, 2*time.Second)
		}
		out = append(out, b)
	}
	return out
}
