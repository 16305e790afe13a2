package warehouse

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/event"
)

func TestOnlyTheNextCutContinues(t *testing.T) {
	at := func(number uint64, ranges ...*event.Range) *event.Cut {
		return &event.Cut{Number: number, Ranges: ranges}
	}
	a := func(from, to int64) *event.Range { return &event.Range{Topic: "a", From: from, To: to} }
	b := func(from, to int64) *event.Range { return &event.Range{Topic: "b", From: from, To: to} }
	p := positionAfter(at(4, a(0, 10), b(0, 5)))
	require.True(t, p.continues(at(5, a(10, 12), b(5, 5))))
	require.True(t, p.continues(at(5, a(11, 12), b(5, 5))), "retention took one")
	require.True(t, p.continues(at(5, a(10, 12), b(5, 5), &event.Range{Topic: "new"})))
	for name, c := range map[string]*event.Cut{
		"the same number":       at(4, a(10, 12), b(5, 5)),
		"a number left out":     at(6, a(10, 12), b(5, 5)),
		"it begins too early":   at(5, a(9, 12), b(5, 5)),
		"a partition left out":  at(5, a(10, 12)),
		"it ends before it has": at(5, a(10, 9), b(5, 5)),
	} {
		require.False(t, p.continues(c), name)
	}
}

// Where retention took the beginning, or what stood between two cuts, a lane goes on with what is there, the same whoever maps it.
func TestACutOfATrimmedLogAdoptsItsLanes(t *testing.T) {
	at := place{event.TopicConversationFacts, 0}
	record := func(offset int64, processor string, number uint64) event.Record {
		v, err := event.Marshal(&event.Event{
			Id: []byte{1}, Tenant: "t", AtMs: 1_800_000_000_000, Origin: &event.Origin{Processor: processor, Epoch: 1, Number: number},
			Body: &event.Event_CustomerEnded{CustomerEnded: &event.CustomerEnded{}},
		})
		require.NoError(t, err)
		return event.Record{Topic: at.topic, Offset: offset, Value: v}
	}
	p := newPosition()
	step := func(from int64, gaps int, recs ...event.Record) {
		t.Helper()
		to := recs[len(recs)-1].Offset + 1
		cut, b := makeCut(p, []slice{{at, from, to, recs}}, "w")
		require.Equal(t, gaps, b.gaps)
		again := mapCut(p, cut, map[place][]event.Record{at: recs})
		require.Empty(t, disagreement(cut, again))
		require.Equal(t, gaps, again.gaps)
		p = positionAfter(cut)
	}
	step(100, 0, record(100, "a", 40), record(101, "a", 41))
	step(102, 0, record(102, "a", 42), record(103, "b", 7))
	step(104, 1, record(104, "a", 44), record(105, "b", 8))
	step(200, 0, record(200, "a", 60), record(201, "b", 9)) // retention took what stood between
	step(202, 1, record(202, "a", 62))

	p = newPosition()
	step(0, 1, record(0, "a", 2))
}

func TestBufferWaitsWhenFullAndSharesFairly(t *testing.T) {
	b := newBuffer(1400)
	one, two := place{"a", 0}, place{"a", 1}
	b.start(one, 5, 9)
	b.start(two, 0, 0)
	recs := func(from, n int64) (out []event.Record) {
		for i := range n {
			out = append(out, event.Record{Offset: from + i, Value: make([]byte, 100)})
		}
		return out
	}
	ctx := context.Background()
	require.NoError(t, b.put(ctx, one, recs(3, 6), 20)) // 3 and 4 lie before the start
	require.Equal(t, 4, waiting(b))
	require.NoError(t, b.put(ctx, two, recs(0, 1), 1))

	gone, cancel := context.WithCancelCause(ctx)
	stopped := errors.New("stopped")
	cancel(stopped)
	require.ErrorIs(t, b.put(gone, two, recs(1, 1), 2), stopped, "it is full")

	parts := b.look(4, 1<<20)
	require.Len(t, parts, 2)
	for _, p := range parts {
		if p.place == one {
			require.Equal(t, [2]int64{5, 7}, [2]int64{p.from, p.to})
		} else {
			require.Equal(t, [2]int64{0, 1}, [2]int64{p.from, p.to})
		}
	}
	p := newPosition()
	p.next[one], p.next[two] = 12, 1 // another sink was further
	require.Equal(t, int64(8), b.behind(p))
	b.cut(p)
	require.Zero(t, waiting(b))
	require.NoError(t, b.put(ctx, one, recs(9, 5), 20))
	require.Equal(t, 2, waiting(b))
	parts = b.look(10, 1<<20)
	require.Equal(t, []int64{12, 1}, []int64{parts[0].from, parts[1].from})
}

func waiting(b *buffer) int {
	n, _ := b.waiting(1, 1)
	return n
}
