// Package trace tells an OpenTelemetry collector what became of events and touches, and
// how it all hangs together. It is the only package that knows OpenTelemetry. Nothing is
// traced by a nil *Tracer, and all that can be called of one, or of the nil *Span that it
// makes, does nothing. No span says whom it is about in any form but a token.
package trace

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// Options are what a Tracer works with.
type Options struct {
	Endpoint string  // of the collector, OTLP over HTTP; without a path: /v1/traces
	Share    float64 // of the traces that begin here, 0 to 1
	Version  string
	Log      *zap.Logger
	// Client is how the collector is reached; nil: by the OTEL_EXPORTER_OTLP_ variables
	// of the environment.
	Client *http.Client
}

// Tracer makes spans, and sends them to the collector in the background. What the
// collector does not take is thrown away.
type Tracer struct {
	provider *sdk.TracerProvider
	spans    otel.Tracer
}

// Open makes a tracer. It connects to nothing yet.
func Open(o Options) (*Tracer, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("tracing.endpoint: %w", err)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	options := []otlptracehttp.Option{otlptracehttp.WithEndpointURL(u.String())}
	if o.Client != nil {
		options = append(options, otlptracehttp.WithHTTPClient(o.Client))
	}
	to, err := otlptrace.New(context.Background(), otlptracehttp.NewClient(options...))
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	about, err := resource.New(context.Background(), resource.WithAttributes(
		attribute.String("service.name", "homing"), attribute.String("service.version", o.Version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("tracing: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(&exporter{to: to, log: o.Log}), sdk.WithResource(about),
		sdk.WithSampler(sdk.ParentBased(linked{sdk.TraceIDRatioBased(o.Share)})))
	return &Tracer{p, p.Tracer("homing")}, nil
}

// Close sends what is left, as far as ctx leaves time for it.
func (t *Tracer) Close(ctx context.Context) {
	if t != nil {
		_ = t.provider.Shutdown(ctx) // a collector that is away was logged
	}
}

// linked decides about the first span of a trace that follows from another one: if that
// one was recorded, so is this, and a line of traces is whole or absent.
type linked struct{ sdk.Sampler }

func (l linked) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	switch {
	case len(p.Links) == 0:
		return l.Sampler.ShouldSample(p)
	case p.Links[0].SpanContext.IsSampled():
		return sdk.AlwaysSample().ShouldSample(p)
	}
	return sdk.NeverSample().ShouldSample(p)
}

// Description says what the sampler does.
func (l linked) Description() string { return "linked{" + l.Sampler.Description() + "}" }

// Span is something that takes time. It is of one goroutine.
type Span struct {
	t    *Tracer
	span otel.Span
	ctx  context.Context // with the span, for those inside it
}

// Follow begins a span inside the trace that a message belongs to, or in a new one. said
// are names and values, in turn.
func (t *Tracer) Follow(name string, from Headers, said ...string) *Span {
	if t == nil {
		return nil
	}
	return t.begin(from.context(), name, said, otel.WithSpanKind(otel.SpanKindConsumer))
}

// Later begins a trace of its own, at a time, with a link to the one that a message
// belongs to: it is days later, perhaps.
func (t *Tracer) Later(name string, at time.Time, from Headers, said ...string) *Span {
	if t == nil {
		return nil
	}
	options := []otel.SpanStartOption{otel.WithNewRoot(), otel.WithTimestamp(at), otel.WithSpanKind(otel.SpanKindConsumer)}
	if of := otel.SpanContextFromContext(from.context()); of.IsValid() {
		options = append(options, otel.WithLinks(otel.Link{SpanContext: of}))
	}
	return t.begin(context.Background(), name, said, options...)
}

// Inside begins a span inside this one.
func (s *Span) Inside(name string) *Span {
	if s == nil {
		return nil
	}
	return s.t.begin(s.ctx, name, nil)
}

func (t *Tracer) begin(ctx context.Context, name string, said []string, o ...otel.SpanStartOption) *Span {
	ctx, span := t.spans.Start(ctx, name, o...)
	s := &Span{t, span, ctx}
	s.Say(said...)
	return s
}

// Say adds attributes: names and values, in turn. An empty value says nothing.
func (s *Span) Say(said ...string) {
	if s == nil || !s.span.IsRecording() {
		return
	}
	for i := 0; i+1 < len(said); i += 2 {
		if said[i+1] != "" {
			s.span.SetAttributes(attribute.String("homing."+said[i], said[i+1]))
		}
	}
}

// Fail says that it came to nothing. why is a word of ours: the text of an error may have
// a server's words in it, and those a name.
func (s *Span) Fail(why string) {
	if s != nil {
		s.span.SetStatus(codes.Error, why)
	}
}

// End ends the span.
func (s *Span) End() {
	if s != nil {
		s.span.End()
	}
}

// ID is the id of the span's trace; empty if it is not recorded.
func (s *Span) ID() string {
	if s == nil || !s.span.SpanContext().IsSampled() {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Headers are what a message says that follows from the span.
func (s *Span) Headers() Headers {
	if s == nil {
		return nil
	}
	out := Headers{}
	propagation.TraceContext{}.Inject(s.ctx, out)
	if len(out) == 0 {
		return nil
	}
	return out
}
