package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"homing/pkg/rehearsal"
)

// past is what happened to Ann, and a line that is no event.
const past = `{"specversion":"1.0","id":"1","source":"/shop","type":"order.placed","time":"2025-03-01T10:00:00Z","historical":true,"data":{"customer":{"id":"ann","email":"ann@example.com"},"order":{"id":"1001","total":{"amount":"12.95","currency":"GBP"},"items":[{"product_id":"tea","name":"Tea","quantity":1}]}}}
{"specversion":"1.0","id":"2","source":"/shop","type":"order.delivered","time":"2025-03-04T10:00:00Z","data":{"customer":{"id":"ann"},"order":{"id":"1001"}}}
{"specversion":"1.0","id":"s","source":"/homing/delivery","type":"email.sent","time":"2025-03-04T10:00:00Z","data":{}}
{"specversion":"1.0","id":"4","source":"/shop","type":"order.placed","time":"2025-04-20T10:00:00Z","data":{"customer":{"id":"ann","email":"ann@example.com"},"order":{"id":"1003","total":{"amount":"12.95","currency":"GBP"},"items":[{"product_id":"tea","name":"Tea","quantity":1}]}}}
`

const faulty = `{"specversion":"1.0","id":"3","source":"/shop","type":"order.placed","time":"2025-03-05","data":{"customer":{"id":"bob"},"order":{"id":"1002"}}}` + "\n"

// shopFile is a configuration of one store.
const shopFile = `http: {public_url: "https://mail.shop.example"}
stores:
  main: {name: Shop, url: "https://shop.example", from: "Shop <hello@shop.example>", postal_address: 1 High Street, time_zone: Europe/London, currency: GBP}
`

func TestAHistoryIsRehearsed(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "past.jsonl", past)
	homing(t, "rehearse", "--file", file).want(t, exitOK).contains(t, "3 events of 1 customer, 2 orders", "Left out: 1 event that Homing itself had said",
		"email thank-you/thanks for 1001 sent", "What to trust")
	out := filepath.Join(dir, "out.json")
	homing(t, "rehearse", "--file", file, "--output", "json", "--out", out).want(t, exitOK)
	data, err := os.ReadFile(out)
	var r rehearsal.Report
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil || r.Emails != 3 || r.Customers != 1 || len(r.Stories) != 1 || len(r.Stories[0].Lines) != 6 {
		t.Errorf("%v: %+v", err, r)
	}
}

func TestARehearsalIsAPage(t *testing.T) {
	file := write(t, t.TempDir(), "past.jsonl", strings.ReplaceAll(past, `"id":"ann"`, `"id":"ann <b>"`))
	r := homing(t, "rehearse", "--file", file, "--output", "html").want(t, exitOK).contains(t, "<!doctype html>", "ann &lt;b&gt;", "<summary>As a table</summary>", "prefers-color-scheme: dark")
	own := frames.ReplaceAllString(r.out, "") // emails may have pictures
	for _, from := range []string{"<b>:", "<script", "src=", "href=", "@import", "url("} {
		if strings.Contains(own, from) {
			t.Errorf("the page has %q", from)
		}
	}
}

func TestALineThatIsNoEventIsNamed(t *testing.T) {
	file := write(t, t.TempDir(), "past.jsonl", past+faulty)
	homing(t, "rehearse", "--file", file).want(t, exitFailure).contains(t, `past.jsonl:5: missing_field: order.items: missing`,
		"some lines of the history aren't events", "3 events of 1 customer")
	empty := write(t, t.TempDir(), "none.jsonl", "\n")
	homing(t, "rehearse", "--file", empty).want(t, exitUsage).contains(t, "none.jsonl has no event of a shop")
	for flag, args := range map[string][]string{
		"--file: ": nil, "--synthetic: ": {"--synthetic", "--file", file}, "--output: markdown": {"--file", file, "--output", "markdown"},
		"--store: no store x": {"--file", file, "--store", "x"}, "no such file": {"--file", file + "x"},
	} {
		homing(t, append([]string{"rehearse"}, args...)...).want(t, exitUsage).contains(t, flag)
	}
}

func TestExportsOfShopsAreRehearsed(t *testing.T) {
	const exports = "../../pkg/shop/shopify/testdata/exports/"
	now := write(t, t.TempDir(), "homing.yaml", shopFile)
	homing(t, "rehearse", "--config", now, "--file", "../../pkg/shop/sheet/testdata/customers.csv", "--file", "../../pkg/shop/sheet/testdata/orders.csv",
		"--format", "csv", "--stories", "1").contains(t, "thank-you", "ordered 1001: 3 items")
	homing(t, "rehearse", "--config", now, "--file", exports+"orders.csv", "--format", "shopify").contains(t, "By worker", "orders.")
}

func TestTwoConfigurationsAreCompared(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "past.jsonl", past)
	now := write(t, dir, "homing.yaml", shopFile)
	proposed := write(t, dir, "proposed.yaml", shopFile+"workers: {review-request: {status: \"off\"}, thank-you: {after: 2h}}\n")
	homing(t, "rehearse", "--file", file, "--config", now, "--against", now).want(t, exitOK).contains(t, "Nobody would get different mail")
	homing(t, "rehearse", "--file", file, "--config", proposed, "--against", now, "--output", "markdown").want(t, exitDiffers).contains(t,
		"**1 customer would get different mail**", "| review-request | gone | not planned | 2 |", "| ann | thank-you/thanks | 2025-03-01 10:30 ", "| 2025-03-01 12:00 ")
	r := homing(t, "rehearse", "--file", file, "--config", proposed, "--against", now, "--output", "json").want(t, exitDiffers)
	var c rehearsal.Comparison
	if err := json.Unmarshal([]byte(r.out), &c); err != nil || c.People != 1 || c.Emails != 1 || c.Before != 3 || len(c.Customers) != 1 {
		t.Errorf("%v: %+v", err, c)
	}
	homing(t, "rehearse", "--file", file, "--config", now, "--against", "nowhere.yaml").want(t, exitUsage).contains(t, "nowhere.yaml")
}

func TestAConfigurationOfARevisionIsComparedWith(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	file := write(t, dir, "past.jsonl", past)
	config := write(t, dir, "homing.yaml", shopFile)
	git("init", "-q")
	git("add", "homing.yaml")
	git("commit", "-q", "-m", "one")
	write(t, dir, "homing.yaml", shopFile+"workers: {thank-you: {status: \"off\"}}\n")
	t.Chdir(dir)
	homing(t, "rehearse", "--file", file, "--config", config, "--against", "HEAD:homing.yaml").want(t, exitDiffers).contains(t, "1 customer would get different mail")
	homing(t, "rehearse", "--file", file, "--config", config, "--against", "HEAD~9:homing.yaml").want(t, exitUsage).contains(t, "--against: git show HEAD~9:homing.yaml")
}
