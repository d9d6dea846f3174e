package erasure

import (
	"testing"

	"homing/events"
)

func TestWhoIsNamedInWhatIsNoEvent(t *testing.T) {
	var n Names
	for _, c := range []events.Customer{{ID: "17"}, {ID: "c-1007-long", Email: "Ann.Lee@example.com"}, {ID: "guest:x", Email: "zoë@example.com"}} {
		n.of(events.Event{Data: &events.CustomerUpdated{Customer: c}})
	}
	for body, want := range map[string]bool{
		`{"customer":{"id":"17"}}`:                           true,
		`{"customer":{"id":17}}`:                             true,
		`{"data":{"customer":"17"}}`:                         true,
		`{"customer_id":"17"}`:                               true,
		`{"customer":{"id":"8"},"from":"17"}`:                true,
		`{"customer":{"id":"8"},"order":{"id":"17"}}`:        false, // short: most likely an order's own
		`{"customer":{"id":"170"}}`:                          false,
		`{"user":"c-1007-long"}`:                             true,
		`{"user":"c-1007-longer"}`:                           false,
		`{"customer":{"email":"ANN.LEE@EXAMPLE.COM"}}`:       true,
		`{"customer":{"email":"ann.lee\u0040example.com"}}`:  true,
		`{"customer":{"email":"Ann <ann.lee@example.com>"}}`: true,
		`{"customer":{"email":"joann.lee@example.com"}}`:     false,
		`{"customer":{"email":"ann.lee@example.com.au"}}`:    false,
		`{"note":"write to zoë@example.com."}`:               true,
		`{"customer":{"id":"17"`:                             true,
		`{"customer":{"id":"18"`:                             false,
		`ann.lee@example.com`:                                true,
		`@@ann.lee@`:                                         false,
		``:                                                   false,
	} {
		if got := n.In(nil, []byte(body)); got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
	if !n.In(map[string][]string{"Homing-Detail": {"customer.id: c-1007-long"}, "ce-subject": {"c-1007-long"}}, nil) {
		t.Error("a header that is an id is passed over")
	}
}
