package studio_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What each worker does is for everybody to see, and for editors to stop.
func TestWorkersArePausedByEditors(t *testing.T) {
	d := openedConsole(t, withCustomers)
	ann, vic := d.signedIn(t, annsToken), d.signedIn(t, vicsToken)
	page := ""
	for end := time.Now().Add(20 * time.Second); !strings.Contains(page, "Later") && !strings.Contains(page, "12 later"); { // it is counted while somebody looks
		if time.Now().After(end) {
			t.Fatalf("what is planned is not counted: %s", page)
		}
		_, page = vic.get("/workers/thank-you")
	}
	for _, want := range []string{"Thanks for an order", "30 minutes", "expired", "2026-12-01", "paused since", "a typo", "<td>84</td><td>14</td><td>7</td><td><span class=\"sum\">192.50 GBP</span>", "since 2026-10-21", "up to 7 days after one of its emails was sent"} {
		if !strings.Contains(page, want) {
			t.Errorf("a viewer doesn't see %q in %s", want, page)
		}
	}
	if strings.Contains(page, "/pause?") {
		t.Error("a viewer is shown the way to resume it")
	}
	if code, _ := vic.get("/workers/thank-you/pause"); code != http.StatusForbidden {
		t.Errorf("a viewer is asked: %d", code)
	}
	if code, _ := vic.submit("/workers/thank-you/pause", nil, "why", "x"); code != http.StatusForbidden {
		t.Errorf("a viewer pauses: %d", code)
	}
	for why, want := range map[string]string{"": "Write why", "for ann@example.com": "Leave the address out", "a typo": "It is paused.", "again": "nothing has changed"} {
		if code, page := ann.submit("/workers/thank-you/pause", nil, "do", "pause", "store", "main", "why", why); !strings.Contains(page, want) || code >= http.StatusInternalServerError {
			t.Errorf("%q: %d %s", why, code, page)
		}
	}
	if _, page := ann.submit("/workers/thank-you/pause", nil, "do", "resume", "store", ""); !strings.Contains(page, "It is running again.") {
		t.Errorf("resumed: %s", page)
	}
	if _, page := ann.submit("/workers/thank-you/pause", nil, "do", "pause", "store", "nowhere", "why", "x"); strings.Contains(page, "It is paused.") {
		t.Errorf("a store that isn't there: %s", page)
	}
	if _, page := ann.get("/workers/nobody"); !strings.Contains(page, "<h1>Workers</h1>") {
		t.Errorf("a worker that isn't there: %s", page)
	}
}
