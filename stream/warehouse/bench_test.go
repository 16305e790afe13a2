package warehouse

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/embedded/embeddedtest"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/event"
)

// chats makes the records of n contacts as chat makes them: of ten facts, six messages with their text.
func chats(tb testing.TB, n int) []event.Record {
	tb.Helper()
	s := &scene{t: tb, log: enginetest.NewLog(1), lanes: map[string]uint64{}, last: map[string][]event.Record{}}
	for i := range n {
		c, at := fmt.Sprintf("cu%06d", i), t0+int64(i)
		for v := uint64(1); v <= 3; v++ {
			s.contact(&event.Contact{Contact: "c-" + c, Queue: "sales", StartedMs: at, EnqueuedMs: at, Version: v}, c, at)
		}
		for m := uint64(1); m <= 6; m++ {
			s.message(c, m, event.Author_AUTHOR_CUSTOMER, "Where is my order? It was to come on Monday.", "k", at)
		}
		s.fact(event.TopicConversationFacts, "conversation", c, &event.Event{AtMs: at, Customer: c, Body: &event.Event_ConversationOpened{
			ConversationOpened: &event.ConversationOpened{Conversation: "conv-" + c},
		}})
	}
	return s.log.All(event.TopicConversationFacts, 0)
}

// BenchmarkSinkMapping is the sink's own work without ClickHouse: decoding, lanes, rows, JSON.
func BenchmarkSinkMapping(b *testing.B) {
	records := chats(b, 2000)
	rows := 0
	for b.Loop() {
		_, made := makeCut(newPosition(), []slice{{place: place{event.TopicConversationFacts, 0}, to: int64(len(records)), records: records}}, "w")
		for _, t := range made.tables() {
			rows += t.count()
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkSinkInsert is mapping and inserting cuts of about 50,000 records, one after the other, as a sink that catches up does.
func BenchmarkSinkInsert(b *testing.B) {
	w := openWarehouse(b, embeddedtest.ClickHouse(b))
	_, err := w.Migrate(context.Background())
	require.NoError(b, err)
	s := &scene{log: enginetest.NewLog(1)}
	r := &run{Sink: newTestSink(b, w, s)}
	records := chats(b, 5000)
	at := newPosition()
	rows := 0
	for b.Loop() {
		cut, made := makeCut(at, []slice{{place: place{event.TopicConversationFacts, 0}, to: int64(len(records)), records: records}}, "w")
		p := &pending{cut: cut, block: made, since: time.Now()} //nolint:forbidigo // a benchmark of real time
		require.NoError(b, r.insertOnce(context.Background(), context.Background(), p, false))
		for _, t := range made.tables() {
			rows += t.count()
		}
		at.number++
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
