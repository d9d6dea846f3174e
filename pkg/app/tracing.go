package app

import (
	"context"
	"net/http"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/customer"
	"homing/pkg/trace"
)

// openTracer makes what traces are told to, if a collector is configured.
func (a *App) openTracer() error {
	c := a.o.Config.Tracing
	if c.Endpoint == "" {
		return nil
	}
	var client *http.Client
	if a.o.TraceDial != nil {
		client = &http.Client{Transport: &http.Transport{DialContext: a.o.TraceDial, DisableKeepAlives: true}}
	}
	var err error
	a.tracer, err = trace.Open(trace.Options{Endpoint: c.Endpoint, Share: float64(c.Share), Version: a.o.Version, Log: a.log.Named("tracing"), Client: client})
	return err
}

// closeTracer sends the last spans. A collector that is away is not waited for.
func (a *App) closeTracer() {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	a.tracer.Close(ctx)
}

// decoder returns what reads entries of the timeline for planners. Where nothing is traced,
// nothing looks for traces.
func (a *App) decoder() func(jetstream.Msg) (customer.Entry, error) {
	decode := a.timeline().Decode
	if a.tracer == nil {
		return decode
	}
	return func(m jetstream.Msg) (customer.Entry, error) {
		e, err := decode(m)
		e.Trace = trace.Of(m.Headers())
		return e, err
	}
}

// traced returns what reads from requests of shops which trace they belong to; nil: nothing is traced.
func (a *App) traced() func(http.Header) map[string][]string {
	if a.tracer == nil {
		return nil
	}
	return func(h http.Header) map[string][]string { return trace.Of(h) }
}
