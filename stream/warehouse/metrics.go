package warehouse

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics shows a sink's lag and the standing check to Prometheus. It is a prometheus.Collector; register it once a process.
type Metrics struct {
	sink *Sink

	mu         sync.Mutex
	checked    bool
	mismatches int
}

var _ prometheus.Collector = (*Metrics)(nil)

var (
	lagRecords    = prometheus.NewDesc("tributary_warehouse_lag_records", "Records of the log that are not in the warehouse yet.", nil, nil)
	lagSeconds    = prometheus.NewDesc("tributary_warehouse_lag_seconds", "Seconds since the warehouse last had all; absent while it never had.", nil, nil)
	cutsPending   = prometheus.NewDesc("tributary_warehouse_pending_cuts", "Cuts made and not inserted.", nil, nil)
	rowsInserted  = prometheus.NewDesc("tributary_warehouse_inserted_rows_total", "Rows inserted by this process.", nil, nil)
	failures      = prometheus.NewDesc("tributary_warehouse_failures_total", "Attempts that failed and were tried again.", nil, nil)
	leftOutTotal  = prometheus.NewDesc("tributary_warehouse_left_out_records_total", "Records left out, by reason.", []string{"reason"}, nil)
	cutMismatches = prometheus.NewDesc("tributary_warehouse_cut_mismatches", "Tables of cuts whose rows are not as many as announced.", nil, nil)
)

// NewMetrics makes the metrics of a sink.
func NewMetrics(s *Sink) *Metrics { return &Metrics{sink: s} }

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{lagRecords, lagSeconds, cutsPending, rowsInserted, failures, leftOutTotal, cutMismatches} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	lag := m.sink.Lag()
	gauge := func(d *prometheus.Desc, v float64) { out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(lagRecords, float64(lag.Records))
	gauge(cutsPending, float64(lag.Pending))
	if !lag.Since.IsZero() {
		late := 0.0
		if lag.Records > 0 {
			late = m.sink.Now().Sub(lag.Since).Seconds()
		}
		gauge(lagSeconds, late)
	}
	count(rowsInserted, lag.Inserted)
	count(failures, lag.Failures)
	count(leftOutTotal, lag.Damaged, "damaged")
	count(leftOutTotal, lag.Gaps, "gap")
	count(leftOutTotal, lag.Lost, "retention")
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.checked {
		gauge(cutMismatches, float64(m.mismatches))
	}
}

// checkedCuts is how many of the latest cuts the standing check looks at each time: more than come between two of them.
const checkedCuts = 600

// RunCheck is the standing check: every so often it counts the latest cuts, all but the last, which may be on its way, until ctx
// ends. A mismatch is logged and shown; ClickHouse being away is neither.
func (m *Metrics) RunCheck(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		m.check(ctx)
	}
}

func (m *Metrics) check(ctx context.Context) {
	w := m.sink.Warehouse
	last, err := w.lastCut(ctx)
	if err != nil || last < 2 {
		return
	}
	found, err := w.Check(ctx, last-min(last, checkedCuts), last-1)
	if err != nil {
		return
	}
	for _, f := range found {
		m.sink.Logger.ErrorContext(ctx, "a cut has other rows than it announced", "cut", f.Cut, "table", f.Table, "announced", f.Announced, "counted", f.Counted)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checked, m.mismatches = true, len(found)
}
