package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"
)

const (
	goodEvent  = `{"specversion":"1.0","id":"1","source":"/s","type":"customer.updated","time":"2020-03-02T09:15:00Z","data":{"customer":{"id":"bo"}}}`
	badEvent   = `{"specversion":"1.0","source":"/s","type":"order.placed","time":"2020-03-02","data":{"customer":{"id":"0"},"order":{"id":"s1","items":[{"product_id":"p","name":"P","quantity":1,"price":3200}]}}}`
	otherEvent = `{"specversion":"1.0","id":"2","source":"/s","type":"customer.updated","time":"2020-03-02T09:15:00Z","data":{"customer":{"id":"bo","firstName":"Bo"}}}`
)

func TestEventsAreValidatedOffline(t *testing.T) {
	dir := t.TempDir()
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	_, _ = z.Write([]byte(goodEvent + "\n" + badEvent + "\n"))
	_ = z.Close()
	indented := func(s string) string {
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(s), "", "  "); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, content string
		args          []string
		code          int
		texts         []string
	}{
		{"good.jsonl", goodEvent + "\n\n" + goodEvent + "\n", nil, exitOK, []string{"2 events, nothing is wrong with them"}},
		{"all.jsonl", goodEvent + "\n" + badEvent + "\n" + otherEvent + "\n{\n", nil, exitFailure, []string{
			"all.jsonl:2: missing_field: id: missing\n", "all.jsonl:2: bad_time: time: \"2020-03-02\" has no time of day", "all.jsonl:2: bad_value: customer.id: \"0\"",
			"all.jsonl:2: wrong_kind: order.items[0].price: 3200 is not", "all.jsonl:2: missing_field: order.total: missing",
			"all.jsonl:3: warning: customer.firstName: there is no such field", "all.jsonl:4: not_json: ", "4 events, 2 would be rejected, 1 with warnings"}},
		{"first.jsonl", "{\n" + goodEvent + "\n", nil, exitFailure, []string{"first.jsonl:1: not_json", "2 events, 1 would be rejected"}},
		{"mark.jsonl", "\xef\xbb\xbf" + goodEvent + "\n", nil, exitOK, []string{"1 event, nothing is wrong with it"}},
		{"gz", gz.String(), nil, exitFailure, []string{"gz:2: bad_value", "2 events, 1 would be rejected"}},
		{"pretty.json", indented(otherEvent), nil, exitOK, []string{"pretty.json:1: warning: customer.firstName", "1 event, 1 with warnings"}},
		{"strict.json", indented(otherEvent), []string{"--strict"}, exitFailure, []string{"1 event, 1 with warnings"}},
		{"list.json", "[\n" + goodEvent + ",\n" + indented(badEvent) + "\n]\n", nil, exitFailure, []string{"list.json:3: bad_value: customer.id", "2 events, 1 would be rejected"}},
		{"several.json", indented(goodEvent) + "\n" + indented(goodEvent), nil, exitOK, []string{"2 events"}},
		{"kinds.jsonl", "5\n{\"type\":5}\n", nil, exitFailure, []string{"kinds.jsonl:1: wrong_kind: a JSON number is not an object; a CloudEvent is one\n",
			"kinds.jsonl:2: wrong_kind: type: a JSON number is not a string\n"}},
		{"broken.json", "{\n  \"id\": 1,\n  oops\n}\n", nil, exitFailure, []string{"broken.json:3: not_json: not JSON", "1 would be rejected"}},
		{"data.json", `{"customer":{"id":"bo"}}`, []string{"--type", "customer.updated"}, exitOK, []string{"1 event, nothing"}},
		{"untyped.json", `{"customer":{"id":"bo"}}`, nil, exitFailure, []string{"missing_field: type: missing"}},
		{"scope.json", `{"customer":{"id":"bo"},"scope":"thank-yuo"}`, []string{"--type", "customer.unsubscribed"}, exitFailure, []string{`bad_value: scope: "thank-yuo" is no worker`}},
		{"none.json", "\n", nil, exitOK, []string{"there are no events"}},
		{"typo.json", "{}", []string{"--type", "order.paid"}, exitUsage, []string{`no type "order.paid"`}},
	} {
		file := write(t, dir, c.name, c.content)
		r := homing(t, append([]string{"validate", file}, c.args...)...)
		r.want(t, c.code)
		for _, text := range c.texts {
			if !strings.Contains(r.out+r.err, text) {
				t.Errorf("%s: no %q in\n%s%s", c.name, text, r.out, r.err)
			}
		}
	}
	homing(t, "validate", dir+"/nowhere.json").want(t, exitUsage)
	var got judged
	if err := json.Unmarshal([]byte(homing(t, "validate", write(t, dir, "a", badEvent), "--output=json").want(t, exitFailure).out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Rejected != 1 || len(got.Found) != 1 || len(got.Found[0].Faults) != 5 || got.Found[0].Type != "order.placed" {
		t.Errorf("%+v", got)
	}
}

func TestADryRunPublishesNothing(t *testing.T) {
	nowhere := "--nats=nats://127.0.0.1:1"
	homing(t, "publish", "order.placed", "--customer=ann", "--dry-run", nowhere).want(t, exitOK).contains(t, "nothing is published", `"specversion": "1.0"`)
	homing(t, "publish", "order.placed", "--customer=guest", "--dry-run", nowhere).want(t, exitFailure).contains(t, "leave the id out for a guest")
	homing(t, "publish", "--file", write(t, t.TempDir(), "f", goodEvent+"\n"+badEvent), "--dry-run", nowhere).want(t, exitFailure).contains(t, "f:2: missing_field: id", "2 events, 1 would be rejected")
	var got struct {
		DryRun bool `json:"dry_run"`
		Event  struct{ Type string }
	}
	out := homing(t, "publish", "cart.updated", "--customer=ann", "--dry-run", "--output=json", nowhere).want(t, exitOK).out
	if err := json.Unmarshal([]byte(out), &got); err != nil || !got.DryRun || got.Event.Type != "cart.updated" {
		t.Errorf("%v in %s", err, out)
	}
}
