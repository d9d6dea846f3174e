package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// The headers of W3C Trace Context. NATS tells upper case from lower, and so does nobody
// who writes them.
const (
	Parent = "traceparent"
	State  = "tracestate"
)

// Headers are those two of a message; nil: it belongs to no trace.
type Headers map[string][]string

// Get is for OpenTelemetry.
func (h Headers) Get(name string) string { return strings.Join(h[strings.ToLower(name)], ",") }

// Set is for OpenTelemetry.
func (h Headers) Set(name, value string) { h[strings.ToLower(name)] = []string{value} }

// Keys is for OpenTelemetry.
func (h Headers) Keys() []string { return []string{Parent, State} }

// context has the trace that the headers name. Of what is not of the standard's form,
// nothing is left.
func (h Headers) context() context.Context {
	return propagation.TraceContext{}.Extract(context.Background(), h)
}

// Of returns the two among the headers of a message of ours.
func Of(header map[string][]string) Headers { return found(header, "") }

// OfEvent returns what an event says, in its message's headers and its data: itself, by the
// CloudEvents extension for distributed tracing, or else the message, by the headers of W3C.
// A program that publishes a batch in one request has a trace for each, perhaps.
func OfEvent(header map[string][]string, data []byte) Headers {
	for _, prefix := range []string{"ce-", "ce_"} {
		if h := found(header, prefix); h != nil {
			return h
		}
	}
	if h := structured(data); h != nil {
		return h
	}
	return Of(header)
}

// found returns the two headers with a prefix, in whatever case they are.
func found(header map[string][]string, prefix string) Headers {
	var out Headers
	for name, values := range header {
		rest, is := strings.CutPrefix(strings.ToLower(name), prefix)
		if !is || rest != Parent && rest != State || len(values) == 0 {
			continue
		}
		if out == nil {
			out = Headers{}
		}
		for _, v := range values {
			if plain, err := url.PathUnescape(v); prefix != "" && err == nil {
				v = plain // CloudEvents escapes the values of its headers
			}
			out[rest] = append(out[rest], v)
		}
	}
	if out[Parent] == nil {
		return nil
	}
	return out
}

// structured returns what a CloudEvent in JSON says.
func structured(data []byte) Headers {
	if !bytes.Contains(data, []byte(`"`+Parent+`"`)) {
		return nil
	}
	var e struct {
		Version string `json:"specversion"`
		Parent  string `json:"traceparent"`
		State   string `json:"tracestate"`
	}
	if json.Unmarshal(data, &e) != nil || e.Version == "" || e.Parent == "" {
		return nil
	}
	out := Headers{Parent: {e.Parent}}
	if e.State != "" {
		out[State] = []string{e.State}
	}
	return out
}
