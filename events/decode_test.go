package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files of testdata/v1")

// testNow is when the tests receive their events.
var testNow = time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)

// bareRaw is a message without an envelope.
func bareRaw(t Type, data string) Raw {
	return Raw{
		Subject: Subject("main", t), Data: []byte(data),
		Stream: "STOREFRONT", Sequence: 42, Time: testNow.Add(-time.Second),
	}
}

const minimalOrder = `{"customer":{"id":"7"},"order":{"id":"1","items":[{"product_id":"p","name":"Tea","quantity":1}],"total":{"amount":"1.00","currency":"EUR"}}}`

// mustDecode decodes what has to be a good event.
func mustDecode(t *testing.T, raw Raw) Event {
	t.Helper()
	e, err := Decode(raw, testNow)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return e
}

// checkError fails unless err is an *Error of this reason and text.
func checkError(t *testing.T, err error, reason Reason, text string) {
	t.Helper()
	bad, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error is %v (%T), want an *Error", err, err)
	}
	if bad.Reason != reason || bad.Error() != text {
		t.Errorf("error is %s, %s\nwant        %s, %s", bad.Reason, bad, reason, text)
	}
	if strings.ContainsAny(bad.Error(), "\r\n") {
		t.Errorf("error %q has more than one line", bad.Error())
	}
}

