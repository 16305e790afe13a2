package process

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
	"go.opentelemetry.io/otel/trace"
)

// traceShare is how many of the events that people cause begin a trace that is recorded: one in a hundred.
const traceShare = 0.01

// tracing begins a trace for each event that an edge appends; the engine carries its context from cause to output in the
// Kafka header traceparent, so a trace leads through every log that an event passes: the append and each fold are spans, the
// folds side by side below the append, as every process must write the same bytes. Spans are exported where a collector is
// named; without one the context still travels, for whoever reads the log.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

func newTracing(ctx context.Context, endpoint, id string) (*tracing, error) {
	if endpoint == "" {
		return tracingTo(id), nil
	}
	// Of a URL that it cannot use the exporter says nothing and takes another, and without a path it sends to none.
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("otlp: the address of a collector is http://HOST:4318, or https, with a path where it is not /v1/traces")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, fmt.Errorf("exporting traces to %s: %w", u.Host, err)
	}
	return tracingTo(id, sdktrace.WithBatcher(exporter)), nil
}

func tracingTo(id string, export ...sdktrace.TracerProviderOption) *tracing {
	p := sdktrace.NewTracerProvider(append(export,
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(traceShare))),
		sdktrace.WithResource(resource.NewSchemaless(semconv.ServiceName("tributary"), semconv.ServiceInstanceID(id))),
	)...)
	return &tracing{p, p.Tracer("tributary")}
}

// parent gives the traceparent of an append: the context's trace, or a new one.
func (t *tracing) parent(ctx context.Context) string {
	ctx, span := t.tracer.Start(ctx, "append", trace.WithSpanKind(trace.SpanKindProducer))
	defer span.End()
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// fold begins the span of a record's fold.
func (t *tracing) fold(traceparent, processor string, partition int, offset int64) (end func()) {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent})
	_, span := t.tracer.Start(ctx, "fold "+processor, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
		attribute.Int("messaging.destination.partition.id", partition), attribute.Int64("messaging.kafka.offset", offset)))
	return func() { span.End() }
}

func (t *tracing) close(ctx context.Context) error { return t.provider.Shutdown(ctx) }
