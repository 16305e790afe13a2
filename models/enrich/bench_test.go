package enrich

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
)

// telling is a guard that tells when an event stands in the log.
type telling struct {
	Guard
	done chan struct{}
}

func (g telling) Append(ctx context.Context, topic event.Topic, e *event.Event, c *event.Content) error {
	err := g.Guard.Append(ctx, topic, e, c)
	g.done <- struct{}{}
	return err
}

// BenchmarkMessageToIntent measures the way from the fact of a first message to its intent in the log, one at a time, on a log in
// memory: reading, opening, the model in the process, appending.
func BenchmarkMessageToIntent(b *testing.B) {
	w := newWorld(b)
	defer w.end()
	w.config(bank())
	g := telling{w.guard, make(chan struct{}, 1)}
	s, _ := w.enrich(resolver(b, nil), func(c *Config) { c.Guard = g })
	require.Eventually(b, func() bool { return s.Ready() == nil }, 10*time.Second, time.Millisecond)
	address, err := w.keys.Pseudonym(b.Context(), "acme", "webchat:ada")
	require.NoError(b, err)
	sealed, err := w.keys.SealContent(b.Context(), "acme", string(address), "x", &event.Content{Text: "My card was stolen yesterday, please block it"})
	require.NoError(b, err)
	var took []time.Duration
	number := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		at := clock()
		id := fmt.Sprint("ct", number)
		records := make([]event.Record, 0, 2)
		for _, e := range []*event.Event{
			{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: &event.Contact{
				Contact: id, Conversation: "v", EntryPoint: "bank", State: event.ContactState_CONTACT_STATE_QUEUED,
			}}}},
			{Sealed: sealed, Body: &event.Event_MessageAdded{MessageAdded: &event.MessageAdded{Message: "m" + id, Contact: id, Author: event.Author_AUTHOR_CUSTOMER}}},
			{Body: &event.Event_ContactChanged{ContactChanged: &event.ContactChanged{Contact: &event.Contact{Contact: fmt.Sprint("ct", number-50), Queue: "q"}}}},
		} {
			number++
			e.Tenant, e.Key, e.Customer, e.Address, e.AtMs = "acme", "acme/ada", "ada", string(address), at.UnixMilli()
			e.Origin = &event.Origin{Processor: "bench", Epoch: 1, Number: number}
			cause := event.OriginID(e.Origin)
			e.Id = cause[:]
			v, err := event.Marshal(e)
			require.NoError(b, err)
			records = append(records, event.Record{Key: []byte(e.Key), Value: v})
		}
		place := engine.Place{Topic: event.TopicConversationFacts, Partition: event.PartitionOf("acme/ada", 2)}
		require.NoError(b, engine.AppendAndWait(b.Context(), w.log, place, records...))
		<-g.done
		took = append(took, clock().Sub(at))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
