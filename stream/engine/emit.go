package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/tributary-cc/tributary/stream/event"
)

// emitter holds what was folded and is not yet known to be acknowledged, and sends it when its folder is the one to do so.
//
// Per lane the next batch goes only after the last is acknowledged, so a destination always holds a prefix of each lane,
// whoever else emits the same lane. Nothing here decides what is true: a needless emission makes repeats, which readers drop.
type emitter struct {
	lanes   map[Place]*lane
	folded  []folded // one entry per record that had outputs which are not acknowledged, in offset order
	acked   int64    // every output of records below this offset is acknowledged
	hash    [16]byte // the rolling hash behind those outputs
	next    int64    // the next offset to fold: what acked is when nothing waits
	word    int64    // what somebody else said that acked is
	pending int      // outputs held
	send    func(to Place, records []event.Record)
}

// lane is what waits for one destination, in order.
type lane struct {
	queue    []event.Record
	offsets  []int64 // the cause of each
	inFlight int     // how many of the queue's head are being appended
}

// folded is a record with outputs, and since when it waits.
type folded struct {
	offset int64
	hash   [16]byte
	since  time.Time
}

func newEmitter(next int64, hash [16]byte, send func(Place, []event.Record)) *emitter {
	return &emitter{lanes: make(map[Place]*lane), acked: next, next: next, hash: hash, send: send}
}

// add takes the outputs of a record.
func (m *emitter) add(s Step, now time.Time) {
	m.next = s.Offset + 1
	if len(s.Outputs) > 0 || s.Epoch != nil { // an epoch begins the hash anew
		m.folded = append(m.folded, folded{s.Offset, s.hash, now})
	}
	for i := range s.Outputs {
		o := &s.Outputs[i]
		l := m.lanes[o.to()]
		if l == nil {
			l = &lane{}
			m.lanes[o.to()] = l
		}
		l.queue, l.offsets = append(l.queue, o.Record), append(l.offsets, s.Offset)
	}
	if m.pending += len(s.Outputs); m.pending == 0 {
		m.advance()
	}
}

// flush sends what waits in every lane that has nothing in flight.
func (m *emitter) flush() {
	for to, l := range m.lanes { // lanes are independent: no order between them is promised
		if l.inFlight == 0 && len(l.queue) > 0 {
			l.inFlight = len(l.queue)
			m.send(to, l.queue[:l.inFlight:l.inFlight])
		}
	}
}

// answered tells that what was in flight to a destination is acknowledged.
func (m *emitter) answered(to Place) {
	l := m.lanes[to]
	if l == nil {
		return // abandoned meanwhile
	}
	l.queue, l.offsets = l.queue[l.inFlight:], l.offsets[l.inFlight:]
	m.pending -= l.inFlight
	l.inFlight = 0
	m.advance()
}

// advance moves the acknowledged mark to the first record with an output that nobody knows to be acknowledged.
func (m *emitter) advance() {
	m.acked = m.next
	for _, l := range m.lanes {
		if m.pending == 0 {
			break
		}
		if i, _ := slices.BinarySearch(l.offsets, m.word); i < len(l.offsets) {
			m.acked = min(m.acked, l.offsets[i])
		}
	}
	for len(m.folded) > 0 && m.folded[0].offset < m.acked {
		m.hash = m.folded[0].hash
		m.folded = m.folded[1:]
	}
	if len(m.folded) == 0 {
		m.folded = nil
	}
}

// told takes another folder's word that all outputs of records below acked are acknowledged, and compares its hash of
// them with ours. It answers false where they differ: the two came to different decisions.
func (m *emitter) told(acked int64, hash []byte) bool {
	at := m.hash
	for i := 0; i < len(m.folded) && m.folded[i].offset < acked; i++ {
		at = m.folded[i].hash
	}
	if acked >= m.acked && string(at[:]) != string(hash) {
		return false
	}
	m.word = max(m.word, min(acked, m.next)) // nobody knows of what is not folded
	for _, l := range m.lanes {              // what is in flight stays: its answer is still to come
		i, _ := slices.BinarySearch(l.offsets, m.word)
		if n := l.inFlight; i > n {
			l.queue = append(l.queue[:n:n], l.queue[i:]...)
			l.offsets = append(l.offsets[:n:n], l.offsets[i:]...)
			m.pending -= i - n
		}
	}
	m.advance()
	return true
}

// oldest is how long the oldest output has waited.
func (m *emitter) oldest(now time.Time) time.Duration {
	if len(m.folded) == 0 {
		return 0
	}
	return now.Sub(m.folded[0].since)
}

// abandon forgets what is held: somebody else emits it.
func (m *emitter) abandon() {
	m.folded, m.lanes, m.pending = nil, make(map[Place]*lane), 0
	m.advance()
}

// dump gives the outputs held, one line each, for a comparison of two folders.
func (m *emitter) dump() []byte {
	var b []byte
	for to, l := range m.lanes {
		for i, o := range l.queue {
			e, _ := event.Unmarshal(o.Value) // what does not decode has no number
			b = fmt.Appendf(b, "%s/%d number %d cause %d %x\n", to.Topic, to.Partition, e.GetOrigin().GetNumber(), l.offsets[i], o.Value)
		}
	}
	return b
}
