package why_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/why"
)

// fields lists the names that a type has in JSON, its own and those within.
func fields(t reflect.Type, into map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[events.Money]() {
		return
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		into[name] = true
		if f.Type != reflect.TypeFor[[]why.Report]() { // those of others
			fields(f.Type, into)
		}
	}
}

func TestEveryFieldOfTheReportIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/why.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	fields(reflect.TypeFor[why.Report](), names)
	if len(names) < 50 || names[""] {
		t.Fatalf("only %d names, or one is missing", len(names))
	}
	for name := range names {
		if !strings.Contains(string(text), "`"+name+"`") && !strings.Contains(string(text), "`"+name+"[]`") {
			t.Errorf("docs/why.md does not explain `%s`", name)
		}
	}
}
