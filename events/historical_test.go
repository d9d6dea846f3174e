package events

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const oldOrder = `{"customer":{"id":"7"},"order":{"id":"1","items":[{"product_id":"p","name":"Tea","quantity":1}],"total":{"amount":"0","currency":"EUR"}}}`

// TestWhatIsBroughtOverIsMarked reads the mark in every form that the SDKs write. What is
// neither yes nor no is refused: taken for a no, it would lead to email about the past.
func TestWhatIsBroughtOverIsMarked(t *testing.T) {
	stored := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for mark, want := range map[string]string{
		`true`: "yes", `"true"`: "yes", `false`: "no", `"false"`: "no", `null`: "no",
		`"yes"`: "historical", `1`: "historical", `"1"`: "historical", `[]`: "historical", `""`: "historical",
		"h true": "yes", "h TRUE": "yes", "h false": "no", "h ": "no", "h %74rue": "yes",
		"h 1": "ce-historical", "h yes": "ce-historical",
	} {
		raw := Raw{Subject: "storefront.main.order.placed", Stream: "STOREFRONT", Sequence: 9, Time: stored}
		if value, header := strings.CutPrefix(mark, "h "); header {
			raw.Data = []byte(oldOrder)
			raw.Header = map[string][]string{"ce-specversion": {"1.0"}, "ce-id": {"1"}, "ce-source": {"/import"},
				"ce-type": {"order.placed"}, "ce-time": {"2019-11-03T18:22:00Z"}, "Ce-Historical": {value}}
		} else {
			raw.Data = []byte(`{"specversion":"1.0","id":"1","source":"/import","type":"order.placed","time":"2019-11-03T18:22:00Z","historical":` + mark +
				`,"received":"1999-01-01T00:00:00Z","data":` + oldOrder + `}`)
		}
		e, err := Decode(raw, stored)
		if bad, ok := err.(*Error); ok {
			if bad.Field != want {
				t.Errorf("%s: %v", mark, err)
			}
			continue
		}
		if err != nil || e.Historical != (want == "yes") || e.Received.IsZero() == e.Historical {
			t.Errorf("%s: historical %v, received %v, %v; want %s", mark, e.Historical, e.Received, err, want)
			continue
		}
		if e.Historical && (!e.Received.Equal(stored) || !e.Heard().Equal(stored)) {
			t.Errorf("%s: received %v, not when the stream had it", mark, e.Received)
		}
		// The timeline keeps both, and what a shop publishes of an event has no receipt.
		body, err := Encode(e)
		if err != nil || !json.Valid(body) {
			t.Fatal(err, string(body))
		}
		again, err := DecodeTrusted("main", body)
		if err != nil || again.Historical != e.Historical || !again.Received.Equal(e.Received) {
			t.Errorf("%s: %s is read as %v, %v: %v", mark, body, again.Historical, again.Received, err)
		}
		e.Received = time.Time{}
		if body, _ := Encode(e); strings.Contains(string(body), "received") || !json.Valid(body) {
			t.Errorf("%s: %s", mark, body)
		}
	}
}
