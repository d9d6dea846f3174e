package front_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func cloudEvent(id, order string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"%s","source":"/shop/checkout","type":"order.placed","time":"2026-03-02T09:00:00Z","data":%s}`, id, orderData(order))
}

func TestEachFormOfEventsIsTaken(t *testing.T) {
	for _, c := range []struct {
		name, body string
		headers    []string
		want       int
	}{
		{"structured", cloudEvent("e-1", "1"), []string{"Content-Type", "application/cloudevents+json; charset=utf-8"}, 1},
		{"structured, as JSON", cloudEvent("e-1", "1"), []string{"Content-Type", "application/json"}, 1},
		{"structured, of no type", cloudEvent("e-1", "1"), nil, 1},
		{"batched", "[" + cloudEvent("e-1", "1") + "," + cloudEvent("e-2", "2") + "]", []string{"Content-Type", "application/cloudevents-batch+json"}, 2},
		{"a list", "[" + cloudEvent("e-1", "1") + `, {"type":"order.placed","data":` + orderData("2") + "}]", []string{"Content-Type", "application/json"}, 2},
		{"as curl -d sends it", cloudEvent("e-1", "1"), []string{"Content-Type", "application/x-www-form-urlencoded"}, 1},
		{"without an envelope", `{"type":"order.placed","data":` + orderData("2") + "}", nil, 1},
		{"lines", cloudEvent("e-1", "1") + "\n\n" + `{"type":"order.placed","id":"x","time":"2026-03-02T09:00:00Z","source":"/erp","data":` + orderData("2") + "}\r\n", []string{"Content-Type", "application/x-ndjson"}, 2},
		{"binary", orderData("1"), []string{"Content-Type", "application/json", "ce-specversion", "1.0", "ce-id", "e%2D1 caf%C3%A9", "ce-source", "/shop", "ce-type", "order.placed", "ce-time", "2026-03-02T09:00:00Z", "ce-extension", "x"}, 1},
	} {
		s := newStage()
		w := s.post("/v1/events", []byte(c.body), append(c.headers, "Authorization", "Bearer "+apiKey)...)
		got := decode(t, w)
		if w.Code != 200 || got.Accepted != c.want || got.Rejected != 0 || len(got.Results) != c.want {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
			continue
		}
		if types := s.types(t); types != strings.TrimSuffix(strings.Repeat("main order.placed, ", c.want), ", ") {
			t.Errorf("%s: %s", c.name, types)
		}
		if c.name == "binary" && got.Results[0].ID != "e-1 café" {
			t.Errorf("the id is %q", got.Results[0].ID)
		}
	}
}

// What a request leads to belongs to its trace, whichever door it came by.
func TestMessagesBelongToTheTraceOfTheirRequest(t *testing.T) {
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	s := newStage()
	s.post("/v1/events", []byte(cloudEvent("e-1", "1")+"\n"+cloudEvent("e-2", "2")), "Content-Type", "application/x-ndjson", "Authorization", "Bearer "+apiKey, "traceparent", parent)
	if len(s.stored) != 2 {
		t.Fatalf("%d stored", len(s.stored))
	}
	for _, m := range s.stored {
		if got := m.Trace["traceparent"]; len(got) != 1 || got[0] != parent {
			t.Errorf("%v", got)
		}
	}
}

func TestEachEventIsJudgedByItself(t *testing.T) {
	s := newStage()
	body := strings.Join([]string{
		cloudEvent("e-1", "1"),
		cloudEvent("e-1", "1"),
		`{"type":"order.placed","id":"bad","data":{"customer":{"email":"jo@example.com"},"order":{"id":"3","items":[]}}}`,
		`{"type":"email.sent","data":{}}`,
		`{"type":"storefront.>","data":{}}`,
		`{"data":{}}`,
		`not json`,
		`{"type":"order.placed"}`,
		`{"type":"customer.updated","id":"w","data":{"customer":{"id":"c-1","time_zone":"Nowhere"}}}`,
		`7`,
		`{"type":"order.placed","id":"old","time":"2019-03-02T09:00:00Z","historical":true,"data":` + orderData("9") + `}`,
		`{"type":"order.placed","id":"odd","historical":"perhaps","data":` + orderData("9") + `}`,
	}, "\n")
	w := s.post("/v1/events", []byte(body), "Content-Type", "application/x-ndjson", "Authorization", "bearer "+apiKey)
	got := decode(t, w)
	if w.Code != 207 || got.Accepted != 3 || got.Duplicate != 1 || got.Rejected != 8 || len(got.Results) != 12 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for i, want := range []string{
		"e-1 accepted", "e-1 duplicate", "bad rejected order.items missing_field order.total missing_field", " rejected type unknown_type", " rejected type unknown_type",
		" rejected type missing_field", " rejected  not_json", " rejected data missing_field", "w accepted", " rejected  not_json", "old accepted", "odd rejected historical bad_value",
	} {
		r := got.Results[i]
		var say strings.Builder
		say.WriteString(r.ID + " " + r.Status)
		for _, e := range r.Errors {
			say.WriteString(" " + e.Field + " " + e.Reason)
			if e.Detail == "" || strings.Contains(e.Detail, "@") {
				t.Errorf("%d: the detail is %q", i, e.Detail)
			}
		}
		if say.String() != want || r.Index != i {
			t.Errorf("%d: %q, not %q", i, say.String(), want)
		}
	}
	if ws := got.Results[8].Warnings; len(ws) != 1 || ws[0].Field != "customer.time_zone" {
		t.Errorf("warnings: %v", ws)
	}
	if n := len(s.stored); n != 3 || !strings.Contains(string(s.stored[2].Data), `"historical":true`) {
		t.Errorf("%d stored, the last is %s", n, s.stored[n-1].Data)
	}
}

func TestWhatIsWrongWithARequestOfEvents(t *testing.T) {
	many := strings.Repeat(`{"type":"order.placed"}`+"\n", 1001)
	for _, c := range []struct {
		name, body string
		headers    []string
		code       int
	}{
		{"no key", cloudEvent("e", "1"), nil, 401},
		{"another key", cloudEvent("e", "1"), []string{"Authorization", "Bearer " + apiKey[1:]}, 401},
		{"another scheme", cloudEvent("e", "1"), []string{"Authorization", "Basic " + apiKey}, 401},
		{"nothing", "", []string{"Authorization", "Bearer " + apiKey, "Content-Type", "application/x-ndjson"}, 400},
		{"an empty list", "[]", []string{"Authorization", "Bearer " + apiKey}, 400},
		{"a list that ends too soon", "[" + cloudEvent("e", "1"), []string{"Authorization", "Bearer " + apiKey}, 400},
		{"something after the list", "[" + cloudEvent("e", "1") + "] x", []string{"Authorization", "Bearer " + apiKey}, 400},
		{"no list", "{}", []string{"Authorization", "Bearer " + apiKey, "Content-Type", "application/cloudevents-batch+json"}, 400},
		{"too many", many, []string{"Authorization", "Bearer " + apiKey, "Content-Type", "application/x-ndjson"}, 400},
		{"a form", "a=b", []string{"Authorization", "Bearer " + apiKey, "Content-Type", "application/x-www-form-urlencoded"}, 400},
		{"XML", "<a/>", []string{"Authorization", "Bearer " + apiKey, "Content-Type", "application/cloudevents+xml"}, 415},
		{"all are wrong", `{"type":"order.placed","data":{}}`, []string{"Authorization", "Bearer " + apiKey}, 422},
		{"structured without a version", `{"type":"order.placed","data":` + orderData("1") + `}`, []string{"Authorization", "Bearer " + apiKey, "Content-Type", "application/cloudevents+json"}, 422},
	} {
		s := newStage()
		w := s.post("/v1/events", []byte(c.body), c.headers...)
		if w.Code != c.code || len(s.stored) > 0 {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if c.code == 401 && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: how to say who one is, is not said", c.name)
		}
	}
}

func TestAnEventMayBeSignedInsteadOfShowingTheKey(t *testing.T) {
	at := strconv.FormatInt(now.Unix(), 10)
	body := cloudEvent("e-1", "1")
	good := []string{"Webhook-Id", "msg_1", "Webhook-Timestamp", at, "Webhook-Signature", "v1," + sign(apiKey, "msg_1."+at+".", body)}
	for path, want := range map[string]int{
		"/v1/events?store=main&key=website": 200, "/v1/events?store=main&key=other": 401, "/v1/events?store=other&key=website": 401, "/v1/events": 401,
	} {
		if w := newStage().post(path, []byte(body), good...); w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := newStage().post("/v1/events?store=main&key=website", []byte(body+" "), good...); w.Code != 401 {
		t.Error("another body:", w.Code)
	}
}

// Nothing that anybody sends gets a panic, an answer of a kind that there is not, or a
// message that Homing would not take.
func FuzzEvents(f *testing.F) {
	f.Add("application/json", []byte("["+cloudEvent("e-1", "1")+"]"), "", "")
	f.Add("application/x-ndjson", []byte(cloudEvent("e-1", "1")+"\n{}"), "", "")
	f.Add("application/json", []byte(orderData("1")), "e-1", "order.placed")
	f.Add("application/cloudevents-batch+json", []byte(`[{"type":"order.placed","specversion":"1.0"}]`), "", "")
	f.Fuzz(func(t *testing.T, kind string, body []byte, id, typ string) {
		s := newStage()
		headers := []string{"Content-Type", kind, "Authorization", "Bearer " + apiKey}
		if typ != "" {
			headers = append(headers, "ce-type", typ, "ce-id", id, "ce-source", "/s", "ce-specversion", "1.0", "ce-time", "2026-03-02T09:00:00Z")
		}
		w := s.post("/v1/events", body, headers...)
		switch w.Code {
		case 200, 207, 400, 415, 422:
		default:
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		s.types(t)
	})
}

// What is brought over, and what happens now, are two events, whatever their ids: only
// one of them leads to email.
func TestAnEventOfNowIsNoCopyOfAnImport(t *testing.T) {
	s := newStage()
	now := cloudEvent("e-1", "1")
	past := strings.Replace(now, `"data":`, `"historical":true,"data":`, 1)
	w := s.post("/v1/events", []byte(past+"\n"+now+"\n"+now), "Content-Type", "application/x-ndjson", "Authorization", "Bearer "+apiKey)
	if got := decode(t, w); got.Accepted != 2 || got.Duplicate != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A second try is the same event, or it is an error: never silently another one.
func TestWhatIsNoTextIsNotFilledIn(t *testing.T) {
	for field, want := range map[string]string{
		`"id":7`: "id wrong_kind", `"id":{"a":1}`: "id wrong_kind", `"source":5`: "source wrong_kind", `"time":1772445600`: "time wrong_kind",
		`"id":null,"source":null,"time":null`: "accepted", `"id":"","source":"","time":""`: "accepted",
	} {
		s := newStage()
		w := s.post("/v1/events", []byte(`{"type":"order.placed",`+field+`,"data":`+orderData("1")+"}"), "Authorization", "Bearer "+apiKey)
		got := decode(t, w)
		is := got.Results[0].Status
		if len(got.Results[0].Errors) > 0 {
			is = got.Results[0].Errors[0].Field + " " + got.Results[0].Errors[0].Reason
		}
		if is != want {
			t.Errorf("%s: %s, want %s: %s", field, is, want, w.Body)
		}
	}
}

// A message that is signed has an id, which is the same each time it is sent.
func TestASignedMessageThatComesAgainIsTheSameEvents(t *testing.T) {
	s := newStage()
	one, list := `{"type":"order.placed","data":`+orderData("1")+"}", `[{"type":"order.placed","data":`+orderData("2")+`},{"type":"order.placed","data":`+orderData("3")+"}]"
	for range 2 {
		for id, body := range map[string]string{"msg_1": one, "msg_2": list} {
			at := strconv.FormatInt(now.Unix(), 10)
			w := s.post("/v1/events?store=main&key=website", []byte(body), "Webhook-Id", id, "Webhook-Timestamp", at, "Webhook-Signature", "v1,"+sign(apiKey, id+"."+at+".", body))
			if w.Code != 200 {
				t.Fatal(w.Code, w.Body)
			}
		}
	}
	if len(s.stored) != 3 || s.took["events duplicate"] != 3 {
		t.Errorf("%d stored, %v", len(s.stored), s.took)
	}
}

func TestAByteOrderMarkIsNoneOfTheEvents(t *testing.T) {
	for _, kind := range []string{"application/json", "application/x-ndjson", "application/cloudevents+json"} {
		s := newStage()
		if w := s.post("/v1/events", []byte("\ufeff"+cloudEvent("e-1", "1")), "Content-Type", kind, "Authorization", "Bearer "+apiKey); w.Code != 200 {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
}
