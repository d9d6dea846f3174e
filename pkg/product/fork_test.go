package product_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/segment"
)

// some are customers who buy a few products again and again.
func some(n int, began time.Time) []*customer.Customer {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]*customer.Customer, n)
	for i := range out {
		var c customer.Customer
		at := began.AddDate(0, 0, r.IntN(300))
		for j := range 1 + r.IntN(6) {
			o := events.Order{ID: fmt.Sprint("o", i, "-", j), Total: events.Money{Minor: int64(100 + r.IntN(900)), Currency: "EUR"}}
			for range 1 + r.IntN(3) {
				o.Items = append(o.Items, events.Item{ProductID: fmt.Sprint("p", r.IntN(8)), Name: "P", Quantity: 1 + r.IntN(4)})
			}
			customer.Apply(&c, events.Event{ID: o.ID, Source: "/s", Type: events.TypeOrderPlaced, Store: "main", Time: at, Data: &events.OrderPlaced{
				Customer: events.Customer{ID: fmt.Sprint("c", i), Country: []string{"DE", "FR"}[r.IntN(2)]}, Order: o}})
			at = at.Add(time.Duration(10+r.IntN(60)) * 24 * time.Hour)
		}
		out[i] = &c
	}
	return out
}

// However many count at the same time, the statistics are the same.
func TestForksCountWhatOneCollectorWould(t *testing.T) {
	began := time.Date(2024, 1, 1, 10, 0, 0, 0, time.UTC)
	night := began.AddDate(1, 0, 0)
	all := some(600, began)
	set := segment.NewSet(nil)
	first := product.NewCollector(night.AddDate(0, 0, -1), nil)
	for _, c := range all {
		first.Add(c)
	}
	before := first.Snapshot()
	count := func(forks int) *product.Snapshot {
		k := product.NewCollector(night, before)
		k.Segment(set, nil)
		said := events.Event{ID: "said", Type: events.TypeProductUpdated, Store: "main", Time: began, Data: &events.ProductUpdated{
			Product: events.Product{ID: "p1", Name: "P", Category: "tea"}}}
		k.Hear(said)
		if forks == 0 {
			for _, c := range all {
				k.Add(c)
			}
		}
		for f := range forks {
			fork := k.Fork()
			for i, c := range all {
				if i%forks == f {
					fork.Add(c)
				}
			}
			k.Join(fork)
		}
		s := k.Snapshot()
		k.Worth(s)
		k.Segments(s)
		return s
	}
	want := count(0)
	if want.LearnedAt != night || want.Lapse.People == 0 || want.Worth.R == 0 || want.Segments.Counts == nil {
		t.Fatalf("the test has nothing to compare: learned %v, lapse %+v, worth %+v, segments %+v", want.LearnedAt, want.Lapse, want.Worth, want.Segments)
	}
	for _, forks := range []int{1, 3, 7} {
		if d := cmp.Diff(want, count(forks)); d != "" {
			t.Errorf("%d forks (-one +forks):\n%s", forks, d)
		}
	}
}
