package engine_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/engine/enginetest"
	"github.com/tributary-cc/tributary/stream/engine/replay"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/objects"
)

func messages(b *testing.B, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		v, err := event.Marshal(&event.Event{Tenant: "t", Key: "t/a", Body: &event.Event_CustomerMessage{
			CustomerMessage: &event.CustomerMessage{EntryPoint: fmt.Sprint(i), Message: "abc"},
		}})
		require.NoError(b, err)
		out[i] = v
	}
	return out
}

// BenchmarkStep folds records that put a row, set a timer and emit three events.
func BenchmarkStep(b *testing.B) {
	m, err := engine.NewMachine(scatterProcessor(0), 0, func(event.Topic) int { return 4 })
	require.NoError(b, err)
	values := messages(b, b.N)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Step(&event.Record{Offset: int64(i), Key: []byte("t/a"), Value: values[i%len(values)]})
	}
}

// BenchmarkReplay replays a log of 100,000 such records and their 300,000 outputs.
func BenchmarkReplay(b *testing.B) {
	const n = 100_000
	log := enginetest.NewLog(4)
	m, err := engine.NewMachine(scatterProcessor(0), 0, log.Partitions)
	require.NoError(b, err)
	add := func(r event.Record) {
		log.Append(b.Context(), r.Topic, r.Partition, []event.Record{r}, func(error) {})
	}
	for i, v := range messages(b, n) {
		in := event.Record{Topic: event.TopicIdentityIn, Offset: int64(i), Key: []byte("t/a"), Value: v}
		add(in)
		for _, out := range m.Step(&in) {
			add(out)
		}
	}
	for b.Loop() {
		r, err := replay.Compare(b.Context(), replay.Config{Log: log, Store: objects.NewMemory(), Processor: scatterProcessor(0), Build: ""})
		require.NoError(b, err)
		require.EqualValues(b, 3*n, r.Equal)
	}
}
