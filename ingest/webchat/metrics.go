package webchat

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the adapter. Labels are closed sets.
type metrics struct {
	slow   prometheus.Counter
	frames *prometheus.CounterVec
	files  *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, s *Server) (*metrics, error) {
	m := &metrics{
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tributary_webchat_slow_consumers_total", Help: "Browsers disconnected because they did not read their frames.",
		}),
		frames: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_webchat_answers_total", Help: "Answers to browsers' frames: accepted, pong, or an error's code.",
		}, []string{"answer"}),
		files: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_webchat_files_total", Help: "Files of customers: taken, given, or an error's code.",
		}, []string{"outcome"}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.slow, m.frames, m.files,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_webchat_connections", Help: "Open connections of customers' browsers.",
		}, func() float64 { return float64(len(s.all())) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tributary_webchat_chats", Help: "Chats in the view.",
		}, func() float64 { return float64(s.chats.size()) }),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("webchat: registering metrics: %w", err)
		}
	}
	return m, nil
}
