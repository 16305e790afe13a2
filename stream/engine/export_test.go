package engine

import (
	"context"

	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

// Whole tells whether the newest checkpoint that is whole can be loaded.
func Whole(ctx context.Context, store objects.Store, processor string, partition int) error {
	_, _, err := newCheckpoints(store, processor, partition).load(ctx, func(string, error) {})
	return err
}

// Become lets another build's fold go on from this state.
func (m *Machine) Become(proc Processor) error {
	m.core.proc, m.core.fold = proc, proc.New()
	return m.core.restore()
}

// Skip leaves out a record.
func (m *Machine) Skip(offset int64) { m.core.skips = map[int64]bool{offset: true} }

// Ahead tells of an epoch that may begin before its record.
func (m *Machine) Ahead(e *event.Epoch) {
	if cutReason(e) {
		m.core.ahead = append(m.core.ahead, e)
	}
}

// Served is served time in milliseconds.
func (m *Machine) Served() int64 { return m.core.pos.Served }
