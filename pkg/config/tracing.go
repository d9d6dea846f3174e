package config

import (
	"net/url"

	"homing/pkg/gate"
	"homing/pkg/problem"
)

// Tracing says where traces go.
type Tracing struct {
	// Endpoint is the collector's, which takes OTLP over HTTP. Empty: nothing is traced.
	Endpoint string `yaml:"endpoint"`
	// Share is how many of the traces that begin with Homing are recorded.
	Share gate.Share `yaml:"share"`
}

// Validate reports an address that cannot be a collector's.
func (t Tracing) Validate() error {
	var l problem.List
	if t.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(t.Endpoint)
	switch {
	case err != nil || !isWebURL(t.Endpoint):
		l.Add("endpoint", "is not an absolute address with http or https; write for example http://127.0.0.1:4318")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		l.Add("endpoint", "has a user, a query or a fragment; what the collector asks for, such as a key, goes into OTEL_EXPORTER_OTLP_HEADERS in the environment")
	}
	return l.Err()
}
