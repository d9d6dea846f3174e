package app_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/programme"
	"homing/workers"
)

//go:generate go test -run ^TestTheDocsListEveryTypeOfEvent$ . -update

var update = flag.Bool("update", false, "write what the docs list")

// TestTheDocsListEveryTypeOfEvent holds the tables between the comments
// "types of events" in README and docs/events.md to the rows of events/types.go
// and to what starts each worker. With -update it writes them.
func TestTheDocsListEveryTypeOfEvent(t *testing.T) {
	listed(t, "README.md", "| type | what happened | may start | |\n|---|---|---|---|\n", func(r events.Row) string {
		return fmt.Sprintf("| `%s` | %s | %s | [schema](events/schemas/v1/%[1]s.json) · [example](events/examples/%[1]s.json) |\n",
			r.Type, r.Says, starts(r.Type, "docs/"))
	})
	listed(t, filepath.Join("docs", "events.md"), "| type | data apart from `customer` | what Homing does |\n|---|---|---|\n", func(r events.Row) string {
		does := []string{}
		if r.Does != "" {
			does = append(does, strings.ToUpper(r.Does[:1])+r.Does[1:])
		}
		if s := starts(r.Type, ""); s != "" {
			does = append(does, "May start "+s)
		}
		data := fieldList(r.Fields())
		if !slices.ContainsFunc(r.Fields(), isCustomer) {
			data += "; no customer"
		}
		return fmt.Sprintf("| `%s` | %s | %s |\n", r.Type, data, strings.Join(does, ". "))
	})
}

// listed holds what is between two comments in a file to the header and a
// line for each type that a storefront may publish.
func listed(t *testing.T, file, header string, line func(events.Row) string) {
	t.Helper()
	const from, to = "<!-- types of events, by make generate -->\n", "<!-- end of types of events -->\n"
	path := filepath.Join(root, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), from)
	got, after, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("%s lists no types between %q and %q", file, from, to)
	}
	var want bytes.Buffer
	want.WriteString(header)
	for _, r := range events.Rows() {
		if r.Type.Known() {
			want.WriteString(line(r))
		} else if file != "README.md" && !strings.Contains(string(text), "`"+string(r.Type)+"`") {
			t.Errorf("%s does not name the fact %s", file, r.Type)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+from+want.String()+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want.String(), got); diff != "" {
		t.Errorf("%s is not what follows from the code: run `make generate` (-want +got)\n%s", file, diff)
	}
}

// starts lists the workers that a type of event may start.
func starts(typ events.Type, docs string) string {
	var out []string
	for _, k := range programme.Kinds {
		consent := slices.Equal(k.Triggers, workers.ConsentTriggers()) // may start it, and any event about a customer may bring that
		if !consent && slices.Contains(k.Triggers, typ) {
			out = append(out, fmt.Sprintf("[%s](%sworkers/%[1]s.md)", k.Name, docs))
		}
	}
	return strings.Join(out, ", ")
}

func isCustomer(f events.Field) bool { return f.Name == "customer" }

// fieldList writes fields as "**`order`**{**`id`**, `items`[]}"; what is
// required is bold.
func fieldList(fs []events.Field) string {
	var out []string
	for _, f := range fs {
		if isCustomer(f) {
			continue
		}
		s := "`" + f.Name + "`"
		if f.Required {
			s = "**" + s + "**"
		}
		if f.List {
			s += "[]"
		}
		item := f.List && len(f.Fields) > 2 // the docs explain it once
		if len(f.Fields) > 0 && !item {
			s += "{" + fieldList(f.Fields) + "}"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}
