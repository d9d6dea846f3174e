package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"homing/pkg/rejected"
)

const otherStore = `stores:
  main:  {name: Main, url: "https://shop.example", from: "Main <hello@shop.example>", postal_address: "1 High St", currency: GBP}
  other: {name: Other, url: "https://shop.example", from: "Other <hello@shop.example>", postal_address: "1 High St", currency: GBP}
`

// publishRaw publishes as a storefront does that knows nothing of Homing.
func publishRaw(t *testing.T, url, subject, body string) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if err := nc.PublishMsg(&nats.Msg{Subject: subject, Data: []byte(body), Header: nats.Header{"X-Shop": {"7"}}}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

func listed(t *testing.T, url string, args ...string) (out []rejected.Entry) {
	t.Helper()
	r := homing(t, append([]string{"rejected", "list", "--output=json", "--nats", url}, args...)...).want(t, exitOK)
	if err := json.Unmarshal([]byte(r.out), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestARejectedEventIsReplayedOnceTheFaultIsMended(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	const order = `{"customer":{"id":"ann","email":"ann@example.com"},"order":{"id":"1","items":[{"product_id":"p","name":"P","quantity":1}],"total":{"amount":"1","currency":"GBP"}}}`
	d := startDev(t, "--state", state)
	publishRaw(t, d.NATS, "storefront.other.order.placed", order)
	eventually(t, func() bool { return len(listed(t, d.NATS)) == 1 }, func() string { return "the first event was not rejected" })
	publishRaw(t, d.NATS, "storefront.main.order.placed", `{"customer":{"id":"x"},"order":{"id":"\u001b[2J"`)
	eventually(t, func() bool { return len(listed(t, d.NATS)) == 2 }, func() string { return "the second event was not rejected" })

	publishRaw(t, d.NATS, "storefront.main.order.placed", `{"specversion":"1.0","source":"/shop","time":"now","id":"e-17","type":"order.placed","data":{}}`)
	eventually(t, func() bool { return len(listed(t, d.NATS)) == 3 }, func() string { return "the third event was not rejected" })
	if got := listed(t, d.NATS)[0]; got.Event != "e-17" || got.Source != "/shop" || got.Store != "main" || got.Type != "order.placed" || !strings.Contains(got.Detail, "order: missing | time: \"now\" is not a time") {
		t.Errorf("listed %+v", got)
	}
	homing(t, "rejected", "list", "--nats", d.NATS).want(t, exitOK).contains(t, "e-17", "/shop")
	homing(t, "status", "--nats", d.NATS).want(t, exitOK).contains(t, "3 events rejected (1 missing_field, 1 not_json, 1 unknown_store)")
	if log := d.err.String(); !strings.Contains(log, "an event was rejected") || !strings.Contains(log, "order: missing") || strings.Contains(log, "@") {
		t.Errorf("the log says:\n%s", log)
	}
	all := listed(t, d.NATS)[1:]
	if all[0].Sequence != 2 || all[0].Reason != "not_json" || all[1].Reason != "unknown_store" || all[1].Subject != "storefront.other.order.placed" {
		t.Errorf("listed %+v", all)
	}
	if got := listed(t, d.NATS, "--store=other"); len(got) != 1 || got[0].Sequence != 1 {
		t.Errorf("of the store other: %+v", got)
	}
	if got := listed(t, d.NATS, "--limit=1"); len(got) != 1 || got[0].Sequence != 3 {
		t.Errorf("the newest: %+v", got)
	}
	homing(t, "rejected", "list", "--nats", d.NATS).want(t, exitOK).contains(t, "unknown_store", "other", "order.placed")
	homing(t, "rejected", "show", "1", "--nats", d.NATS).want(t, exitOK).contains(t, "X-Shop: 7", `"email": "ann@example.com"`)
	homing(t, "rejected", "show", "2", "--nats", d.NATS).want(t, exitOK).contains(t, `\u001b[2J`)
	homing(t, "rejected", "replay", "--all", "--dry-run", "--nats", d.NATS).want(t, exitOK).contains(t, "1: would be", "2: would be")
	d.stop()

	d = startDev(t, "--state", state, "--config", write(t, t.TempDir(), "homing.yaml", otherStore))
	homing(t, "rejected", "replay", "--all", "--reason=unknown_store", "--nats", d.NATS).want(t, exitOK).
		contains(t, "1: published to storefront.other.order.placed")
	// It happened when it was rejected, half an hour before its email is due;
	// that it was taken in is enough.
	eventually(t, func() bool {
		return homing(t, "rejected", "show", "1", "--nats", d.NATS).code == exitFailure
	}, func() string { return "still on the list" })
	if got := listed(t, d.NATS); len(got) != 2 || got[1].Sequence != 2 {
		t.Errorf("left over: %+v", got)
	}
	homing(t, "rejected", "replay", "1", "--nats", d.NATS).want(t, exitFailure).contains(t, "no rejected event 1")
}

// What came back about an email is for a person to read, and so are webhooks that lead to
// no event: they are listed and shown, and could not be published again.
func TestAReportThatNobodyCouldReadIsNotReplayed(t *testing.T) {
	d := startDev(t, "--state", filepath.Join(t.TempDir(), "state"))
	nc, err := nats.Connect(d.NATS)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	m := nats.NewMsg("rejected.main.unknown_report")
	m.Data = []byte("Subject: Re: Tea\r\n\r\nThanks!\r\n")
	m.Header.Set("Homing-Subject", "feedback.main")
	m.Header.Set("Homing-Customer", "aaaaaaaaaaaaaaaa")
	m.Header.Set("Homing-Detail", "came back to the return path of an email")
	if _, err := nc.RequestMsg(m, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, d.NATS, "--store=main", "--reason=unknown_report"); len(got) != 1 || got[0].Store != "main" {
		t.Errorf("listed %+v", got)
	}
	homing(t, "rejected", "show", "1", "--nats", d.NATS).want(t, exitOK).contains(t, "came back to the return path", "Thanks!")
	homing(t, "rejected", "replay", "1", "--nats", d.NATS).want(t, exitFailure).contains(t, "for a person to read", "address.bounced")
	for _, reason := range []string{"unreadable_webhook", "privacy_request"} {
		m := nats.NewMsg("rejected.main." + reason)
		m.Header.Set("Homing-Subject", "in.shopify.main")
		if _, err := nc.RequestMsg(m, 10*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	homing(t, "rejected", "replay", "2", "--nats", d.NATS).want(t, exitFailure).contains(t, "a webhook that could not be read")
	homing(t, "rejected", "replay", "3", "--nats", d.NATS).want(t, exitFailure).contains(t, "a request for a person")
	homing(t, "rejected", "replay", "--all", "--nats", d.NATS).want(t, exitOK).contains(t, "nothing to replay")
	if got := listed(t, d.NATS); len(got) != 3 {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestRejectedRefusesWhatItCannotMean(t *testing.T) {
	for _, args := range [][]string{{"show"}, {"show", "x"}, {"replay"}, {"replay", "1", "--all"}, {"list", "--reason=odd"}, {"list", "--store=a.b"}, {"list", "--limit=-1"}} {
		url := []string{"--nats=nats://127.0.0.1:1", "--timeout=1ms"}
		r := homing(t, append(append([]string{"rejected"}, args...), url...)...)
		if r.code == exitOK || r.code == exitFailure {
			t.Errorf("%v: exit code %d", args, r.code)
		}
	}
	homing(t, "rejected", "list", "--reason=odd").want(t, exitUsage).contains(t, "bad_money")
}
