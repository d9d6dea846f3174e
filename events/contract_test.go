package events

import (
	"bufio"
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func allTypes() []Type { return append(Types(), FactTypes()...) }

func newData(t Type) Data { return rowOf[t].New() }

func TestEveryTypeHasItsData(t *testing.T) {
	if got, want := len(rowOf), len(allTypes()); got != want {
		t.Errorf("%d types make data, %d are listed", got, want)
	}
	for _, typ := range allTypes() {
		d := newData(typ)
		if d.Type() != typ {
			t.Errorf("data of %s says it is of %s", typ, d.Type())
		}
		_, fact := d.(Fact)
		switch d.(type) {
		case *OfferIssued, *EmailClicked, *EmailOpened, *WorkerHeld, *WorkerResumed, *TemplatesPublished, *PersonLinked, *PersonMerged, *ReferralNoted:
			fact = true
		}
		if fact == typ.Known() {
			t.Errorf("%s: known is %v, fact is %v", typ, typ.Known(), fact)
		}
		who, ok := d.(CustomerData)
		_, address := d.(AddressData)
		if want := typ.Known() && !address && typ != TypeProductUpdated; ok != want {
			t.Errorf("%s is about a customer: %v, want %v", typ, ok, want)
		} else if ok && who.Who() == nil {
			t.Errorf("%s has no customer", typ)
		}
	}
	if Type("order.paid").Known() {
		t.Error("order.paid is known")
	}
}

func TestEveryConstantTypeIsListed(t *testing.T) {
	for name, value := range stringConstants(t, "types.go", "Type") {
		if !slices.Contains(allTypes(), Type(value.value)) {
			t.Errorf("%s is not listed", name)
		}
	}
}

func TestEveryReasonIsListedAndDocumented(t *testing.T) {
	constants := stringConstants(t, "reason.go", "Reason")
	listed := append(Reasons(), WarningReasons()...)
	if len(constants) != len(listed) {
		t.Errorf("%d reasons are constants, %d listed", len(constants), len(listed))
	}
	for name, c := range constants {
		if !slices.Contains(listed, Reason(c.value)) {
			t.Errorf("%s is not listed", name)
		}
		if !strings.HasPrefix(c.doc, name+": ") {
			t.Errorf("%s is not documented", name)
		}
		if strings.Trim(c.value, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%s = %q cannot stand in a subject", name, c.value)
		}
	}
}

func TestEveryReasonIsReached(t *testing.T) {
	reached := map[Reason]bool{
		ReasonUnknownStore:      true, // which stores there are is not known here
		ReasonUnknownReport:     true, // it is about what is no event
		ReasonUnreadableWebhook: true, // nor is this
		ReasonPrivacyRequest:    true, // nor this
		WarnLinkHost:            true, // nor which hosts they have
		WarnUnknownOrder:        true, // nor who placed what
	}
	for _, c := range badCases(t) {
		reached[c.Reason] = true
	}
	for _, c := range warnedCases(t) {
		for _, w := range c.Warnings {
			reached[w.Reason] = true
		}
	}
	source := string(readFile(t, "decode_test.go"))
	for name, c := range stringConstants(t, "reason.go", "Reason") {
		if !reached[Reason(c.value)] && !strings.Contains(source, "reason: "+name) {
			t.Errorf("no test is rejected with %s", name)
		}
	}
}

type constant struct{ value, doc string }

// stringConstants finds the constants of a string type in a file.
func stringConstants(t *testing.T, file, typeName string) map[string]constant {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]constant{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typeName {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found[spec.Names[0].Name] = constant{value, spec.Doc.Text()}
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("no constants of %s in %s", typeName, file)
	}
	return found
}

func TestExamplesDecodeAndComeBackTheSame(t *testing.T) {
	for _, typ := range allTypes() {
		t.Run(string(typ), func(t *testing.T) {
			data := Example(typ)
			if data == nil {
				t.Fatal("no example")
			}
			var e Event
			var err error
			if typ.Known() {
				e, err = Decode(Raw{Subject: Subject("main", typ), Data: data}, testNow)
			} else {
				e, err = DecodeTrusted("main", data)
			}
			if err != nil {
				t.Fatal(err)
			}
			checkRoundTrip(t, e)
			// Nothing in an example is unusable, misspelt or superfluous.
			if diff := cmp.Diff(generic(t, data), generic(t, indented(t, e))); diff != "" {
				t.Errorf("encoded again (-example +got)\n%s", diff)
			}
		})
	}
	if Example("order.paid") != nil {
		t.Error("there is an example of order.paid")
	}
}

// checkRoundTrip encodes e, and decodes it with both decoders. Warnings are not
// encoded, and a place is believed of nobody but Homing.
func checkRoundTrip(t *testing.T, e Event) {
	t.Helper()
	e.Warnings = nil
	b, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := DecodeTrusted(e.Store, b)
	if err != nil {
		t.Fatalf("DecodeTrusted: %v of %s", err, b)
	}
	if diff := cmp.Diff(e, trusted); diff != "" {
		t.Errorf("DecodeTrusted (-encoded +got)\n%s", diff)
	}
	if !e.Type.Known() {
		return
	}
	again, err := Decode(Raw{Subject: Subject(e.Store, e.Type), Data: b}, testNow)
	if err != nil {
		t.Fatalf("Decode: %v of %s", err, b)
	}
	e.Place, again.Warnings = 0, nil
	e.Received = again.Received // when this copy came
	if diff := cmp.Diff(e, again); diff != "" {
		t.Errorf("Decode (-encoded +got)\n%s", diff)
	}
}

func generic(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestEncodeWritesEveryField fills every field of every type, by reflection, and
// holds what Encode writes by hand to what encoding/json writes from the tags.
func TestEncodeWritesEveryField(t *testing.T) {
	for _, typ := range allTypes() {
		t.Run(string(typ), func(t *testing.T) {
			for _, full := range []bool{true, false} {
				d := newData(typ)
				if full {
					fill(reflect.ValueOf(d).Elem())
				}
				e := Event{ID: "e", Source: "/s", Type: typ, Store: "main", Time: testNow, Data: d}
				want, err := json.Marshal(d)
				if err != nil {
					t.Fatal(err)
				}
				got := generic(t, indented(t, e)).(map[string]any)["data"]
				if diff := cmp.Diff(generic(t, want), got, cmpopts.EquateEmpty(), unsetFields()); diff != "" {
					t.Errorf("full %v (-tags +Encode)\n%s", full, diff)
				}
				if full {
					checkTrusted(t, e)
				}
			}
		})
	}
}

// unsetFields lets Encode leave out what encoding/json writes as nothing.
func unsetFields() cmp.Option {
	return cmpopts.IgnoreMapEntries(func(_ string, v any) bool {
		text, isText := v.(string)
		number, isNumber := v.(json.Number)
		list, isList := v.([]any)
		money, isMoney := v.(map[string]any)
		return v == nil || isText && text == "" || isNumber && number == "0" || isList && len(list) == 0 ||
			isMoney && money["currency"] == ""
	})
}

func checkTrusted(t *testing.T, e Event) {
	t.Helper()
	b, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeTrusted("main", b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, got); diff != "" {
		t.Errorf("DecodeTrusted (-encoded +got)\n%s", diff)
	}
}

// fill sets every field below v to something of its own.
func fill(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *Money:
		*x = Money{1295, "EUR"}
		return
	case *time.Time:
		*x = time.Date(2026, 3, 1, 9, 30, 0, 250e6, time.UTC)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			fill(f)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]bool{"b \" \u00e9": false, "a": true}))
	case reflect.String:
		v.SetString("a \"quoted\" \\ line\n\t\x01é🍵\u2028</script>")
	case reflect.Int:
		v.SetInt(17)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("a field of kind " + v.Kind().String())
	}
}

