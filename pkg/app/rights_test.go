package app

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/redischeck"
)

// cells are what stands in backquotes in the first column of tables, sorted.
func cells(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		first, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimPrefix(line, "|"), `\|`, "\x00"), "|")
		if strings.HasPrefix(line, "| `") {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(first, -1) {
				out = append(out, strings.ReplaceAll(m[1], "\x00", "|"))
			}
		}
	}
	slices.Sort(out)
	return out
}

// The tables of docs/rights.md say what the tests run under.
func TestTheTablesOfRightsAreTheRights(t *testing.T) {
	page, err := os.ReadFile("../../docs/rights.md")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := os.ReadFile("../../configs/nats-permissions.conf")
	if err != nil {
		t.Fatal(err)
	}
	_, redis, ok := strings.Cut(string(page), "\n## Redis\n")
	redis, nats, ok2 := strings.Cut(redis, "\n## NATS\n")
	if !ok || !ok2 {
		t.Fatal("docs/rights.md has no sections on Redis and NATS")
	}
	var want []string
	for f := range strings.FieldsSeq(redischeck.ACL) {
		if strings.HasPrefix(f, "+") {
			want = append(want, f)
		}
	}
	slices.Sort(want)
	if d := cmp.Diff(want, cells(redis)); d != "" {
		t.Errorf("Redis (-the ACL +the table):\n%s", d)
	}

	_, user, _ := strings.Cut(string(conf), "user: homing,")
	user, _, _ = strings.Cut(user, "user: ")
	publish, subscribe, ok := strings.Cut(user, "subscribe:")
	mayPublish, maySubscribe, ok2 := strings.Cut(nats, "it may subscribe to")
	if !ok || !ok2 {
		t.Fatal("there is no list of what Homing may publish and subscribe to")
	}
	for _, c := range []struct{ what, conf, page string }{{"publish", publish, mayPublish}, {"subscribe", subscribe, maySubscribe}} {
		var want []string
		for line := range strings.Lines(c.conf) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(line, -1) {
				want = append(want, m[1])
			}
		}
		slices.Sort(want)
		if d := cmp.Diff(want, cells(c.page)); d != "" {
			t.Errorf("NATS, %s (-configs/nats-permissions.conf +the table):\n%s", c.what, d)
		}
	}
}
