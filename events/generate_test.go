package events

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

// described is a row as asyncapi.yaml.tmpl sees it.
type described struct{ Row }

func (d described) Key() string { return camel(d.Type) }

func (d described) Address() string {
	if d.Type.IsFact() {
		return "timeline.{store}.{bucket}." + string(d.Type)
	}
	return "storefront.{store}." + string(d.Type)
}

// Operation is what Homing does with the message: it receives, or it sends.
func (d described) Operation() string {
	name := strings.ToUpper(d.Key()[:1]) + d.Key()[1:]
	if d.Type.IsFact() {
		return "send" + name
	}
	return "receive" + name
}

// TestWhatFollowsFromTheRowsIsUpToDate holds asyncapi.yaml, and the titles and
// descriptions of the schemas, to the rows of types.go. With -update it writes
// them.
func TestWhatFollowsFromTheRowsIsUpToDate(t *testing.T) {
	generated(t, "asyncapi.yaml", asyncAPI(t))
	for _, r := range rows {
		name := "schemas/v1/" + string(r.Type) + ".json"
		generated(t, name, schemaOf(readFile(t, name), r))
	}
}

func asyncAPI(t *testing.T) []byte {
	t.Helper()
	tmpl, err := template.New("asyncapi.yaml.tmpl").Funcs(template.FuncMap{"quote": strconv.Quote}).ParseFiles("asyncapi.yaml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	data := struct {
		Rows    []described
		Reasons []Reason
	}{Reasons: Reasons()}
	for _, r := range rows {
		data.Rows = append(data.Rows, described{r})
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, data); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// heading matches the title of a schema of a type, and its description.
var heading = regexp.MustCompile(`(?m)^  "title": ".*",\n  "description": ".*",$`)

func schemaOf(schema []byte, r Row) []byte {
	lines := `  "title": ` + strconv.Quote(string(r.Type)) + ",\n" + `  "description": ` + strconv.Quote(r.Describe()) + ","
	return heading.ReplaceAllLiteral(schema, []byte(lines))
}

func generated(t *testing.T, name string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(readFile(t, name))); diff != "" {
		t.Errorf("%s is not what follows from the rows: run `make generate` (-want +got)\n%s", name, diff)
	}
}
