package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"homing/pkg/installation"
)

func TestSegmentsAreCountedAndExplained(t *testing.T) {
	d := startDev(t, "--state", filepath.Join(t.TempDir(), "state"))
	for i := range 3 {
		publishRaw(t, d.NATS, "storefront.main.order.placed", fmt.Sprintf(`{"customer":{"id":"C-%d","email":"c%d@example.com","country":"DE"},"order":{"id":"%d","items":[{"product_id":"tea","name":"Tea","quantity":1,"price":{"amount":"9.00","currency":"EUR"}}],"total":{"amount":"%d.50","currency":"EUR"}}}`, i, i, 1000+i, i+1))
	}
	counts := func() (doc countedSegments) {
		homing(t, "products", "refresh", "--nats", d.NATS).want(t, exitOK)
		r := homing(t, "segments", "--output=json", "--nats", d.NATS).want(t, exitOK)
		if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	eventually(t, func() bool { return counts().Buyers == 3 }, func() string { return "the orders are not counted" })
	homing(t, "segments", "--nats", d.NATS).want(t, exitOK).contains(t, "Computed ", " ago from 3 customers of store main; 3 ordered.", "champion", `group == "champion"`, "churn_low")
	homing(t, "segments", "--customer", "C-1", "--nats", d.NATS).want(t, exitOK).contains(t, "Customer C-1 of store main, by the statistics of ",
		"1 order, the last on ", "spent 2.50 EUR", "frequency 1, money ", "country DE", "group is ")
	r := homing(t, "segments", "--customer", "c2@example.com", "--output=json", "--nats", d.NATS).want(t, exitOK)
	var of []installation.Segments
	if err := json.Unmarshal([]byte(r.out), &of); err != nil {
		t.Fatal(err)
	}
	if len(of) != 1 || of[0].Customer != "C-2" || of[0].Profile.Spent != "3.50 EUR" || of[0].Profile.Expected != nil || len(of[0].All) != 12 {
		t.Errorf("%+v", of)
	}
	if !strings.Contains(r.out, `"because": [`) {
		t.Error(r.out)
	}
	homing(t, "segments", "--customer", "nobody", "--nats", d.NATS).want(t, exitFailure).contains(t, "no customer, order or token nobody")
	homing(t, "segments", "champion", "--nats", d.NATS).want(t, exitUsage)
}
