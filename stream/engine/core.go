package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tributary-cc/tributary/stream/event"
)

// maxStep is the most that served time grows from one tick to the next, in milliseconds.
const maxStep = 5000

// position is what the state knows of its place on the log. Together with the rows and the lanes it is the whole state.
type position struct {
	Epoch uint64 `json:"epoch"`
	Build string `json:"build"`
	// Next is the offset of the next record to fold.
	Next int64 `json:"next"`
	// Served is served time, Clock the last tick's time, both in milliseconds.
	Served int64 `json:"served_ms"`
	Clock  int64 `json:"clock_ms"`
	// Writers are the last ones that told the time.
	Writers []writerClock `json:"writers,omitempty"`
	// Hash is the rolling hash of all outputs of the epoch.
	Hash [16]byte `json:"hash"`
	// Read is the rolling hash of all records folded: a replay that comes to another one has read another log.
	Read [16]byte `json:"read"`
}

// writerClock is what a writer's clock and served time were at its last tick.
type writerClock struct {
	Writer string `json:"writer"`
	Clock  int64  `json:"clock_ms"`
	Served int64  `json:"served_ms"`
}

// maxWriters bounds the writers remembered: those of a partition are an owner and a standby.
const maxWriters = 4

// core folds records, one after another, with no input but the records: it is the deterministic heart that the owner, the
// standby and a replay run alike.
type core struct {
	proc       Processor
	fold       Fold
	partition  int
	partitions func(event.Topic) int
	skips      map[int64]bool
	// ahead are epochs that begin before their record: what came in between a cut and it belongs to them, in order.
	ahead []*event.Epoch

	rows  *rows
	pos   position
	in    Lanes
	out   map[destination]uint64
	onGap func(*event.Origin)
}

// destination is a partition that outputs go to; with the inbox partition folded it is a lane.
type destination struct {
	topic     event.Topic
	partition int
}

// output is an event on its way: numbered, encoded, to be appended in the order of its lane.
type output struct {
	to     destination
	number uint64
	record event.Record
}

// step is what came of one record.
type step struct {
	offset int64
	outs   []output
	// hash is the rolling hash behind these outputs.
	hash [16]byte
	// tick is the record, if it was a tick of the epoch in force.
	tick *event.Tick
	// epoch is the record, if it began an epoch.
	epoch *event.Epoch
}

func newCore(proc Processor, partition int, partitions func(event.Topic) int) *core {
	return &core{
		proc: proc, fold: proc.New(), partition: partition, partitions: partitions, rows: newRows(),
		out: make(map[destination]uint64), onGap: func(*event.Origin) {},
	}
}

// restore lets the fold derive what it holds in memory from the rows.
func (c *core) restore() error {
	tx := &Tx{core: c, rows: c.rows, rec: &event.Record{Offset: -1}}
	if dead := c.guarded(tx, func() error { return c.fold.Restore(tx) }); dead != nil {
		return fmt.Errorf("%s/%d: restoring from its tables: %s", c.proc.Name, c.partition, dead.GetReason())
	}
	return nil
}

// step folds one record. Offsets must rise; they need not be dense.
func (c *core) step(rec *event.Record) step {
	s := step{offset: rec.Offset}
	for len(c.ahead) > 0 && rec.Offset >= c.ahead[0].GetFromOffset() {
		if c.begin(c.ahead[0]) {
			s.epoch = c.ahead[0]
		}
		c.ahead = c.ahead[1:]
	}
	c.pos.Read = rolled(c.pos.Read, uint64(rec.Offset), uint64(len(rec.Key)), string(rec.Key), rec.Value) //nolint:gosec // hashed bits
	tx := &Tx{core: c, rows: c.rows, rec: rec}
	e, err := event.Unmarshal(rec.Value)
	switch {
	case err != nil:
		c.bury(tx, &event.Dead{Kind: "undecodable", Reason: err.Error()})
	case e.GetEpoch() != nil:
		if c.begin(e.GetEpoch()) {
			s.epoch = e.GetEpoch()
		}
	case e.GetTick() != nil:
		if c.moveTime(tx, e.GetTick()) {
			s.tick = e.GetTick()
		}
		c.fire(tx)
	default:
		c.fire(tx)
		c.apply(tx, e)
	}
	for _, o := range tx.done {
		c.roll(o)
	}
	s.outs, s.hash = tx.done, c.pos.Hash
	c.pos.Next = rec.Offset + 1
	return s
}

func (c *core) apply(tx *Tx, e *event.Event) {
	switch c.in.Take(e.GetOrigin()) {
	case Take:
	case Drop:
		return
	case Gap:
		c.onGap(e.GetOrigin())
		return
	}
	if c.skips[tx.rec.Offset] {
		return
	}
	tx.cause = e
	if dead := c.guarded(tx, func() error { return c.fold.Apply(tx, e) }); dead != nil {
		c.bury(tx, dead)
	}
	tx.cause = nil
}

// begin takes an epoch record; a number that is not higher is a repeat by another process that wanted the same.
func (c *core) begin(e *event.Epoch) bool {
	if e.GetNumber() <= c.pos.Epoch {
		return false
	}
	c.pos.Epoch, c.pos.Build, c.pos.Hash = e.GetNumber(), e.GetBuild(), [16]byte{}
	clear(c.out)
	return true
}

