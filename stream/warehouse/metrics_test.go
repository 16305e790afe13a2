package warehouse

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func TestMetricsShowLagAndTheStandingCheck(t *testing.T) {
	w, s := seeded(t)
	sink := newTestSink(t, w, s)
	m := NewMetrics(sink)
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(m))
	for from := range 2 {
		s.bulk(from*10, 10)
		runUntil(t, newTestSink(t, w, s), caughtUp)
	}
	runUntil(t, sink, caughtUp)
	ctx := context.Background()
	m.check(ctx)
	show := func(name string) float64 {
		t.Helper()
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "tributary_warehouse_"+name {
				return f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		t.Fatalf("there is no metric %s", name)
		return 0
	}
	require.Zero(t, show("cut_mismatches"))
	require.Zero(t, show("lag_records"))
	require.Zero(t, show("lag_seconds"))
	require.NoError(t, w.conn.Exec(ctx, "INSERT INTO offers (tenant, offer, cut) VALUES ('acme', 'x', 1)"))
	m.check(ctx)
	require.InDelta(t, 1, show("cut_mismatches"), 0)
}
