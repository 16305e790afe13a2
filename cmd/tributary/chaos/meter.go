package chaos

import (
	"strings"
	"sync"
	"time"
)

// meter measures at one screen how long after a blow it shows something again.
type meter struct {
	ledger *Ledger
	// served tells which process serves the screen.
	served func() string

	mu    sync.Mutex
	armed bool
	at    time.Time
	by    string
	// any is when the next frame with content came, a history or snapshot after a reconnect among them; fresh when the first
	// message came that was said after the blow.
	any, fresh time.Time
}

func newMeter(ledger *Ledger, served func() string) *meter {
	return &meter{ledger: ledger, served: served}
}

// arm begins to measure.
func (m *meter) arm(at time.Time) {
	by := m.served()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.armed, m.at, m.by, m.any, m.fresh = true, at, by, time.Time{}, time.Time{}
}

func (m *meter) frame(string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.armed && m.any.IsZero() {
		m.any = time.Now()
	}
}

func (m *meter) message(text string) {
	m.mu.Lock()
	armed, at := m.armed && m.fresh.IsZero(), m.at
	m.mu.Unlock()
	if !armed {
		return
	}
	if token, _, _ := strings.Cut(text, " "); m.ledger.saidAfter(token, at) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.fresh.IsZero() {
			m.fresh = time.Now()
		}
	}
}

// read ends the measurement; zero durations say that nothing came.
func (m *meter) read() (by string, next, fresh time.Duration, armed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	armed, m.armed = m.armed, false
	if !m.any.IsZero() {
		next = m.any.Sub(m.at)
	}
	if !m.fresh.IsZero() {
		fresh = m.fresh.Sub(m.at)
	}
	return m.by, next, fresh, armed
}
