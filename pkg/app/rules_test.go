package app_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"homing/pkg/gate"
)

// A rule of the gate is a file, a line in gate.Rules, a section of the
// configuration if it has settings, and a heading in docs/reasons.md for each of
// its reasons. This finds what is missing.
func TestARuleHasItsSectionAndItsHeadings(t *testing.T) {
	text := map[string]string{}
	for _, e := range explanations(t) {
		text[e.name] = strings.Join(e.paragraphs, " ")
	}
	manual, err := os.ReadFile(filepath.Join(root, "configs", "homing.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	read := []string{"pacing.look_ahead"} // by Yield, which is asked after the rules
	for _, r := range gate.Rules {
		if _, err := os.Stat(filepath.Join(root, "pkg", "gate", r.Name+".go")); err != nil {
			t.Errorf("%s has no file of its own: %v", r.Name, err)
		}
		var explained strings.Builder
		for _, reason := range r.Reasons {
			if text[string(reason)] == "" {
				t.Errorf("%s: docs/reasons.md has no heading ### `%s`", r.Name, reason)
			}
			explained.WriteString(text[string(reason)])
		}
		for _, key := range r.Keys {
			if !strings.Contains(explained.String(), "`"+key+"`") {
				t.Errorf("%s: docs/reasons.md does not mention `%s` under %v", r.Name, key, r.Reasons)
			}
			if strings.Contains(string(manual), "\n#   "+key+" ") {
				continue // only a worker's section has it
			}
			var value any
			if path, err := yaml.PathString("$." + key); err != nil || path.Read(strings.NewReader(string(manual)), &value) != nil {
				t.Errorf("%s: configs/homing.yaml does not have %s", r.Name, key)
			}
		}
		read = append(read, r.Keys...)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[gate.Policy]()) {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key != "" && !slices.ContainsFunc(read, func(k string) bool { return slices.Contains(strings.Split(k, "."), key) }) {
			t.Errorf("no line of gate.Rules says that its rule reads %s", key)
		}
	}
}
