package warehouse

import (
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// Lag is how far the warehouse is behind the log, as one sink sees it.
type Lag struct {
	// Records are in the log and not in the warehouse yet; records that repeat others count too.
	Records int64
	// Since is when the warehouse last had all; zero while this sink has not seen it so. It bounds the age of what is missing.
	Since time.Time
	// Cut is the last one inserted.
	Cut uint64
	// Pending counts cuts made and not inserted.
	Pending int
	// Failures counts attempts that failed; Failure is the last one's error, empty when something succeeded after it.
	Failures uint64
	Failure  string
	// Damaged, Gaps and Lost count records that could not be read, that wait for their lane to be repaired, and that
	// retention took before they were read.
	Damaged, Gaps, Lost uint64
	// Inserted counts rows this sink inserted.
	Inserted uint64
}

// Lag tells how late the warehouse is. It may be asked at any time.
func (s *Sink) Lag() Lag {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lag
}

// report notes where the run stands.
func (r *run) report() {
	behind := r.buffer.behind(r.done)
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lag.Records, r.lag.Cut, r.lag.Pending = behind, r.done.number, len(r.pending)
	if behind == 0 && r.verified {
		r.lag.Since = now
	}
}

func (s *Sink) failed(what string, err error) {
	s.Logger.Error("something failed in the sink and is dealt with", "what", what, "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag.Failures++
	s.lag.Failure = err.Error()
}

func (s *Sink) leftOut(damaged, gaps int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag.Damaged += uint64(damaged) //nolint:gosec // counts
	s.lag.Gaps += uint64(gaps)       //nolint:gosec // counts
}

func (s *Sink) lost(at place, n int64) {
	s.Logger.Error("facts were dropped from the log before they were read", "topic", string(at.topic), "partition", at.partition, "records", n)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag.Lost += uint64(n) //nolint:gosec // a count
}

func (s *Sink) inserted(c *event.Cut) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range c.GetRows() {
		s.lag.Inserted += uint64(max(0, t.GetRows()))
	}
	s.lag.Failure = ""
}