// moveTime moves the clocks by a tick. Only a tick of the epoch in force counts, and only one whose writer had folded to
// the end knows the time: during a backlog time stands still.
//
// Steps are measured by each writer's own clock, from its last tick to this: so two processes that tick in turn, with clocks
// that differ, move served time as either would alone.
func (c *core) moveTime(tx *Tx, t *event.Tick) bool {
	if t.GetEpoch() != c.pos.Epoch {
		return false
	}
	now := t.GetTimeMs()
	if now <= 0 {
		return true
	}
	writers := make([]writerClock, 0, maxWriters+1) // a new one: a checkpoint may hold the old
	for _, w := range c.pos.Writers {
		if w.Writer == t.GetWriter() {
			c.pos.Served = max(c.pos.Served, w.Served+min(max(now-w.Clock, 0), maxStep))
		} else {
			writers = append(writers, w)
		}
	}
	writers = append(writers, writerClock{t.GetWriter(), now, c.pos.Served})
	c.pos.Writers = writers[max(0, len(writers)-maxWriters):]
	c.pos.Clock = now
	tx.anchor()
	c.rows.commit()
	return true
}

// fire fires due timers in (due, key) order, served time first.
func (c *core) fire(tx *Tx) {
	fired := 0
	for _, k := range []struct {
		kind string
		now  int64
	}{{timerServed, c.pos.Served}, {timerClock, c.pos.Clock}} {
		for fired < MaxTimersPerRecord {
			name, at, ok := c.rows.due(k.kind)
			if !ok || at > k.now {
				break
			}
			fired++
			tx.Cancel(name)
			c.rows.commit()
			if dead := c.guarded(tx, func() error { return c.fold.Fire(tx, name) }); dead != nil {
				c.bury(tx, dead)
			}
		}
	}
}

// guarded runs a piece of the fold: all of it or, with the reason as a Dead, nothing of it.
func (c *core) guarded(tx *Tx, piece func() error) (dead *event.Dead) {
	tx.outs = tx.outs[:0]
	defer func() {
		if r := recover(); r != nil {
			dead = verdict(r)
		}
		if dead == nil {
			c.rows.commit()
			return
		}
		c.rows.rollback()
		if tx.rec.Offset < 0 {
			return // restoring: there is nothing older to go back to
		}
		if again := c.restoreAfterRollback(tx); again != nil {
			dead.Reason += "; and restoring afterwards: " + again.Error()
		}
	}()
	if err := piece(); err != nil {
		return verdict(err)
	}
	if err := c.number(tx); err != nil {
		return &event.Dead{Kind: "limit", Reason: err.Error()}
	}
	return nil
}

func (c *core) restoreAfterRollback(tx *Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	c.fold = c.proc.New()
	return c.fold.Restore(tx)
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
func (c *core) bury(tx *Tx, dead *event.Dead) {
	key := strings.ToValidUTF8(string(tx.rec.Key[:min(len(tx.rec.Key), maxReason)]), "?")
	dead.Topic, dead.Partition, dead.Offset = string(c.proc.Inbox), int32(c.partition), tx.rec.Offset //nolint:gosec // a partition
	dead.Record, dead.Key = tx.rec.Value[:min(len(tx.rec.Value), event.MaxSize-8*maxReason)], tx.rec.Key[:min(len(tx.rec.Key), maxReason)]
	dead.Reason = strings.ToValidUTF8(dead.Reason[:min(len(dead.Reason), maxReason)], "?")
	tx.outs = append(tx.outs[:0], pending{
		topic: event.TopicDead, partition: event.PartitionOf(key, c.partitions(event.TopicDead)),
		event: &event.Event{Key: key, Body: &event.Event_Dead{Dead: dead}},
	})
	if err := c.number(tx); err != nil {
		throw(err) // every part is bounded above
	}
}

// number gives what a piece emitted ids and lane numbers and encodes it; all of it or, where one cannot be encoded, nothing.
func (c *core) number(tx *Tx) error {
	from := len(tx.done)
	for _, p := range tx.outs {
		to := destination{p.topic, p.partition}
		o := &event.Origin{
			Processor: c.proc.Name, Partition: int32(c.partition), Epoch: c.pos.Epoch, //nolint:gosec // a partition
			Offset: tx.rec.Offset, Ordinal: uint32(len(tx.done)), Number: c.out[to] + 1, //nolint:gosec // bounded by MaxOutputsPerRecord
		}
		id := event.OriginID(o)
		p.event.Origin, p.event.Id = o, id[:]
		value, err := event.Marshal(p.event)
		if err == nil && len(value) > event.MaxSize {
			err = fmt.Errorf("%d bytes are more than %d", len(value), event.MaxSize)
		}
		if err != nil {
			for _, o := range tx.done[from:] {
				c.out[o.to]--
			}
			tx.done = tx.done[:from]
			return fmt.Errorf("an output to %s cannot be encoded: %w", p.topic, err)
		}
		c.out[to]++
		tx.done = append(tx.done, output{to: to, number: o.GetNumber(), record: event.Record{
			Topic: p.topic, Partition: p.partition, Key: []byte(p.event.GetKey()), Value: value, Trace: tx.rec.Trace,
		}})
	}
	tx.outs = tx.outs[:0]
	return nil
}

func mustMarshal(e *event.Event) []byte {
	b, err := event.Marshal(e)
	if err != nil {
		return nil
	}
	return b
}

// roll takes an output into the rolling hash.
func (c *core) roll(o output) {
	c.pos.Hash = rolled(c.pos.Hash, uint64(o.to.partition), o.number, string(o.to.topic), o.record.Value) //nolint:gosec // hashed bits
}

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
