package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-cc/tributary/stream/engine/checkpoint"
	"github.com/tributary-cc/tributary/stream/event"
)

// maxStep is the most that served time grows from one tick to the next, in milliseconds.
const maxStep = 5000

// maxWriters bounds the writers remembered: those of a partition are an owner and a standby.
const maxWriters = 4

// Machine folds one partition in memory, record after record, with no input but the records: it is the deterministic heart
// that the owner, the standby, a replay and a fold's own tests run alike.
type Machine struct {
	proc       Processor
	fold       Fold
	partition  int
	partitions func(event.Topic) int
	skips      map[int64]bool
	// ahead are epochs that begin before their record: what came in between a cut and it belongs to them, in order.
	ahead []*event.Epoch

	rows *rows
	pos  checkpoint.Position
	in   Lanes
	out  map[Place]uint64
}

// Output is an event on its way: encoded, to be appended in the order of its lane, in which it has the number.
type Output struct {
	event.Record

	Number uint64
}

func (o *Output) to() Place { return Place{o.Topic, o.Partition} }

// Step is what came of the record at an offset.
type Step struct {
	Offset  int64
	Outputs []Output
	// Tick is the record, if it was a tick of the epoch in force.
	Tick *event.Tick
	// Epoch is the record, if it began an epoch.
	Epoch *event.Epoch
	// gap is where the record comes from, if something before it in its lane is missing.
	gap *event.Origin
	// hash is the rolling hash behind these outputs.
	hash [16]byte
}

// NewMachine starts from an empty state. Partitions tells how many partitions a topic has.
func NewMachine(proc Processor, partition int, partitions func(event.Topic) int) (*Machine, error) {
	m := newMachine(proc, partition, partitions)
	return m, m.restore()
}

func newMachine(proc Processor, partition int, partitions func(event.Topic) int) *Machine {
	return &Machine{
		proc: proc, partition: partition, partitions: partitions, rows: newRows(new(checkpoint.Rows)),
		skips: make(map[int64]bool), out: make(map[Place]uint64),
	}
}

// Expect tells of an epoch record that is still to come, but bears on what stands before it: what it skips, and where it
// began after the broker lost its end. What the state has behind it is left out.
func (m *Machine) Expect(e *event.Epoch) {
	switch {
	case e.GetReason() == "skip":
		m.skips[e.GetSkipOffset()] = true
	case cutReason(e) && e.GetNumber() > m.pos.Epoch:
		m.ahead = append(m.ahead, e)
	}
}

// Resume makes the machine stand where a checkpoint stood; nil is for none.
func (m *Machine) Resume(c *checkpoint.Manifest, r *checkpoint.Rows) error {
	if c == nil {
		return m.restore()
	}
	m.rows, m.pos = newRows(r), c.Position
	m.in.Restore(c.In)
	clear(m.out)
	for _, o := range c.Out {
		m.out[Place{o.Topic, o.Partition}] = o.Number
	}
	return m.restore()
}

