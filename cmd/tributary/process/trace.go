package process

import (
	"context"
	"fmt"

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
// Kafka header traceparent, so a trace leads through every log that an event passes. Spans are exported where a collector is
// named; without one the context still travels, for whoever reads the log.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

func newTracing(ctx context.Context, endpoint, id string) (*tracing, error) {
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(traceShare))),
		sdktrace.WithResource(resource.NewSchemaless(semconv.ServiceName("tributary"), semconv.ServiceInstanceID(id))),
	}
	if endpoint != "" {
		exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
		if err != nil {
			return nil, fmt.Errorf("exporting traces to %s: %w", endpoint, err)
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	p := sdktrace.NewTracerProvider(options...)
	return &tracing{p, p.Tracer("tributary")}, nil
}

// parent gives the traceparent of an append: the context's trace, or a new one.
func (t *tracing) parent(ctx context.Context) string {
	ctx, span := t.tracer.Start(ctx, "append", trace.WithSpanKind(trace.SpanKindProducer))
	defer span.End()
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

func (t *tracing) close(ctx context.Context) error { return t.provider.Shutdown(ctx) }
