package engine

import "github.com/tributary-cc/tributary/stream/event"

// Machine folds one partition in memory, with no log: what a replay and a fold's own tests drive. It is the same core that
// a running partition has.
type Machine struct{ core *core }

// NewMachine starts from an empty state. Partitions tells how many partitions a topic has.
func NewMachine(proc Processor, partition int, partitions func(event.Topic) int) (*Machine, error) {
	c := newCore(proc, partition, partitions)
	if err := c.restore(); err != nil {
		return nil, err
	}
	return &Machine{core: c}, nil
}

// Step folds a record and returns the outputs, each with its destination.
func (m *Machine) Step(rec *event.Record) []event.Record {
	s := m.core.step(rec)
	out := make([]event.Record, len(s.outs))
	for i, o := range s.outs {
		out[i] = o.record
	}
	return out
}

// Rows counts the rows of all tables, timers included.
func (m *Machine) Rows() int { return m.core.rows.tree.Len() }

// Read runs f with a view of the tables. What it changes is undone.
func (m *Machine) Read(f func(tx *Tx)) {
	f(&Tx{core: m.core, rows: m.core.rows, rec: &event.Record{Offset: -1}})
	m.core.rows.rollback()
}
