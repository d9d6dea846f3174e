package homingtest

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector takes traces by OTLP over HTTP, without leaving the process.
type Collector struct {
	at  *pipes
	srv *http.Server

	mu    sync.Mutex
	spans []*tracepb.Span
}

// NewCollector starts a collector.
func NewCollector() *Collector {
	c := &Collector{at: newPipes()}
	c.srv = &http.Server{Handler: c}
	go func() { _ = c.srv.Serve(c.at) }()
	return c
}

// Dial is how a process reaches it.
func (c *Collector) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return c.at.dial(ctx, network, addr)
}

// Close ends it.
func (c *Collector) Close() { _ = c.srv.Close() }

// ServeHTTP takes spans.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var asked coltrace.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &asked)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "not spans", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range asked.ResourceSpans {
		for _, scope := range of.ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Spans are those that it took with a name; "": all.
func (c *Collector) Spans(name string) []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.spans), func(s *tracepb.Span) bool { return name != "" && s.Name != name })
}
