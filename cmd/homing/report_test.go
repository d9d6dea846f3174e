package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportTellsWhetherItPays(t *testing.T) {
	d := startDev(t, "--state", filepath.Join(t.TempDir(), "state"))
	homing(t, "report", "--nats", d.NATS).want(t, exitOK).contains(t, "Nothing is known of store main yet: it is computed at night, and now by `homing report refresh`.")
	homing(t, "report", "--table=lift", "--output=csv", "--nats", d.NATS).want(t, exitFailure).contains(t, "nothing is known of store main yet")
	homing(t, "report", "digest", "--nats", d.NATS).want(t, exitOK).contains(t, "Subject: ", ": how the week went", "Nothing has been counted yet")
	for i := range 4 {
		publishRaw(t, d.NATS, "storefront.main.order.placed", fmt.Sprintf(`{"customer":{"id":"C-%d","email":"c%d@example.com"},"order":{"id":"%d","items":[{"product_id":"tea","name":"Tea","quantity":1,"price":{"amount":"9.00","currency":"EUR"}}],"total":{"amount":"%d.50","currency":"EUR"}}}`, i%3, i%3, 1000+i, 1000*i+1))
	}
	var doc struct {
		Store  string
		At     string
		Tables map[string][]map[string]any
	}
	eventually(t, func() bool {
		r := homing(t, "report", "refresh", "--output=json", "--nats", d.NATS).want(t, exitOK)
		if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
			t.Fatal(err)
		}
		return len(doc.Tables["months"]) == 1 && doc.Tables["months"][0]["orders"] == 4.0
	}, func() string { return fmt.Sprintf("the orders are not counted: %+v", doc) })
	if m := doc.Tables["months"][0]; m["revenue"] != 6006.0 || m["currency"] != "EUR" || m["new_buyers"] != 3.0 || m["average_order_value"] != 1501.5 {
		t.Errorf("%+v", m)
	}
	homing(t, "report", "--nats", d.NATS).want(t, exitOK).contains(t, "from 3 customers of store main. Days before ", "repeat purchase rate", "33.3%", "6,006.00",
		"Lift: what emails add, measured against the holdout (lift)\n  nothing yet", "Revenue by worker (attribution)", "none")
	page := filepath.Join(t.TempDir(), "digest.html")
	homing(t, "report", "digest", "--out", page, "--nats", d.NATS).want(t, exitOK).contains(t, "digest.html: ")
	if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), "Too early to say more") || strings.Contains(string(html), "cid:") {
		t.Errorf("the digest as a page: %v\n%s", err, html)
	}
	csv := homing(t, "report", "--table", "attribution", "--output=csv", "--nats", d.NATS).want(t, exitOK).out
	if lines := strings.Split(strings.TrimSpace(csv), "\n"); len(lines) != 2 || lines[0] != "month,worker,sent,clicked,held_out,orders,currency,first,last,linear,decaying" || !strings.HasSuffix(lines[1], ",none,0,0,0,4,EUR,6006.00,6006.00,6006.00,6006.00") {
		t.Error(csv)
	}
}

func TestReportRefusesWhatItCannotMean(t *testing.T) {
	homing(t, "report", "--output=csv").want(t, exitUsage).contains(t, "name it with --table, one of summary, lift")
	homing(t, "report", "--months=0").want(t, exitUsage).contains(t, "--months")
	homing(t, "report", "--table=profit").want(t, exitUsage).contains(t, "it is one of summary")
	homing(t, "report", "refresh", "--nats=nats://127.0.0.1:1", "--timeout=1ms").want(t, exitUnreachable)
	homing(t, "report", "now").want(t, exitUsage)
}
