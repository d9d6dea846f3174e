package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/clock"
)

// sample is a file of events: two orders, and what is about a customer alone.
const sample = `{"specversion":"1.0","id":"1","source":"/s","type":"order.placed","time":"2020-03-02T09:15:00Z","data":{"customer":{"id":"bo","email":"bo@example.com"},"order":{"id":"s1","items":[{"product_id":"p","name":"P","quantity":1}],"total":{"amount":"1","currency":"GBP"}}}}
{"specversion":"1.0","id":"2","source":"/s","type":"customer.updated","time":"2020-03-02T09:14:00Z","data":{"customer":{"id":"bo","first_name":"Bo"}}}

{"specversion":"1.0","id":"3","source":"/s","type":"order.placed","time":"2020-03-02T09:16:00Z","data":{"customer":{"id":"cy","email":"cy@example.com"},"order":{"id":"s2","items":[{"product_id":"p","name":"P","quantity":1}],"total":{"amount":"1","currency":"GBP"}}}}
`

func TestAnEventIsMadeFromFlags(t *testing.T) {
	url, js := natsOnly(t)
	file := write(t, t.TempDir(), "data.json", `{"customer":{"id":"from-file","vip":true},"order":{"id":"f1","items":[{"product_id":"p","name":"P","quantity":2}],"total":{"amount":"3.00","currency":"EUR"}}}`)
	for _, c := range []struct{ name, args, want string }{
		{"items and their sum", `order.placed --customer=ann --email=a@example.com --first-name=Ann --order=7 --item=Assam,_250_g_x2_@12.95 --item=Mug_@8`,
			`{"customer":{"id":"ann","email":"a@example.com","first_name":"Ann"},"order":{"id":"7","items":[` +
				`{"product_id":"assam-250-g","name":"Assam, 250 g","quantity":2,"price":{"amount":"12.95","currency":"GBP"}},` +
				`{"product_id":"mug","name":"Mug","quantity":1,"price":{"amount":"8","currency":"GBP"}}],"total":{"amount":"33.90","currency":"GBP"}}}`},
		{"a total and a currency of its own", `order.placed --customer=ann --order=7 --item=Tea_x1_@900 --total=950 --currency=JPY`,
			`{"customer":{"id":"ann","email":"ann@example.com"},"order":{"id":"7","items":[{"product_id":"tea","name":"Tea","quantity":1,` +
				`"price":{"amount":"900","currency":"JPY"}}],"total":{"amount":"950","currency":"JPY"}}}`},
		{"a whole order cancelled", `order.cancelled --customer=ann --order=7`, `{"customer":{"id":"ann"},"order":{"id":"7"}}`},
		{"a cancellation", `subscription.cancelled --customer=ann --subscription=8 --reason=expired`, `{"customer":{"id":"ann"},"subscription":{"id":"8"},"reason":"expired"}`},
		{"a guest", `customer.unsubscribed --email=g@example.com --scope=everything`, `{"customer":{"email":"g@example.com"},"scope":"everything"}`},
		{"two customers that are one", `customer.merged --customer=ann --from=anna`, `{"customer":{"id":"ann"},"from":"anna"}`},
		{"flags over a file", `order.placed --data=` + file + ` --customer=ann --total=4`,
			`{"customer":{"id":"ann","vip":true},"order":{"id":"f1","items":[{"product_id":"p","name":"P","quantity":2}],"total":{"amount":"4","currency":"EUR"}}}`},
		{"a review", `review.submitted --customer=ann --product=tea --rating=4`, `{"customer":{"id":"ann"},"review":{"product_id":"tea","rating":4}}`},
		{"an address that bounced", `address.bounced --email=g@example.com`, `{"email":"g@example.com"}`},
		{"a complaint about an order", `complaint.closed --customer=ann --order=7`, `{"customer":{"id":"ann"},"complaint":{"id":"311","order_id":"7"}}`},
	} {
		args := strings.Fields("publish " + c.args + " --nats=" + url)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
		}
		homing(t, args...).want(t, exitOK)
		all := onStorefront(t, js)
		var envelope struct{ Data any }
		var want any
		if err := json.Unmarshal(all[len(all)-1].Data, &envelope); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, envelope.Data); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
}

