package openai

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tributary-cc/tributary/models"
)

// metrics of the client. Labels are closed sets.
type metrics struct {
	seconds *prometheus.HistogramVec
	tokens  *prometheus.CounterVec
	cost    prometheus.Counter
	retries prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, b *breaker) (*metrics, error) {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_openai_seconds", Help: "Time of questions to the model server, by how they ended: answered, deadline, open, invalid, busy, failed.",
			Buckets: []float64{.01, .025, .05, .1, .2, .4, .6, .8, 1, 1.5, 2, 3, 5, 10},
		}, []string{"outcome"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_openai_tokens_total", Help: "Tokens that the model server counted, in and out.",
		}, []string{"direction"}),
		cost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tributary_openai_cost_micros_total", Help: "What they cost, in millionths of the currency of the configured prices.",
		}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tributary_openai_retries_total", Help: "Questions that were tried a second time.",
		}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.seconds, m.tokens, m.cost, m.retries,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_openai_breaker", Help: "0 asks, 1 tries whether the model server is back, 2 leaves it alone.",
		}, func() float64 { return float64(b.State()) }),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("openai: registering metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) count(err error, took time.Duration, c models.Cost) {
	outcome := "answered"
	switch {
	case err == nil:
	case errors.Is(err, models.ErrDeadline):
		outcome = "deadline"
	case errors.Is(err, models.ErrOpen):
		outcome = "open"
	case errors.Is(err, models.ErrInvalid):
		outcome = "invalid"
	case errors.Is(err, models.ErrBusy):
		outcome = "busy"
	default:
		outcome = "failed"
	}
	m.seconds.WithLabelValues(outcome).Observe(took.Seconds())
	m.tokens.WithLabelValues("in").Add(float64(c.TokensIn))
	m.tokens.WithLabelValues("out").Add(float64(c.TokensOut))
	m.cost.Add(float64(c.Micros))
}
