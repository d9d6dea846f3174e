package events

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type warnedCase struct {
	name     string
	Type     Type            `json:"type"`
	Warnings []Warning       `json:"warnings"`
	Schema   bool            `json:"schema_refuses"` // a JSON Schema can express the rule
	Body     json.RawMessage `json:"body"`
}

// warnedCases reads testdata/v1/warned: a body a file that is accepted with a warning.
func warnedCases(t *testing.T) []warnedCase {
	t.Helper()
	files, err := filepath.Glob("testdata/v1/warned/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no events with warnings", err)
	}
	var cases []warnedCase
	for _, file := range files {
		c := warnedCase{name: strings.TrimSuffix(filepath.Base(file), ".json")}
		if err := json.Unmarshal(readFile(t, file), &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, c)
	}
	return cases
}

func TestWhatIsDroppedIsWarnedAbout(t *testing.T) {
	for _, c := range warnedCases(t) {
		t.Run(c.name, func(t *testing.T) {
			e := mustDecode(t, bareRaw(c.Type, string(c.Body)))
			if diff := cmp.Diff(c.Warnings, e.Warnings); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			checkWarnings(t, e)
			checkRoundTrip(t, e)
			if refused := compileSchema(t, string(c.Type)).Validate(generic(t, c.Body)) != nil; refused != c.Schema {
				t.Errorf("the schema refuses it: %v", refused)
			}
		})
	}
}

// checkWarnings holds warnings to what is true of errors: one line, no address.
func checkWarnings(t *testing.T, e Event) {
	t.Helper()
	for _, w := range e.Warnings {
		checkRefusal(t, &Error{Reason: w.Reason, Field: w.Field, Detail: w.Detail}, nil)
		if w.String() != (&Error{Reason: w.Reason, Field: w.Field, Detail: w.Detail}).Error() {
			t.Errorf("%q does not read like an error", w)
		}
	}
}

func TestWhatIsAsItShouldBeHasNoWarnings(t *testing.T) {
	for _, typ := range Types() {
		if e := mustDecode(t, Raw{Subject: Subject("main", typ), Data: Example(typ)}); e.Warnings != nil {
			t.Errorf("%s: %v", typ, e.Warnings)
		}
	}
	blank := `{"customer":{"id":"7","time_zone":"","locale":" ","country":null,"birthday":""},"product":{"id":"p"}}`
	if e := mustDecode(t, bareRaw(TypeCustomerUpdated, blank)); e.Warnings != nil {
		t.Errorf("what is left blank is dropped: %v", e.Warnings)
	}
}

func TestOneEventHasFewWarnings(t *testing.T) {
	items := strings.TrimSuffix(strings.Repeat(`{"product_id":"p","name":"n","quantity":1,"url":"/p"},`, 100), ",")
	e := mustDecode(t, bareRaw(TypeCartUpdated, `{"customer":{"id":"7"},"cart":{"id":"1","items":[`+items+`]}}`))
	if n := len(e.Warnings); n != maxWarnings {
		t.Errorf("%d warnings, want %d", n, maxWarnings)
	}
	if w := e.Warnings[9]; w.Field != "cart.items[9].url" {
		t.Errorf("the tenth is about %s", w.Field)
	}
}

func TestEntriesOfTheTimelineAreNotWarnedAboutAgain(t *testing.T) {
	e, err := DecodeTrusted("main", []byte(`{"id":"e","source":"/s","type":"customer.updated","time":"2026-03-01T09:30:00Z","data":{"customer":{"id":"7","time_zone":"Mars","first_name":7}}}`))
	if err != nil || !reflect.DeepEqual(e.Warnings, []Warning(nil)) {
		t.Errorf("%v, %v", e.Warnings, err)
	}
}
