package webchat

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/lxzan/gws"
	"github.com/prometheus/client_golang/prometheus"
)

// events passes gws's callbacks to the session.
type events struct{}

func sessionOf(conn *gws.Conn) *session {
	h, ok := conn.Session().(*holder)
	if !ok {
		return nil
	}
	return h.session
}

// OnOpen is called first, in the connection's reading goroutine.
func (events) OnOpen(conn *gws.Conn) {
	if c := sessionOf(conn); c != nil {
		c.open()
	}
}

// OnClose is called last, in the same goroutine.
func (events) OnClose(conn *gws.Conn, _ error) {
	if c := sessionOf(conn); c != nil {
		c.close()
	}
}

// OnPing answers, through the queue: a flood of pings is bounded as everything else.
func (events) OnPing(conn *gws.Conn, _ []byte) {
	if c := sessionOf(conn); c != nil {
		c.read(gws.OpcodeText, []byte(`{"type":"ping"}`))
	}
}

// OnPong is a sign of life.
func (events) OnPong(conn *gws.Conn, _ []byte) {
	if c := sessionOf(conn); c != nil {
		c.idle.Store(0)
	}
}

// OnMessage is called for one frame after the other.
func (events) OnMessage(conn *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }() // gives the buffer back; it cannot fail
	if c := sessionOf(conn); c != nil {
		c.read(m.Opcode, m.Bytes())
	}
}

// silent drops the library's own log lines: they may quote a frame.
type silent struct{}

func (silent) Error(...any) {}

func (s *Server) newUpgrader() *gws.Upgrader {
	return gws.NewUpgrader(events{}, &gws.ServerOption{
		ReadMaxPayloadSize: maxFrame, WriteMaxPayloadSize: 16 << 20, ReadBufferSize: 1 << 10, CheckUtf8Enabled: true,
		HandshakeTimeout: 5 * time.Second, Logger: silent{},
		NewSession: func() gws.SessionStorage { return new(holder) },
		Recovery: func(gws.Logger) {
			if r := recover(); r != nil {
				s.config.Logger.Error("a frame panicked", slog.String("kind", fmt.Sprintf("%T", r)), slog.String("stack", string(debug.Stack())))
			}
		},
	})
}

// metrics of the adapter. Labels are closed sets.
type metrics struct {
	slow   prometheus.Counter
	frames *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, s *Server) (*metrics, error) {
	m := &metrics{
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tributary_webchat_slow_consumers_total", Help: "Browsers disconnected because they did not read their frames.",
		}),
		frames: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_webchat_answers_total", Help: "Answers to browsers' frames: accepted, pong, or an error's code.",
		}, []string{"answer"}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.slow, m.frames,
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
