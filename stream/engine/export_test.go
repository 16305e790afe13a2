package engine

// Become lets another build's fold go on from this state.
func (m *Machine) Become(proc Processor) error {
	m.proc = proc
	return m.restore()
}

// Served is served time in milliseconds.
func (m *Machine) Served() int64 { return m.pos.Served }
