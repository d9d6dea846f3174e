package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// rule is an alert of deploy/prometheus.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "prometheus", "homing.rules.yaml"))
	if err == nil {
		err = yaml.UnmarshalWithOptions(text, &file, yaml.Strict())
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []rule
	for _, g := range file.Groups {
		out = append(out, g.Rules...)
	}
	return out
}

// Each alert has its section in docs/runbook.md, which says what it means, what customers
// notice and what to do, and a test with promtool; and there is no other section.
func TestEveryAlertHasARunbook(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	tested, err := os.ReadFile(filepath.Join("..", "..", "deploy", "prometheus", "homing.test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(text), "\n## ")[1:] {
		name, body, _ := strings.Cut(s, "\n")
		sections[name] = body
	}
	rules := alerts(t)
	if len(rules) < 20 {
		t.Fatalf("%d alerts", len(rules))
	}
	for _, r := range rules {
		body, is := sections[r.Alert]
		delete(sections, r.Alert)
		for _, part := range []string{"*" + r.Labels["severity"] + "*", "**It means**: ", "**Customers notice**: ", "**Do**: "} {
			if !is || !strings.Contains(body, part) {
				t.Errorf("docs/runbook.md: the section of %s lacks %s", r.Alert, part)
			}
		}
		if link := "docs/runbook.md#" + strings.ToLower(r.Alert); r.Annotations["runbook"] != link || r.Annotations["summary"] == "" {
			t.Errorf("%s: summary %q, runbook %q, want %q", r.Alert, r.Annotations["summary"], r.Annotations["runbook"], link)
		}
		if !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) {
			t.Errorf("%s: severity %q", r.Alert, r.Labels["severity"])
		}
		if !strings.Contains(string(tested), "  - name: "+r.Alert+"\n") {
			t.Errorf("deploy/prometheus/homing.test.yaml does not have %s fire", r.Alert)
		}
	}
	for name := range sections {
		t.Errorf("docs/runbook.md has a section for %s, which is no alert", name)
	}
}

// Each query of an alert or a dashboard is about metrics, labels and values that exist.
func TestQueriesAreAboutWhatExists(t *testing.T) {
	docs := documentedMetrics(t)
	used := map[string]bool{}
	for _, r := range alerts(t) {
		for _, err := range missing(r.Expr, docs, used) {
			t.Errorf("%s: %v", r.Alert, err)
		}
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "grafana", "*.json"))
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		var d struct {
			UID, Title string
			Panels     []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		text, err := os.ReadFile(f)
		if err == nil {
			err = json.Unmarshal(text, &d)
		}
		if err != nil || d.UID != "homing-"+strings.TrimSuffix(filepath.Base(f), ".json") || len(d.Panels) == 0 {
			t.Fatal(f, d.UID, err)
		}
		for _, p := range d.Panels {
			if len(p.Targets) == 0 {
				t.Errorf("%s: %s asks nothing", d.Title, p.Title)
			}
			for _, target := range p.Targets {
				for _, err := range missing(target.Expr, docs, used) {
					t.Errorf("%s: %s: %v", d.Title, p.Title, err)
				}
			}
		}
	}
	for name := range docs {
		if !used[name] {
			t.Errorf("no dashboard and no alert shows %s", name)
		}
	}
}

var (
	selector = regexp.MustCompile(`\b(homing_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
)

// missing returns what a query asks for that does not exist.
func missing(expr string, docs map[string]documented, used map[string]bool) (errs []error) {
	found := selector.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 {
		return []error{fmt.Errorf("no metric in %s", expr)}
	}
	for _, m := range found {
		name := m[1]
		of, is := docs[name]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(name, suffix); cut && !is && docs[base].kind == "histogram" {
				name, of, is = base, docs[base], true
			}
		}
		if used[name] = true; !is || m[1] == name && of.kind == "histogram" {
			errs = append(errs, fmt.Errorf("there is no %s", m[1]))
			continue
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			values, has := of.labels[l[1]]
			switch exact := l[2] == "=" || l[2] == "!="; {
			case !has && l[1] != "instance":
				errs = append(errs, fmt.Errorf("%s has no label %s", name, l[1]))
			case exact && values != nil && !slices.Contains(values, l[3]):
				errs = append(errs, fmt.Errorf("%s of %s is never %q", l[1], name, l[3]))
			}
		}
	}
	return errs
}
