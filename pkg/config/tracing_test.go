package config_test

import (
	"strings"
	"testing"

	"homing/pkg/config"
)

func TestWhereTracesMayGo(t *testing.T) {
	for endpoint, want := range map[string]string{
		"": "", "http://127.0.0.1:4318": "", "https://collector.example/otlp/v1/traces": "",
		"127.0.0.1:4318":                     "http://127.0.0.1:4318",
		"grpc://collector.example":           "http://127.0.0.1:4318",
		"https://u:pass@collector.example":   "OTEL_EXPORTER_OTLP_HEADERS",
		"https://collector.example?key=pass": "OTEL_EXPORTER_OTLP_HEADERS",
	} {
		err := config.Tracing{Endpoint: endpoint, Share: 1}.Validate()
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", endpoint, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass")):
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}
