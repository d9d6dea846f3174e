package trace

import (
	"context"
	"sync/atomic"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"
)

// exporter says once that the collector does not take spans, and once that it does again.
// The library keeps 2048 spans that wait for it, and throws away what else comes.
type exporter struct {
	to   sdk.SpanExporter
	log  *zap.Logger
	away atomic.Bool
}

// ExportSpans is for OpenTelemetry. What fails is lost, and nobody has to know but us.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.to.ExportSpans(ctx, spans)
	switch was := e.away.Swap(err != nil); {
	case err != nil && !was:
		e.log.Warn("the collector takes no traces, and they are thrown away until it does; nothing else depends on it", zap.Error(err))
	case err == nil && was:
		e.log.Info("the collector takes traces again")
	}
	return nil
}

// Shutdown is for OpenTelemetry.
func (e *exporter) Shutdown(ctx context.Context) error { return e.to.Shutdown(ctx) }