func TestEveryTypeCanBePublishedWithLittle(t *testing.T) {
	url, _ := natsOnly(t)
	for _, typ := range events.Types() {
		args := []string{"publish", string(typ), "--nats", url, "--output=json"}
		if typ != events.TypeProductUpdated {
			args = append(args, "--customer", "ann")
		}
		switch typ {
		case events.TypeOrderUpdated, events.TypeOrderFulfilled, events.TypeOrderDelivered, events.TypeOrderCancelled,
			events.TypeOrderRefunded, events.TypeOrderReturned:
			args = append(args, "--order", "1")
		case events.TypeCustomerMerged:
			args = append(args, "--from", "anna")
		case events.TypeReferralRedeemed:
			args = append(args, "--order", "1", "--referrer", "bob")
		}
		var got published
		if err := json.Unmarshal([]byte(homing(t, args...).want(t, exitOK).out), &got); err != nil {
			t.Fatal(err)
		}
		if got.Subject != "storefront.main."+string(typ) || got.Sequence == 0 || got.Duplicate {
			t.Errorf("%s: %+v", typ, got)
		}
	}
}

func TestAWrongEventIsNotPublished(t *testing.T) {
	url, js := natsOnly(t)
	for _, c := range []struct {
		args string
		code int
		text string
	}{
		{"order.placed", exitUsage, "--customer ID"},
		{"order.misplaced --customer=ann", exitUsage, `no type "order.misplaced"`},
		{"order.cancelled --customer=ann", exitUsage, "--order ID"},
		{"order.updated --customer=ann", exitUsage, "--order ID"},
		{"order.placed --customer=guest:1", exitUsage, "--email ADDRESS"},
		{"order.placed --customer=ann --item=Tea", exitUsage, "--total is needed"},
		{"order.placed --customer=ann --item=Tea@1,50", exitUsage, "not a decimal number"},
		{"order.placed --customer=ann --rating=3", exitUsage, "--rating: order.placed has no such thing"},
		{"subscription.started --customer=ann --renews=soon", exitUsage, "--renews"},
		{"order.placed --customer=ann --time=soon", exitUsage, "--time"},
		{"order.placed --customer=ann --rebase", exitUsage, "for --file"},
		{"order.placed --customer=ann --email=nowhere", exitFailure, "rejected as bad_address: customer.email"},
		{"order.placed --customer=ann --item=Tea_x0_@1", exitFailure, "rejected as bad_quantity: order.items[0].quantity"},
		{"--file=a --customer=ann", exitUsage, "--customer: a file says that itself"},
		{"", exitUsage, "--file"},
	} {
		args := strings.Fields("publish " + c.args + " --nats=" + url)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_x0_", " x0 ")
		}
		homing(t, args...).want(t, c.code).contains(t, c.text)
	}
	if n := len(onStorefront(t, js)); n != 0 {
		t.Errorf("%d events were published", n)
	}
}

func TestTheSameEventTwiceIsSaid(t *testing.T) {
	url, _ := natsOnly(t)
	args := []string{"publish", "customer.updated", "--customer=ann", "--id=e1", "--nats", url}
	homing(t, args...).want(t, exitOK)
	homing(t, args...).want(t, exitOK).contains(t, "unchanged")
}

func TestPublishWithoutStreamsSaysWhatToDo(t *testing.T) {
	d := startDev(t, "--ephemeral")
	homing(t, "publish", "customer.updated", "--customer=ann", "--store=other", "--nats", d.NATS).want(t, exitOK) // no config knows the stores
	homing(t, "publish", "customer.updated", "--customer=ann", "--nats=nats://127.0.0.1:1", "--timeout=300ms").
		want(t, exitUnreachable).contains(t, "did not answer")
}

