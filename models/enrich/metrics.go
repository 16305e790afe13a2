package enrich

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the work. Labels are closed sets.
type metrics struct {
	found   *prometheus.CounterVec
	skipped *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	age     prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer, s *Server) (*metrics, error) {
	m := &metrics{
		found: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_intents_total", Help: "Intents looked for, by the stage whose answer stands and how the cascade ended.",
		}, []string{"stage", "reason"}),
		skipped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_intents_skipped_total", Help: "What was not read, not asked or not appended: routed, no_model, erased, unreadable, busy, full, not_appended.",
		}, []string{"why"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_intent_seconds", Help: "Time of the cascade.",
			Buckets: []float64{.00005, .0001, .00025, .0005, .001, .005, .025, .1, .25, .5, 1, 1.5, 2.5, 5},
		}, []string{"stage"}),
		age: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tributary_intent_age_seconds", Help: "Age of the first message when its intent stands in the log.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2.5, 5, 10},
		}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.found, m.skipped, m.seconds, m.age,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_intents_waiting", Help: "Contacts that wait for their intent.",
		}, func() float64 {
			n := 0
			for _, t := range s.tables {
				n += t.size()
			}
			return float64(n)
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_intents_asking", Help: "Questions to model servers under way.",
		}, func() float64 { return float64(len(s.asking)) }),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("enrich: registering metrics: %w", err)
		}
	}
	return m, nil
}
