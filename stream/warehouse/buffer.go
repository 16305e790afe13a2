package warehouse

import (
	"context"
	"slices"
	"sync"

	"github.com/tributary-cc/tributary/stream/event"
)

// buffer holds the facts read and not cut yet. Readers wait while it is full; whoever cuts never waits for them.
type buffer struct {
	mu    sync.Mutex
	limit int // bytes
	size  int
	count int
	tails map[place]*tail
	room  chan struct{} // closed and replaced when there is room again
	news  chan struct{} // holds one token when something came
}

type tail struct {
	first   int64 // the offset where records begin, and where the next cut does
	next    int64 // the offset behind the last record
	end     int64 // the partition's end as last heard
	records []event.Record
}

func newBuffer(limit int) *buffer {
	return &buffer{limit: limit, tails: make(map[place]*tail), room: make(chan struct{}), news: make(chan struct{}, 1)}
}

// start declares a partition that will be read from an offset.
func (b *buffer) start(at place, from, end int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tails[at] = &tail{first: from, next: from, end: end}
}

// put adds what was read; what lies before the last cut is left out. It waits while the buffer is full.
func (b *buffer) put(ctx context.Context, at place, records []event.Record, end int64) error {
	b.mu.Lock()
	for b.size > b.limit && len(records) > 0 {
		room := b.room
		b.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		b.mu.Lock()
	}
	t := b.tails[at]
	t.end = max(end, t.end)
	for _, r := range records {
		if r.Offset < t.next {
			continue
		}
		t.next = r.Offset + 1
		t.records = append(t.records, r)
		b.size += weight(r)
		b.count++
	}
	b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
	return nil
}

func weight(r event.Record) int { return len(r.Value) + 200 }

// waiting is how many records are held, and whether they fill a cut of so many rows or bytes.
func (b *buffer) waiting(rows, bytes int) (n int, full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count, b.count >= rows || b.size >= bytes
}

// look takes up to rows records and bytes, a fair share of each partition, and leaves them in the buffer: only an accepted
// cut moves it on. Every partition is named, in order, also with nothing.
func (b *buffer) look(rows, bytes int) []slice {
	b.mu.Lock()
	defer b.mu.Unlock()
	busy := 0
	for _, t := range b.tails {
		if len(t.records) > 0 {
			busy++
		}
	}
	share, shareBytes := max(1, rows/max(1, busy)), bytes/max(1, busy)
	out := make([]slice, 0, len(b.tails))
	for at, t := range b.tails {
		s := slice{place: at, from: t.first, to: t.first}
		n := min(len(t.records), share)
		size := 0
		for i := range n {
			if size += weight(t.records[i]); size > shareBytes && i > 0 {
				n = i
				break
			}
		}
		if n == len(t.records) {
			s.to = t.next
		} else {
			s.to = t.records[n-1].Offset + 1
		}
		s.records = t.records[:n:n]
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b slice) int { return comparePlaces(a.place, b.place) })
	return out
}

// cut forgets what lies before a cut's ends.
func (b *buffer) cut(p *position) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for at, to := range p.next {
		t := b.tails[at]
		if t == nil || to <= t.first {
			continue
		}
		n := 0
		for n < len(t.records) && t.records[n].Offset < to {
			b.size -= weight(t.records[n])
			n++
		}
		b.count -= n
		t.records = append([]event.Record(nil), t.records[n:]...)
		t.first, t.next = to, max(t.next, to)
	}
	if b.size <= b.limit {
		close(b.room)
		b.room = make(chan struct{})
	}
}

// behind counts the records between a position and the ends of the partitions.
func (b *buffer) behind(p *position) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var n int64
	for at, t := range b.tails {
		from, known := p.next[at]
		if !known {
			from = t.first
		}
		n += max(0, max(t.end, t.next)-from)
	}
	return n
}
