package studio_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"homing/pkg/bus"
)

// reject has an order rejected.
func reject(t *testing.T, d *desk, reason, detail, body string) {
	t.Helper()
	m := nats.NewMsg("rejected.main." + reason)
	m.Data = []byte(body)
	for name, value := range map[string]string{bus.HeaderSubject: "storefront.main.customer.updated", bus.HeaderDetail: detail, bus.HeaderEvent: "ann@example.com"} {
		m.Header.Set(name, value)
	}
	if _, err := d.versions.JetStream().PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestWhatShopsSentWrongIsReplayedByEditors(t *testing.T) {
	d := openedConsole(t, withCustomers)
	const group = "/rejected/main/unknown_store?field=subject"
	ann, vic := d.signedIn(t, annsToken), d.signedIn(t, vicsToken)
	if code, page := vic.get("/rejected"); code != http.StatusOK || !strings.Contains(page, "Nothing is rejected.") {
		t.Errorf("while there is nothing: %d %s", code, page)
	}
	for range 2 {
		reject(t, d, "unknown_store", "subject: no store main is configured", `{"customer":{"id":"ann","email":"ann@example.com"}}`)
	}
	reject(t, d, "bad_value", "customer.id: &#34;0&#34; is not the id", `{"customer":{"id":"0"}}`)
	if code, page := vic.get("/rejected"); code != http.StatusOK || !strings.Contains(page, "no store main is configured") || !strings.Contains(page, "field=subject") {
		t.Errorf("a viewer: %d %s", code, page)
	}
	if code, page := vic.get(group); code != http.StatusOK || strings.Contains(page, "ann@") || strings.Contains(page, "<form method=\"post\" action=\"/rejected") || !strings.Contains(page, "Add it under <code>stores</code>") {
		t.Errorf("a viewer, of a group: %d %s", code, page)
	}
	reject(t, d, "privacy_request", "customers/data_request: customer 4711 asks for their data", "")
	for _, path := range []string{"/rejected", "/rejected/main/privacy_request?field="} {
		if _, page := vic.get(path); strings.Contains(page, "4711") || !strings.Contains(page, "privacy_request") {
			t.Errorf("a viewer is told who asks: %s", page)
		}
		if _, page := ann.get(path); !strings.Contains(page, "4711") {
			t.Errorf("an editor is not: %s", page)
		}
	}
	form := []string{"store", "main", "reason", "unknown_store", "field", "subject", "upto", "2"}
	if code, _ := vic.submit("/rejected/replay", nil, append(form, "sure", "yes")...); code != http.StatusForbidden {
		t.Errorf("a viewer replays: %d", code)
	}
	if code, page := ann.get(group); code != http.StatusOK || !strings.Contains(page, "ann@example.com") || !strings.Contains(page, "would be taken in now") {
		t.Errorf("an editor: %d %s", code, page)
	}
	reject(t, d, "unknown_store", "subject: no store main is configured", `{"customer":{"id":"late"}}`)
	if code, page := ann.submit("/rejected/replay", nil, form...); code != http.StatusOK || !strings.Contains(page, "Replay 2 events?") || !strings.Contains(page, "All of them would be taken in") {
		t.Errorf("before she is sure: %d %s", code, page)
	}
	if _, page := ann.submit("/rejected/replay", nil, "sequence", "3"); !strings.Contains(page, "It would be rejected again") {
		t.Errorf("what is still wrong: %s", page)
	}
	taken := func() uint64 {
		s, err := d.versions.JetStream().Stream(t.Context(), bus.Storefront)
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().State.Msgs
	}
	if n := taken(); n != 0 {
		t.Fatalf("%d were published while nobody was sure", n)
	}
	if code, page := ann.submit("/rejected/replay", nil, append(form, "sure", "yes")...); code != http.StatusOK || !strings.Contains(page, "2 events replayed") || taken() != 2 {
		t.Errorf("replayed: %d %s", code, page)
	}
	if _, page := ann.submit("/rejected/replay", nil, append(form, "sure", "yes")...); !strings.Contains(page, "None of them is there any more") || taken() != 2 {
		t.Errorf("once more: %s", page)
	}
	if _, page := ann.get(group); !strings.Contains(page, "1 event") || !strings.Contains(page, "late") {
		t.Errorf("what came afterwards is left: %s", page)
	}
}
