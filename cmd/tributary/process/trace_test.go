package process

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tributary-cc/tributary/stream/embedded"
	"github.com/tributary-cc/tributary/stream/engine"
	"github.com/tributary-cc/tributary/stream/event"
	"github.com/tributary-cc/tributary/stream/kafkalog"
	"github.com/tributary-cc/tributary/stream/privacy"
)

// sampled is a context within a trace that is recorded.
func sampled(t *testing.T) (context.Context, trace.SpanContext) {
	sc := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	return trace.ContextWithSpanContext(t.Context(), sc), sc
}

// spanIn is what a traceparent names.
func spanIn(traceparent string) trace.SpanContext {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent})
	return trace.SpanContextFromContext(ctx)
}

// echo answers each event with another.
type echo struct{}

func (echo) Restore(*engine.Tx) error      { return nil }
func (echo) Fire(*engine.Tx, string) error { return nil }
func (echo) Apply(tx *engine.Tx, e *event.Event) error {
	tx.Emit(event.TopicAudit, &event.Event{Tenant: e.GetTenant(), Key: e.GetKey(), Body: e.GetBody()})
	return nil
}

// TestATraceGoesThroughTheLog: what is appended is a span of its cause's trace, named by the record's header in Kafka, and
// what a fold makes of the record carries the same on. The append is the only span there is.
func TestATraceGoesThroughTheLog(t *testing.T) {
	broker, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{})
	require.NoError(t, err)
	defer broker.Close() //nolint:errcheck // nothing is kept
	log, err := kafkalog.Open(kafkalog.Config{Brokers: []string{broker.Addr()}, Partitions: 1, Replication: 1, Embedded: true})
	require.NoError(t, err)
	defer log.Close() //nolint:errcheck // as above
	require.NoError(t, log.EnsureTopics(t.Context()))
	spans := tracetest.NewInMemoryExporter()
	tracing := tracingTo("p1", sdktrace.WithSyncer(spans))
	guard := privacy.NewGuard(nil, appender{log}, tracing.parent)

	ctx, cause := sampled(t)
	id := event.CauseID("trace", "1")
	require.NoError(t, guard.Append(ctx, event.TopicAudit, &event.Event{
		Id: id[:], Tenant: "acme", Key: "acme/ann", Body: &event.Event_Audit{Audit: &event.Audit{Actor: "ann", Action: "work"}},
	}, nil))
	all := spans.GetSpans()
	require.Len(t, all, 1)
	require.Equal(t, "append", all[0].Name)
	require.Equal(t, trace.SpanKindProducer, all[0].SpanKind)
	require.Equal(t, cause.SpanID(), all[0].Parent.SpanID())
	require.Equal(t, cause.TraceID(), all[0].SpanContext.TraceID())

	enough := errors.New("one record")
	var got event.Record
	err = log.Read(t.Context(), event.TopicAudit, 0, 0, func(batch []event.Record, _ int64) error {
		if len(batch) == 0 {
			return nil
		}
		got = batch[0]
		return enough
	})
	require.ErrorIs(t, err, enough)
	named := spanIn(got.Trace)
	require.Equal(t, all[0].SpanContext.SpanID(), named.SpanID(), "the header names the span: %q", got.Trace)
	require.True(t, named.IsSampled())

	fold, err := engine.NewMachine(engine.Processor{
		Name: "echo", Inbox: event.TopicAudit, Outputs: []event.Topic{event.TopicAudit}, New: func() engine.Fold { return echo{} },
	}, 0, func(event.Topic) int { return 1 })
	require.NoError(t, err)
	out := fold.Step(&got)
	require.Len(t, out, 1)
	require.Equal(t, got.Trace, out[0].Trace)
	tracing.fold(got.Trace, "echo", 3, 7)()
	all = spans.GetSpans()
	require.Len(t, all, 2)
	require.Equal(t, "fold echo", all[1].Name)
	require.Equal(t, named.SpanID(), all[1].Parent.SpanID(), "a fold stands below the append")
	require.NoError(t, tracing.close(t.Context()))
}

// TestFewTracesAreRecorded: every event has a trace; those that are not recorded say so, and are exported nowhere.
func TestFewTracesAreRecorded(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracing := tracingTo("p1", sdktrace.WithSyncer(spans))
	recorded := 0
	for range 1000 {
		traceparent := tracing.parent(t.Context())
		require.True(t, spanIn(traceparent).IsValid(), traceparent)
		if strings.HasSuffix(traceparent, "-01") {
			recorded++
		}
	}
	require.Len(t, spans.GetSpans(), recorded)
	require.Less(t, recorded, 200, "about one in a hundred")
	require.NoError(t, tracing.close(t.Context()))
}

// TestTracesGoToTheCollector: by OTLP over HTTP, to the standard path of the endpoint that is configured.
func TestTracesGoToTheCollector(t *testing.T) {
	var bodies atomic.Pointer[string]
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err == nil && r.Method == http.MethodPost {
			got := r.URL.Path + " " + string(body)
			bodies.Store(&got)
		}
	}))
	defer collector.Close()
	tracing, err := newTracing(t.Context(), collector.URL, "p1")
	require.NoError(t, err)
	ctx, _ := sampled(t)
	require.NotEmpty(t, tracing.parent(ctx))
	require.NoError(t, tracing.close(t.Context()), "closing sends what is left")
	got := bodies.Load()
	require.NotNil(t, got)
	path, _, _ := strings.Cut(*got, " ")
	require.Equal(t, "/v1/traces", path)
	require.Contains(t, *got, "append")
	require.Contains(t, *got, "tributary")

	for _, wrong := range []string{"collector:4318", "localhost", "grpc://collector:4317", "http://", "\x00"} {
		_, err = newTracing(t.Context(), wrong, "p1")
		require.ErrorContains(t, err, "otlp: ", "%q", wrong)
	}
	none, err := newTracing(t.Context(), "", "p1")
	require.NoError(t, err)
	require.NoError(t, none.close(t.Context()))
}
