package engine

// Become lets another build's fold go on from this state.
func (m *Machine) Become(proc Processor) error {
	m.core.proc, m.core.fold = proc, proc.New()
	return m.core.restore()
}

// Skip leaves out a record.
func (m *Machine) Skip(offset int64) { m.core.skips = map[int64]bool{offset: true} }

// Served is served time in milliseconds.
func (m *Machine) Served() int64 { return m.core.pos.Served }
