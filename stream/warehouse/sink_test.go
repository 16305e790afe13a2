package warehouse

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func counts(t testing.TB, w *Warehouse) map[string]any {
	t.Helper()
	res, err := w.Query(context.Background(), "contact_counts", map[string]any{"tenant": "acme"})
	require.NoError(t, err)
	require.Len(t, res.Rows, 1)
	out := make(map[string]any)
	for i, c := range res.Columns {
		out[c.Name] = fmt.Sprint(res.Rows[0][i])
	}
	return out
}

func requireWhole(t testing.TB, w *Warehouse, customers int) {
	t.Helper()
	n := fmt.Sprint
	require.Equal(t, map[string]any{
		"contacts": n(customers), "contact_changes": n(3 * customers), "conversations": n(customers),
		"messages": n(2 * customers), "message_doubles": "0", "customer_messages": n(customers), "agent_messages": n(customers),
		"offers": n(customers), "queue_entries": n(customers), "event_doubles": "0",
	}, counts(t, w))
	faults, err := w.Verify(context.Background(), "")
	require.NoError(t, err)
	require.True(t, faults.None(), "%+v", faults)
}

func TestSinkBringsEachFactOnce(t *testing.T) {
	w, s := seeded(t)
	s.bulk(0, 100)
	sink := newTestSink(t, w, s)
	runUntil(t, sink, caughtUp)
	requireWhole(t, w, 100)
	require.Zero(t, sink.Lag().Failures, sink.Lag().Failure)

	s.bulk(100, 50)
	runUntil(t, newTestSink(t, w, s), caughtUp)
	requireWhole(t, w, 150)
}