func TestSampleIsAFewBelievableDays(t *testing.T) {
	f, err := os.Open("testdata/sample.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	types, ids, customers := map[Type]bool{}, map[string]bool{}, map[string]bool{}
	var last time.Time
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var envelope struct{ Type Type }
		if err := json.Unmarshal(lines.Bytes(), &envelope); err != nil {
			t.Fatal(err)
		}
		e := mustDecode(t, Raw{Subject: Subject("main", envelope.Type), Data: lines.Bytes()})
		if e.Time.Before(last) || ids[e.ID] {
			t.Errorf("%s is out of order or there twice", e.ID)
		}
		if diff := cmp.Diff(generic(t, lines.Bytes()), generic(t, indented(t, e))); diff != "" {
			t.Errorf("%s: (-sample +decoded)\n%s", e.ID, diff)
		}
		last, ids[e.ID], types[e.Type] = e.Time, true, true
		if d, ok := e.Data.(CustomerData); ok {
			customers[d.Who().ID] = true
		}
	}
	if lines.Err() != nil || len(types) != len(Types()) || len(ids) < 30 || len(customers) < 8 {
		t.Errorf("%d types, %d events, %d customers, %v", len(types), len(ids), len(customers), lines.Err())
	}
}

// compileSchema compiles a file of schemas/v1 with formats checked.
func compileSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join("schemas", "v1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemasAcceptTheExamples(t *testing.T) {
	envelope := compileSchema(t, "envelope")
	for _, typ := range allTypes() {
		doc := generic(t, Example(typ)).(map[string]any)
		if err := envelope.Validate(doc); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
		if err := compileSchema(t, string(typ)).Validate(doc["data"]); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

func TestSchemasRefuseTheBadEvents(t *testing.T) {
	envelope := compileSchema(t, "envelope")
	for _, c := range badCases(t) {
		doc := generic(t, c.Body)
		var err error
		if strings.HasPrefix(c.name, "envelope-") {
			err = envelope.Validate(doc)
			if m := doc.(map[string]any); err == nil && m["data"] != nil {
				err = compileSchema(t, string(c.Type)).Validate(m["data"])
			}
		} else {
			err = compileSchema(t, string(c.Type)).Validate(doc)
		}
		if refused := err != nil; refused != c.Schema {
			t.Errorf("%s: the schema refuses it: %v (%v)", c.name, refused, err)
		}
	}
}

// TestSchemasNameTheFieldsOfTheTypes finds a field that is missing in either.
func TestSchemasNameTheFieldsOfTheTypes(t *testing.T) {
	for _, typ := range allTypes() {
		checkFields(t, string(typ), reflect.TypeOf(newData(typ)).Elem(), compileSchema(t, string(typ)))
	}
}

func checkFields(t *testing.T, path string, typ reflect.Type, s *jsonschema.Schema) {
	t.Helper()
	for s.Ref != nil && len(s.Properties) == 0 && s.Items2020 == nil {
		s = s.Ref
	}
	switch {
	case typ.Kind() == reflect.Pointer:
		checkFields(t, path, typ.Elem(), s)
	case typ.Kind() == reflect.Slice:
		for s.Items2020 == nil && len(s.AllOf) == 1 {
			if s = s.AllOf[0]; s.Ref != nil {
				s = s.Ref
			}
		}
		if s.Items2020 == nil {
			t.Errorf("%s is a list, but not in the schema", path)
			return
		}
		checkFields(t, path+"[]", typ.Elem(), s.Items2020)
	case typ == reflect.TypeFor[Money]():
		checkNames(t, path, []string{"amount", "currency"}, s)
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[time.Time]():
		var names []string
		for _, f := range reflect.VisibleFields(typ) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous && name == "" || len(f.Index) > 1 && typ.Field(f.Index[0]).Tag.Get("json") != "" {
				continue // a part of the struct itself, or of the customer
			}
			names = append(names, name)
			if p := s.Properties[name]; p != nil {
				checkFields(t, path+"."+name, f.Type, p)
			}
		}
		checkNames(t, path, names, s)
		checkRequired(t, path, typ, s)
	}
}

// checkRequired finds a field that is required by the tag of the Go type or by
// the schema alone.
func checkRequired(t *testing.T, path string, typ reflect.Type, s *jsonschema.Schema) {
	t.Helper()
	var required []string
	for _, f := range shapeOf(typ).public() {
		if f.Required {
			required = append(required, f.Name)
		}
	}
	if diff := cmp.Diff(required, s.Required, cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("%s: what is required (-Go type +schema)\n%s", path, diff)
	}
}

func checkNames(t *testing.T, path string, names []string, s *jsonschema.Schema) {
	t.Helper()
	var schema []string
	for name := range s.Properties {
		schema = append(schema, name)
	}
	slices.Sort(names)
	slices.Sort(schema)
	if diff := cmp.Diff(names, schema); diff != "" {
		t.Errorf("%s (-Go type +schema)\n%s", path, diff)
	}
}

func TestAsyncAPINamesEveryMessage(t *testing.T) {
	var doc map[string]any
	if err := yaml.Unmarshal(readFile(t, "asyncapi.yaml"), &doc); err != nil {
		t.Fatal(err)
	}
	if doc["asyncapi"] != "3.0.0" {
		t.Errorf("version is %v", doc["asyncapi"])
	}
	checkRefs(t, doc, doc)
	addresses := map[string]map[string]any{}
	for _, c := range doc["channels"].(map[string]any) {
		channel := c.(map[string]any)
		addresses[channel["address"].(string)] = channel
	}
	for _, typ := range allTypes() {
		address := "storefront.{store}." + string(typ)
		if !typ.Known() {
			address = "timeline.{store}.{bucket}." + string(typ)
		}
		if addresses[address] == nil {
			t.Errorf("no channel %s", address)
		}
		message := member(doc, "components", "messages", camel(typ))
		if message == nil || message["name"] != string(typ) {
			t.Errorf("no message of %s", typ)
		}
	}
	if want := len(allTypes()) + 1; len(addresses) != want || addresses["rejected.{store}.{reason}"] == nil {
		t.Errorf("%d channels, want %d", len(addresses), want)
	}
	var reasons []Reason
	for _, r := range member(doc, "components", "parameters", "reason")["enum"].([]any) {
		reasons = append(reasons, Reason(r.(string)))
	}
	if diff := cmp.Diff(Reasons(), reasons); diff != "" {
		t.Errorf("reasons (-Go +asyncapi.yaml)\n%s", diff)
	}
}

// camel is the key of a type in asyncapi.yaml: "orderPlaced", "subscriptionPaymentFailed".
func camel(t Type) string {
	entity, action, _ := strings.Cut(string(t), ".")
	for word := range strings.SplitSeq(action, "_") {
		entity += strings.ToUpper(word[:1]) + word[1:]
	}
	return entity
}

func member(doc map[string]any, path ...string) map[string]any {
	for _, key := range path {
		doc, _ = doc[key].(map[string]any)
	}
	return doc
}

// checkRefs fails for each $ref below v that leads nowhere.
func checkRefs(t *testing.T, doc map[string]any, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			checkRefs(t, doc, x)
		}
	case map[string]any:
		for key, x := range v {
			ref, ok := x.(string)
			if key != "$ref" || !ok {
				checkRefs(t, doc, x)
				continue
			}
			if local, ok := strings.CutPrefix(ref, "#/"); ok {
				if member(doc, strings.Split(local, "/")...) == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			} else if _, err := os.Stat(ref); err != nil {
				t.Errorf("%s leads nowhere: %v", ref, err)
			}
		}
	}
}