func TestAFileGoesThroughInOrder(t *testing.T) {
	url, js := natsOnly(t)
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	const n = 10_000 // more than may wait for the stream's word
	for i := range n {
		fmt.Fprintf(z, `{"specversion":"1.0","id":"e-%d","source":"/s","type":"customer.updated","time":"2020-03-02T09:14:00Z","data":{"customer":{"id":"c-%d"},"more":1}}`+"\n", i, i)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := write(t, t.TempDir(), "events", gz.String()) // told by its content
	begin := time.Now()
	var got summary
	r := homing(t, "publish", "--file", file, "--rebase", "--nats", url, "--output=json").want(t, exitOK)
	if err := json.Unmarshal([]byte(r.out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Published != n || got.Malformed != 0 || got.Duplicates != 0 {
		t.Fatalf("%+v", got)
	}
	var last time.Time
	for i, m := range onStorefront(t, js) {
		e, err := events.Decode(events.Raw{Subject: m.Subject, Data: m.Data}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if e.ID != fmt.Sprintf("e-%d", i) || !e.Time.After(last) {
			t.Fatalf("event %d is %s at %v, after %v", i, e.ID, e.Time, last)
		}
		last = e.Time
	}
	if last.Before(begin.Add(-time.Second)) || last.After(time.Now()) {
		t.Errorf("the last event happened at %v, not now", last)
	}
	homing(t, "publish", "--file", file, "--nats", url, "--limit=3").want(t, exitOK).contains(t, "published 3 events", "3 duplicates")
}

func TestMalformedLinesAreReportedAndTheRestGoesOn(t *testing.T) {
	url, js := natsOnly(t)
	lines := strings.Split(sample, "\n")
	content := strings.Join([]string{lines[0], "no json", lines[1], `{"type":"nope"}`, `{"x":1}`,
		strings.Replace(lines[0], "bo@", "bo", 1), strings.Repeat("x", 3<<20), lines[3]}, "\n") // no line break at the end
	file := write(t, t.TempDir(), "e.jsonl", content)
	homing(t, "publish", "--file", file, "--nats", url).want(t, exitFailure).
		contains(t, "published 3 events", "5 malformed lines left out", "e.jsonl:2: not_json", "e.jsonl:4: unknown_type",
			"e.jsonl:5: missing_field: type", "e.jsonl:6: bad_address: customer.email", "e.jsonl:7: too_large")
	all := onStorefront(t, js)
	if len(all) != 3 {
		t.Fatalf("%d events, want 3", len(all))
	}
	if got := string(all[0].Data); got != lines[0] {
		t.Errorf("without --rebase the line is not as it was: %s", got)
	}
	homingWith(t, nil, content, "publish", "--file", "-", "--nats", url, "--strict").want(t, exitFailure).
		contains(t, "published 1 event", "stdin:2: not_json", "--strict")
	homing(t, "publish", "--file", "/does/not/exist", "--nats", url).want(t, exitUsage)
}

func TestWhatIsNotQuiteRightIsSaidBeforeItIsPublished(t *testing.T) {
	url, js := natsOnly(t)
	const line = `{"specversion":"1.0","id":"%d","source":"/shop","type":"customer.updated","time":"2025-06-10T12:00:00Z","data":{"customer":{"id":"ann","time_zone":%q}}}`
	file := write(t, t.TempDir(), "e.jsonl", fmt.Sprintf(line, 1, "Europe/London")+"\n"+fmt.Sprintf(line, 2, "Mars")+"\n")
	homing(t, "publish", "--file", file, "--nats", url).want(t, exitOK).
		contains(t, "published 2 events", "1 of them with a warning", `e.jsonl:2: warning: customer.time_zone: "Mars" is dropped`)
	homing(t, "publish", "cart.abandoned", "--customer", "ann", "--url", "javascript:x", "--nats", url).want(t, exitOK).contains(t, `note: cart.url: "javascript:x" is dropped`)
	if n := len(onStorefront(t, js)); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
}

// An event has real time, whatever the clock that all else goes by; a duration is
// by that clock.
func TestATimeIsSaidInRealTime(t *testing.T) {
	now := time.Now()
	fast := clock.Scale{Start: now.Add(-time.Minute), Speed: 600} // ten hours have passed
	for _, c := range []struct {
		said string
		want time.Time // by the fast clock
	}{
		{"", now.Add(-time.Minute + 10*time.Hour)},
		{"-30m", now.Add(-time.Minute + 9*time.Hour + 30*time.Minute)},
		{"-20h", now.Add(-time.Minute - 10*time.Hour)},
		{now.Add(-30 * time.Second).Format(time.RFC3339Nano), now.Add(-time.Minute + 5*time.Hour)},
	} {
		got, err := parseWhen(c.said, fast)
		if err != nil {
			t.Fatal(err)
		}
		if off := fast.Business(got).Sub(c.want).Abs(); off > time.Minute || got.After(time.Now()) {
			t.Errorf("%q is %s in real time, %s off", c.said, got.Sub(now), off)
		}
	}
}

// A time may be told from now, in days, too: how old an order has to be for what follows
// from it is a matter of days.
func TestATimeMayBeToldFromNow(t *testing.T) {
	now := time.Now()
	for s, want := range map[string]time.Duration{"-30m": -30 * time.Minute, "-10d": -240 * time.Hour, "-1d12h": -36 * time.Hour, "1h": time.Hour, "+2h": 2 * time.Hour} {
		got, err := parseWhen(s, clock.Scale{})
		if off := got.Sub(now) - want; err != nil || off < 0 || off > time.Minute {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"soon", "--1h", "-1.5d", "-10", "10 d"} {
		if got, err := parseWhen(s, clock.Scale{}); err == nil {
			t.Errorf("%s: %v", s, got)
		}
	}
}
