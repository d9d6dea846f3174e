package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/templates"
)

// documented is a metric as docs/metrics.md has it.
type documented struct {
	kind   string
	labels map[string][]string // the values that a label has; nil: they are not listed
}

var word = regexp.MustCompile("`([^`]+)`")

// documentedMetrics reads the tables of docs/metrics.md.
func documentedMetrics(t *testing.T) map[string]documented {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]documented{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		name, is := strings.CutPrefix(strings.TrimSpace(cells[0]), "`homing_")
		if !is || !strings.HasSuffix(name, "`") {
			continue
		}
		name = "homing_" + strings.TrimSuffix(name, "`")
		if len(cells) != 6 {
			t.Errorf("%s: %d cells", name, len(cells))
			continue
		}
		if _, twice := out[name]; twice {
			t.Errorf("%s is documented twice", name)
		}
		if strings.TrimSpace(cells[3]) == "" || strings.TrimSpace(cells[4]) == "" {
			t.Errorf("%s: no unit, or nothing that it tells", name)
		}
		out[name] = documented{strings.TrimSpace(cells[1]), labelsOf(cells[2])}
	}
	return out
}

// labelsOf reads "`type`, `result` (`taken_in` `rejected`)".
func labelsOf(cell string) map[string][]string {
	out, depth, last := map[string][]string{}, 0, ""
	values, plain := "", true
	for _, part := range regexp.MustCompile("`[^`]+`|[()]|[^`()]+").FindAllString(cell, -1) {
		switch part {
		case "(":
			if depth++; depth > 1 {
				plain = false // a link
			}
		case ")":
			if depth--; depth == 0 {
				if plain {
					for _, v := range word.FindAllStringSubmatch(values, -1) {
						out[last] = append(out[last], v[1])
					}
				}
				values, plain = "", true
			}
		default:
			switch {
			case depth > 0 && part[0] == '`':
				values += part
			case depth > 0 && strings.TrimSpace(part) != "":
				plain = false // words: more than a list
			case part[0] == '`':
				last = strings.Trim(part, "`")
				out[last] = nil
			}
		}
	}
	return out
}

// serving is a process with every role.
func serving(t *testing.T) *App {
	t.Helper()
	n := startNATS(t, t.TempDir(), 0)
	r, err := devstack.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	c := config.Example()
	c.Secret = config.Secret(doorKey + doorKey)
	c.NATS.URL, c.Redis.URL = config.URL(n.URL()), config.URL(r.URL())
	c.HTTP.Listen, c.HTTP.Gateway, c.HTTP.PublicURL = "127.0.0.1:0", "127.0.0.1:0", "https://shop.example"
	c.Console.Listen, c.Console.URL, c.Console.MailURL = "127.0.0.1:0", "https://console.example", "https://mails.example"
	a, err := New(Options{Config: &c, Log: zap.NewNop(), RedisEmbedded: true, Templates: templates.Files, Version: "v1", Revision: "abc"})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	for until := time.Now().Add(time.Minute); a.Ready() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal(a.Ready())
		}
	}
	return a
}

// scrape reads /metrics as Prometheus does.
func scrape(t *testing.T, a *App) map[string]*dto.MetricFamily {
	t.Helper()
	res, err := http.Get("http://" + a.Addr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// What a process with every role serves is what docs/metrics.md says: every name, type and
// label, both ways, and no value of a label that is not listed where they are.
func TestTheDocumentationHasEveryMetric(t *testing.T) {
	docs, got := documentedMetrics(t), scrape(t, serving(t))
	if len(docs) < 30 {
		t.Fatalf("read %d metrics in docs/metrics.md", len(docs))
	}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		if got[name] == nil {
			t.Errorf("docs/metrics.md has %s, and a process does not", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		f, known := got[name], docs[name]
		if !strings.HasPrefix(name, "homing_") {
			continue
		}
		if _, is := docs[name]; !is {
			t.Errorf("a process serves %s, and docs/metrics.md does not have it", name)
			continue
		}
		if kind := strings.ToLower(f.GetType().String()); kind != known.kind {
			t.Errorf("%s is a %s, and not a %s", name, kind, known.kind)
		}
		for _, m := range f.GetMetric() {
			if err := compareLabels(m, known); err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
	}
}

func compareLabels(m *dto.Metric, known documented) error {
	has := map[string]bool{}
	for _, l := range m.GetLabel() {
		values, is := known.labels[l.GetName()]
		if !is {
			return fmt.Errorf("label %s is not documented", l.GetName())
		}
		if has[l.GetName()] = true; values != nil && !slices.Contains(values, l.GetValue()) {
			return fmt.Errorf("%s=%q is not among %v", l.GetName(), l.GetValue(), values)
		}
	}
	for name := range known.labels {
		if !has[name] {
			return fmt.Errorf("label %s is documented, and is not there", name)
		}
	}
	return nil
}

// Nothing is exported but through instruments: what is made elsewhere, the test above would
// find only if a process with every role happens to serve it.
func TestMetricsAreMadeInOnePlace(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ours := f == "instruments.go" || strings.HasSuffix(f, "_test.go")
		if made := regexp.MustCompile(`prometheus\.(New(Counter|Gauge|Histogram|Summary|Desc)|MustNewConst)`).Find(text); made != nil && !ours {
			t.Errorf("%s makes a metric of its own: %s", f, made)
		}
	}
}
