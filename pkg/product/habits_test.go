package product_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/product"
)

// Habits that were kept up with what happened are those that are looked at anew.
func TestHabitsThatHoldAreThoseOfTheCustomer(t *testing.T) {
	kept := 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		var c customer.Customer
		h := product.HabitsOf(&c)
		began, at := time.Date(2024, 1, 1, 10, 0, 0, 0, time.UTC), time.Duration(0)
		orders := 0
		for n := range 60 {
			at += time.Duration(1+r.IntN(200)) * time.Hour
			e := events.Event{ID: fmt.Sprint("e", n), Source: "/s", Store: "main", Time: began.Add(at)}
			who := events.Customer{ID: "ann"}
			some := events.OrderChange{ID: fmt.Sprint("o", r.IntN(orders+1))}
			if r.IntN(2) == 0 {
				some.Items = []events.ChangedItem{{ProductID: fmt.Sprint("p", r.IntN(6)), Quantity: 1}}
			}
			switch r.IntN(8) {
			case 0:
				e.Data = &events.OrderFulfilled{Customer: who, Order: some}
			case 1:
				e.Data = &events.OrderDelivered{Customer: who, Order: some}
			case 2:
				e.Data = &events.OrderCancelled{Customer: who, Order: some}
			case 3:
				e.Data = &events.CustomerUnsubscribed{Customer: who}
			default:
				o := events.Order{ID: fmt.Sprint("o", orders), Total: events.Money{Minor: 100, Currency: "EUR"}}
				if orders++; r.IntN(10) == 0 {
					e.Time = began.Add(at / 2) // it is told late
				}
				for range 1 + r.IntN(4) {
					o.Items = append(o.Items, events.Item{ProductID: fmt.Sprint("p", r.IntN(6)), Name: "P", Quantity: 1 + r.IntN(3)})
				}
				e.Data = &events.OrderPlaced{Customer: who, Order: o}
			}
			e.Type = e.Data.Type()
			customer.Apply(&c, e)
			if h.Hold(&e, &c) {
				kept++
			} else {
				h = product.HabitsOf(&c)
			}
			anew := product.HabitsOf(&c)
			if h.Sums(e.Time) != anew.Sums(e.Time) {
				t.Fatalf("seed %d, after %s: %+v, want %+v", seed, e.Type, h.Sums(e.Time), anew.Sums(e.Time))
			}
			if d := cmp.Diff(maps.Collect(anew.Pairs()), maps.Collect(h.Pairs()), cmpopts.IgnoreUnexported(foresight.Interval{})); d != "" {
				t.Fatalf("seed %d, after %s: -anew +kept\n%s", seed, e.Type, d)
			}
			for _, id := range anew.Products() {
				want, bought := anew.Newest(id)
				got, kept := h.Newest(id)
				if d := cmp.Diff(want, got); d != "" || bought != kept {
					t.Fatalf("seed %d, after %s, %s: -anew +kept\n%s", seed, e.Type, id, d)
				}
			}
		}
	}
	if kept < 1500 {
		t.Errorf("%d times of 2,400 they held", kept)
	}
}
