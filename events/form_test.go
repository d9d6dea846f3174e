package events

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// whole is an envelope of an order without its data.
const whole = `{"specversion":"1.0","id":"e-1","source":"/s","type":"order.placed","time":"2026-03-01T09:30:00Z"`

var attributesOfWhole = map[string]string{"specversion": "1.0", "id": "e-1", "source": "/s", "type": "order.placed", "time": "2026-03-01T09:30:00Z"}

func headersOf(prefix string) map[string][]string {
	h := map[string][]string{}
	for name, v := range attributesOfWhole {
		h[prefix+name] = []string{v}
	}
	return h
}

func inQuotes(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestAnEventIsTheSameHoweverItIsPacked(t *testing.T) {
	want := mustDecode(t, bareRaw(TypeOrderPlaced, whole+`,"data":`+minimalOrder+`}`))
	in64 := base64.StdEncoding.EncodeToString([]byte(minimalOrder))
	with := func(h map[string][]string, name, value string) map[string][]string {
		h[name] = []string{value}
		return h
	}
	for name, raw := range map[string]Raw{
		"bytes, as the SDKs write them":            {Data: []byte(whole + `,"datacontenttype":"application/json","data_base64":"` + in64 + `"}`)},
		"bytes before the type":                    {Data: []byte(`{"data_base64":"` + in64 + `",` + whole[1:] + `}`)},
		"bytes with an empty data":                 {Data: []byte(whole + `,"data":null,"data_base64":"` + in64 + `"}`)},
		"+json data, a string":                     {Data: []byte(whole + `,"datacontenttype":"application/vnd.x+json","data":` + inQuotes(minimalOrder) + `}`)},
		"a string before the type":                 {Data: []byte(`{"data":` + inQuotes(minimalOrder) + `,` + whole[1:] + `}`)},
		"headers of Kafka":                         {Data: []byte(minimalOrder), Header: headersOf("ce_")},
		"headers of Kafka in capitals":             {Data: []byte(minimalOrder), Header: headersOf("CE_")},
		"headers, and the data as a string":        {Data: []byte(inQuotes(minimalOrder)), Header: headersOf("ce-")},
		"a stray header and no content type":       {Data: []byte(whole + `,"data":` + minimalOrder + `}`), Header: map[string][]string{"ce-traceparent": {"00-1"}}},
		"a stray id and no content type":           {Data: []byte(whole + `,"data":` + minimalOrder + `}`), Header: map[string][]string{"ce-id": {"another"}}},
		"a stray header and a content type":        {Data: []byte(whole + `,"data":` + minimalOrder + `}`), Header: with(headersOf("ce-"), "content-type", "application/cloudevents+json")},
		"a content type in capitals with charset":  {Data: []byte(whole + `,"data":` + minimalOrder + `}`), Header: map[string][]string{"CONTENT-TYPE": {" Application/CloudEvents+JSON ; charset=UTF-8"}}},
		"written as JSON twice":                    {Data: []byte(inQuotes(whole + `,"data":` + minimalOrder + `}`))},
		"with a byte order mark":                   {Data: []byte("\xef\xbb\xbf" + whole + `,"data":` + minimalOrder + `}`)},
		"a byte order mark in the bytes":           {Data: []byte(whole + `,"data_base64":"` + base64.StdEncoding.EncodeToString([]byte("\xef\xbb\xbf"+minimalOrder)) + `"}`)},
		"attributes with a content type of theirs": {Data: []byte(minimalOrder), Header: with(headersOf("ce-"), "Content-Type", "application/json; charset=utf-8")},
	} {
		t.Run(name, func(t *testing.T) {
			raw.Subject, raw.Stream, raw.Sequence, raw.Time = Subject("main", TypeOrderPlaced), "STOREFRONT", 42, testNow
			if diff := cmp.Diff(want, mustDecode(t, raw)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAFormThatIsNotReadIsRefusedByItsName(t *testing.T) {
	typed := func(v string) map[string][]string { return map[string][]string{"content-type": {v}} }
	for _, c := range []badMessage{
		{name: "a batch", header: typed("application/cloudevents-batch+json; charset=utf-8"), data: "[" + whole + `,"data":` + minimalOrder + `}]`, reason: ReasonBadValue,
			text: "Content-Type: a batch of events is not taken in; publish each as a message of its own, as application/cloudevents+json"},
		{name: "XML", header: typed("application/CloudEvents+XML"), data: "<event/>", reason: ReasonBadValue,
			text: `Content-Type: "application/CloudEvents+XML" is not read; publish the event as application/cloudevents+json`},
		{name: "a list", data: "[" + whole + "}]", reason: ReasonWrongKind, text: "data: a list is not an object; publish each event as a message of its own"},
		{name: "UTF-16", data: "\x7b\x00\x7d\x00", reason: ReasonInvalidUTF8, text: "the body is UTF-16; send JSON in UTF-8"},
		{name: "UTF-16 with a mark", data: "\xff\xfe\x7b\x00", reason: ReasonInvalidUTF8, text: "the body is UTF-16; send JSON in UTF-8"},
		{name: "gzip", data: "\x1f\x8b\x08\xff", reason: ReasonInvalidUTF8, text: "the body is compressed (gzip); send JSON as it is, in UTF-8"},
		{name: "an id that is none", header: map[string][]string{"Nats-Msg-Id": {"undefined"}}, data: minimalOrder, reason: ReasonBadValue,
			text: `Nats-Msg-Id: "undefined" is not an id; each event has its own`},
		{name: "an envelope with an id that is none", data: strings.Replace(whole, "e-1", "[object Object]", 1) + `,"data":` + minimalOrder + `}`, reason: ReasonBadValue,
			text: `id: "[object Object]" is not an id; each event has its own`},
		{name: "faults in bytes", data: whole + `,"data_base64":"` + base64.StdEncoding.EncodeToString([]byte(`{"order":{"id":7}}`)) + `"}`, reason: ReasonWrongKind,
			text: "order.id: 7 is not a string; write it in quotes | order.items: missing | order.total: missing"},
		{name: "a fault, and no JSON after it", data: `{"customer":{"id":7},"order":{"id":`, reason: ReasonWrongKind,
			text: "customer.id: 7 is not a string; write it in quotes | not JSON: it ends too early, at byte 35"},
		{name: "a string in a string", data: whole + `,"data":` + inQuotes(inQuotes(minimalOrder)) + `}`, reason: ReasonWrongKind, text: `data: "\"{\\\"customer\\\":{\\\"id\\\":\\\"7\\\"},\\\"ord…" is not an object`},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := bareRaw(TypeOrderPlaced, c.data)
			raw.Header = c.header
			_, err := Decode(raw, testNow)
			if c.name == "a string in a string" { // what is quoted does not matter
				c.text = err.Error()
			}
			checkError(t, err, c.reason, c.text)
		})
	}
}

func TestTimesAreReadInEverySpelling(t *testing.T) {
	for s, want := range map[string]string{
		"2026-03-01t09:30:00z":                             "2026-03-01T09:30:00Z",
		"2026-03-01 09:30:00Z":                             "2026-03-01T09:30:00Z",
		"2026-03-01 09:30:00.5+01:00":                      "2026-03-01T08:30:00.5Z",
		"2026-03-01T09:30:00-00:00":                        "2026-03-01T09:30:00Z",
		"2026-03-01T09:30:00.1234567890123456789012+00:00": "2026-03-01T09:30:00.123Z",
		"2016-12-31T23:59:60Z":                             "2017-01-01T00:00:00Z",
		"2017-01-01T00:59:60.25+01:00":                     "2017-01-01T00:00:00.25Z",
		"1990-12-31t15:59:60-08:00":                        "1991-01-01T00:00:00Z",
	} {
		e := mustDecode(t, bareRaw(TypeCustomerLapsed, `{"customer":{"id":"7"},"last_order_at":"`+s+`"}`))
		if got := e.Data.(*CustomerLapsed).LastOrderAt.Format(time.RFC3339Nano); got != want {
			t.Errorf("%s is read as %s, want %s", s, got, want)
		}
	}
	for s, want := range map[string]string{
		"2026-03-01":                              notATime,
		"2026-03-01T09:30:61Z":                    notATime,
		"2026-03-01T24:00:00Z":                    notATime,
		"1772357400000":                           "is a number",
		"2026-03-01T09:30:00":                     "in which time zone",
		"2026-03-01 09:30:00.5":                   "in which time zone",
		"2026-03-01T09:30:00+0100":                "hours:minutes",
		"2026-03-01T09:30Z":                       "no seconds",
		"Sun Mar 01 2026 09:30:00 GMT+0100 (CET)": notATime,
	} {
		if s == "2026-03-01" {
			want = "no time of day"
		}
		_, err := Decode(bareRaw(TypeCustomerLapsed, `{"customer":{"id":"7"},"last_order_at":`+strconv.Quote(s)+`}`), testNow)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", s, err, want)
		}
	}
}

func TestWhatIsNoIdIsNot(t *testing.T) {
	body := func(id string) string {
		return strings.Replace(minimalOrder, `"id":"7"`, `"email":"ann@example.com","id":`+id, 1)
	}
	for _, id := range []string{`"0"`, `" 0 "`, "0", "-1", `"-1"`, `"null"`, `"NULL"`, `"undefined"`, `"guest"`, `"Guest"`, `"anonymous"`, `"none"`, `"None"`, `"NaN"`,
		`"[object Object]"`, `"\u200bundefined"`, `"00000000-0000-0000-0000-000000000000"`, `"false"`, `"nil"`, `"N/A"`, `"00"`, `"0.0"`, "0.0", `"-"`} {
		_, err := Decode(bareRaw(TypeOrderPlaced, body(id)), testNow)
		if bad, ok := err.(*Error); !ok || bad.Reason != ReasonBadValue || bad.Field != "customer.id" || !strings.Contains(bad.Detail, "leave the id out for a guest") {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, id := range []string{`"007"`, `"guest-7"`, `"guestave"`, `"nullo"`, `"10"`, `"n"`, `""`, `null`, `"anonymous1"`} {
		if _, err := Decode(bareRaw(TypeOrderPlaced, body(id)), testNow); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	// Who was taken in under such an id is forgotten all the same.
	mustDecode(t, bareRaw(TypeCustomerErased, `{"customer":{"id":"0"}}`))
	mustDecode(t, bareRaw(TypeOrderPlaced, strings.Replace(minimalOrder, `"product_id":"p"`, `"product_id":"0"`, 1)))
}

// TestEveryFaultIsFoundAtOnce holds: an event that has the faults of two has both.
func TestEveryFaultIsFoundAtOnce(t *testing.T) {
	body := `{"customer":{"id":"guest","email":"ann","consent":{"email":true,"at":"yesterday"}},` +
		`"order":{"id":{},"items":[{"product_id":["p"],"name":"n","quantity":"2","price":7.4}],"total":{"amount":"1,50"},"test":"true"}}`
	_, err := Decode(bareRaw(TypeOrderPlaced, body), testNow)
	bad, ok := err.(*Error)
	if !ok {
		t.Fatal(err)
	}
	var got []string
	for _, f := range bad.Each() {
		got = append(got, f.Field)
	}
	want := []string{"customer.id", "customer.email", "customer.consent.email", "customer.consent.at", "order.id",
		"order.items[0].product_id", "order.items[0].quantity", "order.items[0].price", "order.total.currency", "order.test"}
	if diff := cmp.Diff(want, got); diff != "" || bad.More != 0 {
		t.Errorf("and %d more; (-want +got)\n%s", bad.More, diff)
	}
}

// TestTheFirstFaultIsTheOneThatIsNamed holds what rejections are counted by.
func TestTheFirstFaultIsTheOneThatIsNamed(t *testing.T) {
	for _, c := range badCases(t) {
		raw := bareRaw(c.Type, string(c.Body))
		h := readHeaders(nil)
		e := Event{Store: "main", Type: c.Type}
		r := reader{data: raw.Data, rules: rulesOf(&raw, testNow)}
		r.message(&e, &raw, &h)
		_ = r.end()
		_, err := Decode(raw, testNow)
		if bad := err.(*Error); r.err != nil && bad.Reason != r.err.Reason && bad.Field != "specversion" {
			t.Errorf("%s: %s, but the first is %s", c.name, bad.Reason, r.err.Reason)
		}
	}
}

// TestAnEventThatIsCutOffIsRefused holds for each byte at which it may be.
func TestAnEventThatIsCutOffIsRefused(t *testing.T) {
	cut := func(typ Type, body string) {
		for i := range body {
			for _, fault := range []string{"", `{"customer":{"id":7},"order":{"id":7},"cart":{"id":7},`} { // with one before it, too
				if fault != "" && (i == 0 || body[0] != '{') {
					continue
				}
				part := body[:i]
				if fault != "" {
					part = fault + part[1:]
				}
				if _, err := Decode(bareRaw(typ, part), testNow); err == nil {
					t.Errorf("%s: taken in: %s", typ, part)
				}
			}
		}
	}
	for _, c := range badCases(t) {
		cut(c.Type, strings.TrimSpace(string(c.Body)))
	}
	for _, typ := range Types() {
		cut(typ, strings.TrimSpace(string(Example(typ))))
	}
}

func TestAThousandFaultsAreCounted(t *testing.T) {
	items := strings.TrimSuffix(strings.Repeat(`{"product_id":7,"name":"n","quantity":0},`, 500), ",")
	_, err := Decode(bareRaw(TypeOrderPlaced, `{"customer":{"id":"7"},"order":{"id":"1","items":[`+items+`]}}`), testNow)
	bad := err.(*Error)
	if len(bad.Each()) != 5 || bad.Each()[4].Field != "order.total" || bad.More != 996 {
		t.Errorf("%d listed and %d more: %s", len(bad.Each()), bad.More, bad)
	}
	if len(bad.Error()) > 2000 {
		t.Errorf("%d characters", len(bad.Error()))
	}
}