// Capture takes the state as it is now. Every folder that takes it at the same record takes the same.
func (m *Machine) Capture() checkpoint.Capture {
	out := make([]checkpoint.Out, 0, len(m.out))
	for to, n := range m.out {
		out = append(out, checkpoint.Out{Topic: to.Topic, Partition: to.Partition, Number: n})
	}
	slices.SortFunc(out, func(a, b checkpoint.Out) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return checkpoint.Capture{
		Manifest: checkpoint.Manifest{Processor: m.proc.Name, Partition: m.partition, Position: m.pos, In: m.in.Positions(), Out: out},
		Rows:     m.rows.tree.Copy(), Changed: m.rows.changed(),
	}
}

// Position is where the machine stands.
func (m *Machine) Position() checkpoint.Position { return m.pos }

// Rows counts the rows of all tables, timers included.
func (m *Machine) Rows() int { return m.rows.tree.Len() }

// Read runs f with a view of the tables. What it changes is undone.
func (m *Machine) Read(f func(tx *Tx)) {
	f(m.tx(&event.Record{Offset: -1}))
	m.rows.rollback()
}

func (m *Machine) tx(rec *event.Record) *Tx { return &Tx{machine: m, rows: m.rows, rec: rec} }

// Step folds a record and returns the outputs, each with its destination.
func (m *Machine) Step(rec *event.Record) []event.Record {
	s := m.Fold(rec)
	out := make([]event.Record, len(s.Outputs))
	for i, o := range s.Outputs {
		out[i] = o.Record
	}
	return out
}

// Fold folds one record. Offsets must rise; they need not be dense.
func (m *Machine) Fold(rec *event.Record) Step {
	s := Step{Offset: rec.Offset}
	for len(m.ahead) > 0 && rec.Offset >= m.ahead[0].GetFromOffset() {
		if m.begin(m.ahead[0]) {
			s.Epoch = m.ahead[0]
		}
		m.ahead = m.ahead[1:]
	}
	m.pos.Read = rolled(m.pos.Read, uint64(rec.Offset), uint64(len(rec.Key)), string(rec.Key), rec.Value) //nolint:gosec // hashed bits
	tx := m.tx(rec)
	e, err := event.Unmarshal(rec.Value)
	switch {
	case err != nil:
		m.bury(tx, &event.Dead{Kind: "undecodable", Reason: err.Error()})
	case e.GetEpoch() != nil:
		if m.begin(e.GetEpoch()) {
			s.Epoch = e.GetEpoch()
		}
	case e.GetTick() != nil:
		if m.moveTime(tx, e.GetTick()) {
			s.Tick = e.GetTick()
		}
		m.fire(tx)
	default:
		m.fire(tx)
		s.gap = m.apply(tx, e)
	}
	for i := range tx.done {
		o := &tx.done[i]
		m.pos.Hash = rolled(m.pos.Hash, uint64(o.Partition), o.Number, string(o.Topic), o.Value) //nolint:gosec // hashed bits
	}
	m.pos.Next = rec.Offset + 1
	s.Outputs, s.hash = tx.done, m.pos.Hash
	return s
}

// apply folds an event, and gives its origin where it is not taken because of a gap.
func (m *Machine) apply(tx *Tx, e *event.Event) *event.Origin {
	switch verdict := m.in.Take(e.GetOrigin()); {
	case verdict == Gap:
		return e.GetOrigin()
	case verdict == Drop || m.skips[tx.rec.Offset]:
		return nil
	}
	tx.cause = e
	if dead := m.guarded(tx, func() error { return m.fold.Apply(tx, e) }); dead != nil {
		m.bury(tx, dead)
	}
	tx.cause = nil
	return nil
}

// begin takes an epoch record; a number that is not higher is a repeat by another process that wanted the same.
func (m *Machine) begin(e *event.Epoch) bool {
	if e.GetNumber() <= m.pos.Epoch {
		return false
	}
	m.pos.Epoch, m.pos.Build, m.pos.Hash = e.GetNumber(), e.GetBuild(), [16]byte{}
	clear(m.out)
	return true
}

// moveTime moves the clocks by a tick. Only a tick of the epoch in force counts, and only one whose writer had folded to
// the end knows the time: during a backlog time stands still.
//
// Steps are measured by each writer's own clock, from its last tick to this: so two processes that tick in turn, with clocks
// that differ, move served time as either would alone.
func (m *Machine) moveTime(tx *Tx, t *event.Tick) bool {
	if t.GetEpoch() != m.pos.Epoch {
		return false
	}
	now := t.GetTimeMs()
	if now <= 0 {
		return true
	}
	writers := make([]checkpoint.WriterClock, 0, maxWriters+1) // a new one: a checkpoint may hold the old
	for _, w := range m.pos.Writers {
		if w.Writer == t.GetWriter() {
			m.pos.Served = max(m.pos.Served, w.Served+min(max(now-w.Clock, 0), maxStep))
		} else {
			writers = append(writers, w)
		}
	}
	writers = append(writers, checkpoint.WriterClock{Writer: t.GetWriter(), Clock: now, Served: m.pos.Served})
	m.pos.Writers = writers[max(0, len(writers)-maxWriters):]
	m.pos.Clock = now
	tx.anchor()
	m.rows.commit()
	return true
}

// fire fires due timers in (due, key) order, served time first.
func (m *Machine) fire(tx *Tx) {
	fired := 0
	for _, k := range []struct {
		kind byte
		now  int64
	}{{timerServed, m.pos.Served}, {timerClock, m.pos.Clock}} {
		for fired < MaxTimersPerRecord {
			name, at, ok := m.rows.due(k.kind)
			if !ok || at > k.now {
				break
			}
			fired++
			tx.Cancel(name)
			m.rows.commit()
			if dead := m.guarded(tx, func() error { return m.fold.Fire(tx, name) }); dead != nil {
				m.bury(tx, dead)
			}
		}
	}
}

// guarded runs a piece of the fold: all of it or, with the reason as a Dead, nothing of it.
func (m *Machine) guarded(tx *Tx, piece func() error) *event.Dead {
	tx.outs = tx.outs[:0]
	dead, threw := try(func() error {
		if err := piece(); err != nil {
			return err
		}
		return m.number(tx)
	})
	switch {
	case dead == nil:
		m.rows.commit()
	case threw || len(m.rows.undo) > 0 || len(tx.outs) > 0:
		m.rows.rollback()
		if err := m.restore(); err != nil {
			dead.Reason += "; and restoring afterwards: " + err.Error()
		}
	}
	return dead
}

// restore lets a new fold derive what it holds in memory from the rows. It changes none.
func (m *Machine) restore() error {
	m.fold = m.proc.New()
	dead, _ := try(func() error { return m.fold.Restore(m.tx(&event.Record{Offset: -1})) })
	m.rows.rollback()
	if dead != nil {
		return fmt.Errorf("%s/%d: restoring from its tables: %s", m.proc.Name, m.partition, dead.GetReason())
	}
	return nil
}

// try runs what may refuse or panic.
func try(piece func() error) (dead *event.Dead, threw bool) {
	defer func() {
		if r := recover(); r != nil {
			dead, threw = verdict(r), true
		}
	}()
	if err := piece(); err != nil {
		return verdict(err), false
	}
	return nil, false
}

// verdict turns an error or a recovered panic into the kind and reason of a dead letter.
func verdict(cause any) *event.Dead {
	if t, ok := cause.(thrown); ok {
		cause = t.err
	}
	err, ok := cause.(error)
	if !ok {
		return &event.Dead{Kind: "panic", Reason: fmt.Sprintf("the fold panicked with a %T", cause)}
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return &event.Dead{Kind: refusal.Kind, Reason: refusal.Reason}
	}
	if _, isRuntime := cause.(interface{ RuntimeError() }); isRuntime {
		return &event.Dead{Kind: "panic", Reason: err.Error()}
	}
	return &event.Dead{Kind: "refused", Reason: err.Error()}
}

// maxReason bounds what a dead letter says of its cause, and of its key.
const maxReason = 1024

// bury emits the record in hand to dead. Whatever the record holds, the letter can be encoded.
func (m *Machine) bury(tx *Tx, dead *event.Dead) {
	key := strings.ToValidUTF8(string(tx.rec.Key[:min(len(tx.rec.Key), maxReason)]), "?")
	dead.Topic, dead.Partition, dead.Offset = string(m.proc.Inbox), int32(m.partition), tx.rec.Offset //nolint:gosec // a partition
	dead.Record, dead.Key = tx.rec.Value[:min(len(tx.rec.Value), event.MaxSize-8*maxReason)], tx.rec.Key[:min(len(tx.rec.Key), maxReason)]
	dead.Reason = strings.ToValidUTF8(dead.Reason[:min(len(dead.Reason), maxReason)], "?")
	to := Place{event.TopicDead, event.PartitionOf(key, m.partitions(event.TopicDead))}
	tx.outs = append(tx.outs[:0], pending{to, &event.Event{Key: key, Body: &event.Event_Dead{Dead: dead}}})
	if err := m.number(tx); err != nil {
		throw(err) // every part is bounded above
	}
}

// number gives what a piece emitted ids and lane numbers and encodes it; all of it or, where one cannot be encoded, nothing.
func (m *Machine) number(tx *Tx) error {
	from := len(tx.done)
	for _, p := range tx.outs {
		to := p.to
		o := &event.Origin{
			Processor: m.proc.Name, Partition: int32(m.partition), Epoch: m.pos.Epoch, //nolint:gosec // a partition
			Offset: tx.rec.Offset, Ordinal: uint32(len(tx.done)), Number: m.out[to] + 1, //nolint:gosec // bounded by MaxOutputsPerRecord
		}
		id := event.OriginID(o)
		p.event.Origin, p.event.Id = o, id[:]
		value, err := event.Marshal(p.event)
		if err == nil && len(value) > event.MaxSize {
			err = fmt.Errorf("%d bytes are more than %d", len(value), event.MaxSize)
		}
		if err != nil {
			for _, o := range tx.done[from:] {
				m.out[o.to()]--
			}
			tx.done = tx.done[:from]
			return &Refusal{Kind: "limit", Reason: fmt.Sprintf("an output to %s cannot be encoded: %v", to.Topic, err)}
		}
		m.out[to]++
		tx.done = append(tx.done, Output{event.Record{
			Topic: to.Topic, Partition: to.Partition, Key: []byte(p.event.GetKey()), Value: value, Trace: tx.rec.Trace,
		}, o.GetNumber()})
	}
	tx.outs = tx.outs[:0]
	return nil
}

// rolled takes something into a rolling hash.
func rolled(hash [16]byte, a, b uint64, text string, value []byte) [16]byte {
	h := sha256.New()
	var n [16]byte
	binary.BigEndian.PutUint64(n[:8], a)
	binary.BigEndian.PutUint64(n[8:], b)
	h.Write(hash[:])
	h.Write(n[:])
	h.Write([]byte(text))
	h.Write(value)
	return [16]byte(h.Sum(nil)[:16])
}
