package main

import (
	"encoding/json"
	"testing"

	"homing/pkg/sizing"
)

func TestSizeSaysWhatAShopNeedsAndWhy(t *testing.T) {
	homing(t, "size", "--customers", "2M", "--orders-per-day", "40k").want(t, exitOK).
		contains(t, "2M customers and 40k orders a day", "Not a promise", "memory of the machine of Redis", "disk of each NATS server, for each year", "what the relay should take", "nats.partitions")
	var got struct {
		Shop  sizing.Shop
		Lines []sizing.Line
	}
	r := homing(t, "size", "--customers=1.5M", "--orders-per-day=900", "--peak=20", "--years=2", "--replicas=1", "--output=json").want(t, exitOK)
	if err := json.Unmarshal([]byte(r.out), &got); err != nil {
		t.Fatal(err)
	}
	want := sizing.Usual()
	want.Customers, want.OrdersPerDay, want.Peak, want.Years, want.Replicas = 1.5e6, 900, 20, 2, 1
	if got.Shop != want || len(got.Lines) != len(sizing.Of(want)) {
		t.Errorf("%+v", got)
	}
}

func TestSizeNamesTheFlagThatCantBe(t *testing.T) {
	homing(t, "size").want(t, exitUsage).contains(t, "--customers is missing")
	homing(t, "size", "--customers=2M").want(t, exitUsage).contains(t, "--orders-per-day is missing")
	for flag, value := range map[string]string{"--customers": "many", "--orders-per-day": "-5", "--peak": "0.5", "--years": "0", "--replicas": "2", "--events-per-order": "1M", "--emails-per-order": "1000"} {
		homing(t, "size", "--customers=2M", "--orders-per-day=40k", flag+"="+value).want(t, exitUsage).contains(t, flag)
	}
}
