package enginetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// Log is an engine.Log in memory, for tests: every topic has the same number of partitions, single ones have one. Faults
// are put in by Before.
type Log struct {
	partitions int
	mu         sync.Mutex
	changed    chan struct{}
	parts      map[place][]event.Record
	first      map[place]int64
	gaps       []engine.Place
	before     func(topic event.Topic, partition int, records []event.Record) Fault
}

type place struct {
	topic     event.Topic
	partition int
}

// Fault is what becomes of one attempt to append.
type Fault int

// The faults a produce can meet.
const (
	// None: appended and answered.
	None Fault = iota
	// Lost: neither appended nor answered; it is tried again.
	Lost
	// LostAnswer: appended, the answer is lost; it is tried again.
	LostAnswer
	// Swallowed: answered, but not appended: what a broker must never do.
	Swallowed
)

var (
	_ engine.Log       = (*Log)(nil)
	_ engine.GapHearer = (*Log)(nil)
)

// NewLog makes an empty log.
func NewLog(partitions int) *Log {
	return &Log{partitions: partitions, changed: make(chan struct{}), parts: make(map[place][]event.Record), first: make(map[place]int64)}
}

// Before sets what decides the fate of each attempt to append; nil lets all pass.
func (l *Log) Before(f func(topic event.Topic, partition int, records []event.Record) Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = f
}

// Partitions is the number given to NewLog, or 1.
func (l *Log) Partitions(topic event.Topic) int {
	if topic.Single() {
		return 1
	}
	return l.partitions
}

// Bounds starts at 0, or where Trim said.
func (l *Log) Bounds(_ context.Context, topic event.Topic, partition int) (first, end int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := place{topic, partition}
	return l.first[p], int64(len(l.parts[p])), nil
}

// idle is how long a reader waits for something new before it hears that there is nothing.
const idle = 500 * time.Millisecond

// Read tails a partition.
func (l *Log) Read(
	ctx context.Context, topic event.Topic, partition int, from int64, handle func(batch []event.Record, end int64) error,
) error {
	p := place{topic, partition}
	for {
		l.mu.Lock()
		all, changed, first := l.parts[p], l.changed, l.first[p]
		l.mu.Unlock()
		end := int64(len(all))
		if from > end || from < first {
			return &engine.RangeError{Topic: topic, Partition: partition, Offset: from, First: first, End: end}
		}
		if err := handle(slices.Clone(all[from:]), end); err != nil {
			return err
		}
		from = end
		t := time.NewTimer(idle)
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		}
		t.Stop()
	}
}

// Append appends at once, or as the fault says.
func (l *Log) Append(ctx context.Context, topic event.Topic, partition int, records []event.Record, done func(error)) {
	l.mu.Lock()
	for {
		fault := None
		if l.before != nil {
			fault = l.before(topic, partition, records)
		}
		if ctx.Err() != nil {
			l.mu.Unlock()
			go done(context.Cause(ctx))
			return
		}
		if fault == None || fault == LostAnswer {
			l.put(place{topic, partition}, records)
		}
		if fault == None || fault == Swallowed {
			break
		}
	}
	l.mu.Unlock()
	go done(nil)
}

func (l *Log) put(p place, records []event.Record) {
	for _, r := range records {
		r.Topic, r.Partition, r.Offset = p.topic, p.partition, int64(len(l.parts[p]))
		l.parts[p] = append(l.parts[p], r)
	}
	l.wake()
}

func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// At reads records by offset.
func (l *Log) At(_ context.Context, topic event.Topic, partition int, offsets []int64) ([]event.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.parts[place{topic, partition}]
	out := make([]event.Record, 0, len(offsets))
	offsets = slices.Compact(slices.Sorted(slices.Values(offsets)))
	for _, o := range offsets {
		if o >= 0 && o < int64(len(all)) {
			out = append(out, all[o])
		}
	}
	return out, nil
}

// HearGap notes a gap.
func (l *Log) HearGap(topic event.Topic, partition int, _ int64, _ *event.Origin, _ bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gaps = append(l.gaps, engine.Place{Topic: topic, Partition: partition})
}

// Gaps are the gaps heard of.
func (l *Log) Gaps() []engine.Place {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.gaps)
}

// All copies what a partition holds.
func (l *Log) All(topic event.Topic, partition int) []event.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.parts[place{topic, partition}])
}

// Truncate cuts a partition's end off, as a power cut may.
func (l *Log) Truncate(topic event.Topic, partition int, end int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := place{topic, partition}
	l.parts[p] = slices.Clone(l.parts[p][:end])
	l.wake()
}

// Trim drops a partition's beginning, as retention does.
func (l *Log) Trim(topic event.Topic, partition int, first int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first[place{topic, partition}] = first
	l.wake()
}

// Alter replaces a record's value, as nothing ever should.
func (l *Log) Alter(topic event.Topic, partition int, offset int64, value []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := place{topic, partition}
	all := slices.Clone(l.parts[p])
	all[offset].Value = value
	l.parts[p] = all
}
