// Package prometheus holds tests of the dashboards by Prometheus's parser.
package prometheus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// Prometheus understands each query of a dashboard.
func TestPrometheusUnderstandsEveryQuery(t *testing.T) {
	files, err := filepath.Glob("../grafana/*.json")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	queries := 0
	for _, f := range files {
		var d struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		text, err := os.ReadFile(f)
		if err == nil {
			err = json.Unmarshal(text, &d)
		}
		if err != nil {
			t.Fatal(f, err)
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				queries++
				if _, err := parser.NewParser(parser.Options{}).ParseExpr(strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")); err != nil {
					t.Errorf("%s: %s: %v", f, p.Title, err)
				}
			}
		}
	}
	if queries < 40 {
		t.Errorf("read %d queries", queries)
	}
}