func TestThreeFormsOfAnEnvelopeAreOneEvent(t *testing.T) {
	const data = `{"customer":{"id":"c-1007","email":"ann@example.com"},"order":{"id":"10042","items":[{"product_id":"p","name":"Tea","quantity":2}],"total":{"amount":"12.95","currency":"EUR"}}}`
	at := time.Date(2026, 3, 2, 9, 15, 0, 123e6, time.UTC)
	structured := `{"specversion":"1.0","id":"e-1","source":"/stores/main","type":"order.placed","time":"2026-03-02T10:15:00.123456+01:00","data":` + data + `}`
	subject := "storefront.main.order.placed"
	price := Money{1295, "EUR"}
	want := Event{
		ID: "e-1", Source: "/stores/main", Type: TypeOrderPlaced, Store: "main", Time: at,
		Data: &OrderPlaced{
			Customer: Customer{ID: "c-1007", Email: "ann@example.com"},
			Order:    Order{ID: "10042", Items: []Item{{ProductID: "p", Name: "Tea", Quantity: 2}}, Total: price},
		},
	}
	for name, raw := range map[string]Raw{
		"structured by content type": {Header: map[string][]string{"content-type": {"application/cloudevents+json; charset=UTF-8"}}, Data: []byte(structured)},
		"structured by specversion":  {Data: []byte(structured)},
		"binary": {Data: []byte(data), Header: map[string][]string{
			"ce-specversion": {"1.0"}, "CE-Id": {"e-1"}, "Ce-Source": {"/stores%2Fmain"}, "ce-TYPE": {"order.placed"},
			"ce-time": {"2026-03-02T09:15:00.123Z"}, "Content-Type": {"application/json"}, "ce-extension": {"ignored"}}},
		"bare": {Data: []byte(data), Header: map[string][]string{"Nats-Msg-Id": {" e-1"}}, Time: at},
	} {
		t.Run(name, func(t *testing.T) {
			raw.Subject = subject
			if diff := cmp.Diff(want, mustDecode(t, raw)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestBareEventWithoutIDIsNamedAfterItsPlaceInTheStream(t *testing.T) {
	raw := bareRaw(TypeOrderPlaced, minimalOrder)
	e := mustDecode(t, raw)
	if e.ID != "STOREFRONT-42" || e.Source != "/stores/main" || !e.Time.Equal(raw.Time) {
		t.Errorf("envelope is %s, %s, %s", e.ID, e.Source, e.Time)
	}
	raw.Time = time.Time{}
	if e := mustDecode(t, raw); !e.Time.Equal(testNow) {
		t.Errorf("time is %s without one of the message, want now", e.Time)
	}
}

func TestTimeAheadBecomesTheTimeOfReceipt(t *testing.T) {
	for ahead, clamped := range map[time.Duration]bool{
		4 * time.Minute: false, 5 * time.Minute: false, 5*time.Minute + time.Second: true, 24 * 365 * 10 * time.Hour: true,
	} {
		at := testNow.Add(ahead)
		raw := bareRaw(TypeCustomerLapsed, fmt.Sprintf(`{"specversion":"1.0","id":"e","source":"/s","type":"customer.lapsed","time":%q,"data":{"customer":{"id":"7","consent":{"at":%[1]q}},"last_order_at":%[1]q}}`, at.Format(time.RFC3339)))
		want := at
		if clamped {
			want = raw.Time
		}
		e := mustDecode(t, raw)
		d := e.Data.(*CustomerLapsed)
		if !e.Time.Equal(want) || !d.Customer.Consent.At.Equal(want) || !d.LastOrderAt.Equal(want) {
			t.Errorf("%s ahead: times are %s, %s, %s; want %s", ahead, e.Time, d.Customer.Consent.At, d.LastOrderAt, want)
		}
	}
}

// TestBadEvents reads testdata/v1/bad: one bad body a file, with its error.
func TestBadEvents(t *testing.T) {
	for _, c := range badCases(t) {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode(bareRaw(c.Type, string(c.Body)), testNow)
			checkError(t, err, c.Reason, c.Error)
		})
	}
}

type badCase struct {
	name   string
	Type   Type            `json:"type"`
	Reason Reason          `json:"reason"`
	Error  string          `json:"error"`
	Schema bool            `json:"schema_refuses"` // a JSON Schema can express the rule
	Body   json.RawMessage `json:"body"`
}

func badCases(t *testing.T) []badCase {
	t.Helper()
	files, err := filepath.Glob("testdata/v1/bad/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad events", err)
	}
	var cases []badCase
	for _, file := range files {
		c := badCase{name: strings.TrimSuffix(filepath.Base(file), ".json")}
		if err := json.Unmarshal(readFile(t, file), &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, c)
	}
	return cases
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBadMessages has what cannot be written as a JSON body of a bare event.
func TestBadMessages(t *testing.T) {
	for _, c := range append(badBodies(), badEnvelopes()...) {
		t.Run(c.name, func(t *testing.T) {
			raw := bareRaw(TypeOrderPlaced, c.data)
			raw.Header = c.header
			if c.subject != "" {
				raw.Subject = c.subject
			}
			_, err := Decode(raw, testNow)
			checkError(t, err, c.reason, c.text)
		})
	}
}

type badMessage struct {
	name    string
	subject string // order.placed of main when empty
	header  map[string][]string
	data    string
	reason  Reason
	text    string
}

func badBodies() []badMessage {
	items := strings.TrimSuffix(strings.Repeat(`{"product_id":"p","name":"n","quantity":1},`, MaxItems+1), ",")
	return []badMessage{
		{name: "empty", data: "", reason: ReasonNotJSON, text: "not JSON: it ends too early, at byte 0"},
		{name: "words", data: "hello", reason: ReasonNotJSON, text: "not JSON: unexpected 'h' at byte 0"},
		{name: "cut off", data: minimalOrder[:60], reason: ReasonNotJSON, text: "not JSON: it ends too early, at byte 60"},
		{name: "two documents", data: minimalOrder + " {}", reason: ReasonNotJSON, text: fmt.Sprintf("not JSON: unexpected '{' at byte %d", len(minimalOrder)+1)},
		{name: "trailing comma", data: `{"customer":{"id":"7",}}`, reason: ReasonNotJSON, text: "not JSON: unexpected '}' at byte 22"},
		{name: "line break in a string", data: "{\"customer\":{\"id\":\"7\n\"}}", reason: ReasonNotJSON, text: `not JSON: unexpected '\n' at byte 20`},
		{name: "a number", data: "17", reason: ReasonWrongKind, text: "data: 17 is not an object"},
		{name: "null", data: "null", reason: ReasonWrongKind, text: "data: null is not an object"},
		{name: "invalid UTF-8", data: "{\"customer\":{\"id\":\"\xff\"}}", reason: ReasonInvalidUTF8, text: "the body is not valid UTF-8; send JSON in UTF-8"},
		{name: "too large", data: `{"x":"` + strings.Repeat("x", MaxSize) + `"}`, reason: ReasonTooLarge, text: "786440 bytes are too many; at most 786432"},
		{name: "too deep", data: `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, reason: ReasonTooDeep, text: "nested deeper than 32 levels"},
		{name: "far too deep", data: strings.Repeat(`{"x":`, 50000), reason: ReasonTooDeep, text: "nested deeper than 32 levels"},
		{name: "too many items", data: `{"customer":{"id":"7"},"order":{"id":"1","items":[` + items + `]}}`, reason: ReasonTooManyItems, text: "order.items: more than 5000 entries"},
	}
}

func badEnvelopes() []badMessage {
	binary := func(name, value string) map[string][]string {
		h := map[string][]string{"ce-specversion": {"1.0"}, "ce-id": {"e"}, "ce-source": {"/s"}, "ce-type": {"order.placed"}, "ce-time": {"2026-03-01T09:30:00Z"}}
		h[name] = []string{value}
		return h
	}
	return []badMessage{
		{name: "structured but a list", header: map[string][]string{"Content-Type": {"application/cloudevents+json"}}, data: "[]", reason: ReasonWrongKind, text: "the body is not an object; a CloudEvent is one"},
		{name: "structured but bare", header: map[string][]string{"Content-Type": {"application/cloudevents+json"}}, data: minimalOrder, reason: ReasonMissingField, text: `specversion: missing; a CloudEvent says "specversion": "1.0" | id: missing | source: missing | type: missing | time: missing | data: missing`},
		{name: "binary without id", header: binary("ce-id", ""), data: minimalOrder, reason: ReasonMissingField, text: "ce-id: missing"},
		{name: "binary of another type", header: binary("ce-type", "order.refunded"), data: minimalOrder, reason: ReasonTypeMismatch, text: `ce-type: "order.refunded" is not what the subject says, order.placed`},
		{name: "binary of another version", header: binary("ce-specversion", "2.0"), data: minimalOrder, reason: ReasonBadValue, text: `ce-specversion: "2.0" is not supported; send "1.0"`},
		{name: "binary with a bad time", header: binary("ce-time", "1772357400"), data: minimalOrder, reason: ReasonBadTime, text: `ce-time: "1772357400" is a number; send a time of RFC 3339, like "2026-03-01T09:30:00Z"`},
		{name: "binary with a long id", header: binary("ce-id", strings.Repeat("x", 129)), data: minimalOrder, reason: ReasonOversizedField, text: "ce-id: longer than 128 characters"},
		{name: "binary that is not UTF-8", header: binary("ce-source", "\xff"), data: minimalOrder, reason: ReasonInvalidUTF8, text: "ce-source: not valid UTF-8"},
		{name: "one attribute alone", header: map[string][]string{"ce-id": {"e"}}, data: minimalOrder, reason: ReasonMissingField, text: "ce-specversion: missing | ce-source: missing | ce-type: missing | ce-time: missing"},
		{name: "long message id", header: map[string][]string{"Nats-Msg-Id": {strings.Repeat("x", 129)}}, data: minimalOrder, reason: ReasonOversizedField, text: "Nats-Msg-Id: longer than 128 characters"},
		{name: "unknown type", subject: "storefront.main.order.paid", data: "{}", reason: ReasonUnknownType, text: `type: "order.paid" is not a type of event; see events/schemas/v1 for those there are`},
		{name: "a fact", subject: "storefront.main.email.sent", data: "{}", reason: ReasonUnknownType, text: "type: email.sent is a fact of Homing's own; a storefront cannot publish it"},
		{name: "subject too short", subject: "storefront.main.order", data: "{}", reason: ReasonBadSubject, text: `subject "storefront.main.order" is not storefront.<store>.<entity>.<action> with a store of a-z, 0-9 and -`},
		{name: "subject with an address", subject: "storefront.ann@example.com.order.placed", data: "{}", reason: ReasonBadSubject, text: `subject the value (not shown: it may be an address) is not storefront.<store>.<entity>.<action> with a store of a-z, 0-9 and -`},
	}
}

func TestAttributeGivenTwiceIsReadTheSameEveryTime(t *testing.T) {
	raw := bareRaw(TypeOrderPlaced, minimalOrder)
	raw.Header = map[string][]string{"ce-specversion": {"1.0"}, "ce-id": {"b"}, "CE-ID": {"a"}, "Ce-Id": {"c"}, "ce-source": {"/100%"}, "ce-type": {"order.placed"}, "ce-time": {"2026-03-01T09:30:00Z"}}
	for range 20 {
		if e := mustDecode(t, raw); e.ID != "a" || e.Source != "/100%" {
			t.Fatalf("id is %q, source %q", e.ID, e.Source)
		}
	}
}

func TestDepthOf32AndItemsOf5000AreFine(t *testing.T) {
	deep := `{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + "," + minimalOrder[1:]
	mustDecode(t, bareRaw(TypeOrderPlaced, deep))
	items := strings.TrimSuffix(strings.Repeat(`{"product_id":"p","name":"n","quantity":1},`, MaxItems), ",")
	e := mustDecode(t, bareRaw(TypeCartUpdated, `{"customer":{"id":"7"},"cart":{"id":"1","items":[`+items+`]}}`))
	if n := len(e.Data.(*CartUpdated).Cart.Items); n != MaxItems {
		t.Errorf("%d items, want %d", n, MaxItems)
	}
}

// An order of a wholesaler has over a thousand lines, with all that shops say of each.
func TestAnOrderOf1200LinesIsTakenIn(t *testing.T) {
	line := `{"product_id":"SKU-%05d","name":"Set of 6 soldier skittles, natural wood, in a bag","quantity":12,"price":{"amount":"3.75","currency":"GBP"},"url":"https://shop.example/p/sku-%05d","image_url":"https://cdn.shop.example/pictures/sku-%05d-large.webp"}`
	var items []string
	for i := range 1200 {
		items = append(items, fmt.Sprintf(line, i, i, i))
	}
	body := `{"customer":{"id":"7"},"order":{"id":"1","items":[` + strings.Join(items, ",") + `],"total":{"amount":"54000.00","currency":"GBP"}}}`
	e := mustDecode(t, bareRaw(TypeOrderPlaced, body))
	got := e.Data.(*OrderPlaced).Order.Items
	if len(got) != 1200 || got[1199].ProductID != "SKU-01199" || len(e.Warnings) > 0 {
		t.Fatalf("%d items, %v", len(got), e.Warnings)
	}
	doc, err := Encode(e)
	if err != nil || len(doc) > len(body)+1024 {
		t.Errorf("%d bytes become %d, %v", len(body), len(doc), err)
	}
	if again, err := DecodeTrusted("main", doc); err != nil || len(again.Data.(*OrderPlaced).Order.Items) != 1200 {
		t.Errorf("read again: %v", err)
	}
}

// What grows beyond what NATS takes when it is written again is refused, or it would be tried
// for ever.
func TestWhatBecomesTooLongIsRefused(t *testing.T) {
	item := `{"product_id":"p","name":"n","quantity":1,"url":"https://shop.example/` + strings.Repeat("é", 330) + `"}`
	body := `{"customer":{"id":"7"},"order":{"id":"1","items":[` + item + strings.Repeat(","+item, 999) + `],"total":{"amount":"1","currency":"EUR"}}}`
	if len(body) > MaxSize {
		t.Fatal(len(body))
	}
	_, err := Decode(bareRaw(TypeOrderPlaced, body), testNow)
	if bad, ok := err.(*Error); !ok || bad.Reason != ReasonTooLarge || !strings.Contains(bad.Detail, "links escaped") {
		t.Errorf("%v", err)
	}
}

// TestOldPayloadsStillDecode holds every file of testdata/v1 to the golden file
// next to it. Files are added there and never changed: what a shop once sent is
// read for ever.
func TestOldPayloadsStillDecode(t *testing.T) {
	for _, p := range oldPayloads(t) {
		t.Run(p.name, func(t *testing.T) {
			e := mustDecode(t, bareRaw(p.typ, string(readFile(t, p.file))))
			e.Place = 0 // the message's, and not what the shop sent
			got := indented(t, e)
			golden := strings.TrimSuffix(p.file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(readFile(t, golden)), string(got)); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
		})
	}
}

type payload struct {
	name, file string
	typ        Type
}

// oldPayloads finds the files <entity>.<action>.<what>.json of testdata/v1.
func oldPayloads(t *testing.T) []payload {
	t.Helper()
	files, err := filepath.Glob("testdata/v1/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no payloads", err)
	}
	var found []payload
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		parts := strings.SplitN(name, ".", 3)
		found = append(found, payload{name, file, Type(parts[0] + "." + parts[1])})
	}
	return found
}

// indented is an event as Encode writes it, for people.
func indented(t *testing.T, e Event) []byte {
	t.Helper()
	b, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return append(out.Bytes(), '\n')
}

func TestDecodedEventDoesNotShareMemoryWithItsMessage(t *testing.T) {
	raw := bareRaw(TypeOrderPlaced, minimalOrder)
	e := mustDecode(t, raw)
	for i := range raw.Data {
		raw.Data[i] = 'x'
	}
	if got := e.Data.(*OrderPlaced).Order.Items[0].Name; got != "Tea" {
		t.Errorf("name became %q", got)
	}
}
