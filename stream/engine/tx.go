package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tributary-cc/tributary/stream/event"
)

// The engine's constants: what a record may do. A record that would exceed them goes to dead.
const (
	// MaxTimersPerRecord is how many due timers one record fires; the next record fires the next ones.
	MaxTimersPerRecord = 1000
	// MaxOutputsPerRecord bounds what one record may emit.
	MaxOutputsPerRecord = 20_000
)

// Tx is one record's view of the state: what it changes and emits applies together or not at all.
type Tx struct {
	machine *Machine
	rows    *rows
	rec     *event.Record
	cause   *event.Event
	outs    []pending // of the piece in hand
	done    []Output  // of the pieces of this record that stand
	ids     uint32
}

// pending is an output before it has a number.
type pending struct {
	to    Place
	event *event.Event
}

// Partition is the inbox partition folded.
func (tx *Tx) Partition() int { return tx.machine.partition }

// Served is served time in milliseconds: it grows with ticks only, by at most 5 s a tick, so that an outage, a backlog or
// a wrong clock runs no deadline out.
func (tx *Tx) Served() int64 { return tx.machine.pos.Served }

// Clock is the time of the last tick in Unix milliseconds, 0 before the first.
func (tx *Tx) Clock() int64 { return tx.machine.pos.Clock }

// NewID gives an id that is a function of the record and of how many were taken from it before.
func (tx *Tx) NewID() string {
	var b [28]byte
	binary.BigEndian.PutUint32(b[0:], uint32(tx.machine.partition)) //nolint:gosec // hashed bits
	binary.BigEndian.PutUint64(b[4:], tx.machine.pos.Epoch)
	binary.BigEndian.PutUint64(b[12:], uint64(tx.rec.Offset)) //nolint:gosec // hashed bits
	binary.BigEndian.PutUint32(b[20:], tx.ids)
	tx.ids++
	h := append([]byte("id\x00"+tx.machine.proc.Name+"\x00"), b[:]...)
	sum := sha256.Sum256(h)
	return event.ID(sum[:16]).String()
}

// Emit appends an event to a topic, to the partition of its key. Id, origin, cause and trace are filled in here; tenant
// and at_ms are taken from the cause where they are not set.
func (tx *Tx) Emit(topic event.Topic, e *event.Event) {
	tx.EmitTo(topic, event.PartitionOf(e.GetKey(), tx.Partitions(topic)), e)
}

// EmitTo appends an event to a given partition: only for what every partition must be told.
func (tx *Tx) EmitTo(topic event.Topic, partition int, e *event.Event) {
	if topic != event.TopicDead && !slices.Contains(tx.machine.proc.Outputs, topic) {
		throw(fmt.Errorf("%s emits to %s, which is not among its outputs", tx.machine.proc.Name, topic))
	}
	if len(tx.outs)+len(tx.done) >= MaxOutputsPerRecord {
		throw(&Refusal{Kind: "limit", Reason: fmt.Sprintf("more than %d outputs", MaxOutputsPerRecord)})
	}
	if partition < 0 || partition >= tx.Partitions(topic) {
		throw(fmt.Errorf("%s emits to %s/%d, which there is not", tx.machine.proc.Name, topic, partition))
	}
	if c := tx.cause; c != nil {
		e.Cause = c.GetId()
		if e.GetTenant() == "" {
			e.Tenant = c.GetTenant()
		}
		if e.GetAtMs() == 0 {
			e.AtMs = c.GetAtMs()
		}
	}
	tx.outs = append(tx.outs, pending{Place{topic, partition}, e})
}

// EmitAll appends a copy of the event to every partition of the topic.
func (tx *Tx) EmitAll(topic event.Topic, e *event.Event) {
	for p := range tx.Partitions(topic) {
		tx.EmitTo(topic, p, proto.CloneOf(e))
	}
}

// Partitions is how many partitions a topic has.
func (tx *Tx) Partitions(topic event.Topic) int {
	if topic.Single() {
		return 1
	}
	return tx.machine.partitions(topic)
}
