package api

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the door. Labels are closed sets.
type metrics struct {
	slow     prometheus.Counter
	commands *prometheus.CounterVec
	requests *prometheus.CounterVec
	queries  *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, s *Server) (*metrics, error) {
	m := &metrics{
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tributary_api_slow_consumers_total", Help: "Pages disconnected because they did not read their frames.",
		}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_api_commands_total", Help: "Commands of pages by type and outcome: accepted, or an error's code.",
		}, []string{"type", "outcome"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_api_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_api_board_queries_total", Help: "Queries of boards by outcome: answered, or an error's code.",
		}, []string{"outcome"}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.slow, m.commands, m.requests, m.queries,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_api_board_streams", Help: "Live boards that are read.",
		}, func() float64 { return float64(s.boards.size()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_api_view_enqueueings", Help: "Enqueueings of the last minutes that boards count.",
		}, func() float64 { return float64(s.view.counted()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_api_connections", Help: "Open connections of pages.",
		}, func() float64 { return float64(len(s.all())) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_api_view_conversations", Help: "Open conversations in the view.",
		}, func() float64 { return float64(s.view.size()) }),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("api: registering metrics: %w", err)
		}
	}
	return m, nil
}
