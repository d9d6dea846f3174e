package product_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
)

// What a customer adds is the same, whether it was looked up this night or some nights ago.
func TestAPartIsAddedAgainOnLaterNights(t *testing.T) {
	began := time.Date(2025, 3, 1, 10, 20, 30, 0, time.UTC)
	var c customer.Customer
	for i, days := range []int{0, 12, 13, 40} {
		at := began.AddDate(0, 0, days)
		customer.Apply(&c, events.Event{ID: string(rune('a' + i)), Source: "/s", Type: events.TypeOrderPlaced, Store: "main", Time: at, Data: &events.OrderPlaced{
			Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: string(rune('a' + i)),
				Items: []events.Item{{ProductID: "tea", Name: "Tea", Quantity: 2}, {ProductID: string(rune('p' + i%2)), Name: "P", Quantity: 1}}}}})
	}
	night := time.Date(2025, 4, 20, 3, 7, 0, 0, time.UTC)
	bob := c
	bob.ID.Value = "bob"
	parts := product.NewParts(night)
	part := product.PartOf(&c, product.HabitsOf(&c), night)
	for _, later := range []time.Duration{0, 23 * time.Hour, 90 * 24 * time.Hour} {
		at := night.Add(later)
		if !part.Lasts() || !parts.Later(at) {
			t.Fatalf("%v later: nothing is known any more", later)
		}
		other := product.PartOf(&bob, product.HabitsOf(&bob), at)
		parts.Put(part)
		parts.Put(other)
		parts.Take(other)
		looked, known := product.NewCollector(at, nil), product.NewCollector(at, nil)
		looked.Add(&c)
		known.AddParts(parts)
		known.Live(part)
		want, got := looked.Snapshot(), known.Snapshot()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%v later (-looked up +known):\n%s", later, d)
		}
		if want.Products["tea"].Buyers != 1 || want.Products["tea"].Sums.Exposure == 0 {
			t.Errorf("the test has nothing to compare: %+v", want.Products)
		}
		parts.Take(part)
	}
	if parts.Later(night.Add(90*24*time.Hour + time.Minute)) {
		t.Error("exposure is counted in whole hours, and moved by a minute")
	}
	if product.PartOf(&c, product.HabitsOf(&c), began.Add(-time.Hour)).Lasts() {
		t.Error("what is still to be bought is known for good")
	}
}
