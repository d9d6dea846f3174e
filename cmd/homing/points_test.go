package main

import (
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/installation"
	"homing/pkg/points"
	"homing/workers"
)

// A ledger says which reward each code was, and how many points are missing for the next.
func TestALedgerSaysWhichRewardIsNext(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var c customer.Customer
	for _, d := range []events.Data{
		&events.OrderPlaced{Order: events.Order{ID: "1", Items: []events.Item{{ProductID: "tea", Quantity: 1}}, Total: events.Money{Minor: 56000, Currency: "EUR"}}},
		&events.OfferIssued{Touch: "rewards.earned.x.1", Worker: "rewards", Code: "X", Percent: 10, Points: 500},
	} {
		at = at.Add(time.Hour)
		customer.Apply(&c, events.Event{ID: at.String(), Source: "/shop", Store: "main", Type: d.Type(), Time: at, Data: d})
	}
	p := points.Programme{Rates: []points.Rate{{Millionths: 1_000_000}}, Rewards: []int{500, 1000}}
	got := installation.Points{Key: customer.Key{Store: "main"}, ID: "C-1007", Status: workers.Live, Ledger: p.Ledger(&c, at)}
	var b strings.Builder
	if err := writeLedger(&b, got, time.UTC); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"C-1007 (main): 60 points; 440 missing for the next reward\n", "reward at 500  -500"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if x := ledgerOf(got); x.Next == nil || *x.Next != (nextReward{Points: 1000, Costs: 500, Needed: 440}) || x.Lines[1].Round != 500 {
		t.Errorf("%+v, %+v", x.Next, x.Lines)
	}
}
