package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A cart's link to a host that is not the shop's is seen by the shop: in the list of
// warnings, in the log, in the status and among the metrics. It isn't rejected.
func TestAShopSeesWhatItsEventsAreWarnedAbout(t *testing.T) {
	d := startDev(t, "--ephemeral")
	const cart = `{"specversion":"1.0","id":"left-ann-%d","source":"/shop","type":"cart.abandoned","time":"2025-06-10T12:00:00Z","data":{"customer":{"id":"ann","email":"ann@example.com"},"cart":{"id":"k","url":"https://elsewhere.example/cart/k?token=1","items":[{"product_id":"p","name":"P","quantity":1}]}}}`
	warnings := func(args ...string) (out []warningEntry) {
		r := homing(t, append([]string{"rejected", "list", "--warnings", "--output=json", "--nats", d.NATS}, args...)...).want(t, exitOK)
		if err := json.Unmarshal([]byte(r.out), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	homing(t, "rejected", "list", "--warnings", "--nats", d.NATS).want(t, exitOK).contains(t, "There are no warnings.")
	publishRaw(t, d.NATS, "storefront.main.cart.abandoned", fmt.Sprintf(cart, 1))
	eventually(t, func() bool { return len(warnings()) == 1 }, func() string { return "there is no warning" })
	got := warnings()[0]
	if got.Store != "main" || got.Reason != "link_host" || got.Field != "cart.url" || got.Event != "left-ann-1" || got.Source != "/shop" ||
		got.Type != "cart.abandoned" || got.Place != 1 || got.LeftOut != 0 || !strings.Contains(got.Detail, `"elsewhere.example"`) || strings.Contains(got.Detail, "token") {
		t.Errorf("%+v", got)
	}
	if len(warnings("--reason=link_host", "--store=main")) != 1 || len(warnings("--reason=dropped_url")) != 0 || len(warnings("--store=other")) != 0 {
		t.Error("--reason and --store do not narrow the list")
	}
	for range 5 { // of the same kind, in the same minute
		publishRaw(t, d.NATS, "storefront.main.cart.abandoned", fmt.Sprintf(cart, 2))
	}
	homing(t, "rejected", "list", "--warnings", "--nats", d.NATS).want(t, exitOK).contains(t, "link_host", "cart.url", "elsewhere.example", "left-ann-1")
	homing(t, "rejected", "list", "--nats", d.NATS).want(t, exitOK).contains(t, "Nothing is rejected.")
	homing(t, "rejected", "replay", "--all", "--nats", d.NATS).want(t, exitOK).contains(t, "nothing to replay")
	homing(t, "rejected", "replay", "1", "--nats", d.NATS).want(t, exitFailure).contains(t, "nothing to publish again")
	homing(t, "rejected", "show", "1", "--nats", d.NATS).want(t, exitOK).contains(t, "link_host", "elsewhere.example")
	homing(t, "status", "--nats", d.NATS).want(t, exitOK).contains(t, " about events that were taken in")
	if r := homing(t, "status", "--output=json", "--nats", d.NATS).want(t, exitOK); !strings.Contains(r.out, `"rejected": 0`) || strings.Contains(r.out, `"warnings": 0`) {
		t.Error(r.out)
	}
	homing(t, "rejected", "list", "--warnings", "--reason=bad_money").want(t, exitUsage).contains(t, "link_host")
	// Warnings are published one after the other, and the log has each before the next.
	publishRaw(t, d.NATS, "storefront.main.customer.updated", `{"customer":{"id":"ann","time_zone":"Mars"}}`)
	eventually(t, func() bool { return len(warnings("--reason=dropped_value")) == 1 }, func() string { return "there is no second warning" })
	d.stop()
	if log := d.err.String(); !strings.Contains(log, "not as the shop meant it") || !strings.Contains(log, "elsewhere.example") || strings.Contains(log, "left-ann") || strings.Contains(log, "@") {
		t.Errorf("the log says:\n%s", log)
	}
}
