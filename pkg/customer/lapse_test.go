package customer_test

import (
	"fmt"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// rhythm is a customer who placed an order on each of some days of a count; those
// below zero were cancelled.
func rhythm(days ...int) *customer.Customer {
	var c customer.Customer
	start := time.Date(2025, 1, 1, 10, 30, 0, 0, time.UTC)
	for i, d := range days {
		at, id := start.AddDate(0, 0, max(d, -d)), fmt.Sprint("o", i)
		customer.Apply(&c, events.Event{ID: id, Source: "/shop", Store: "main", Type: events.TypeOrderPlaced, Time: at,
			Data: &events.OrderPlaced{Customer: ann, Order: events.Order{ID: id}}})
		if d < 0 {
			customer.Apply(&c, events.Event{ID: "c" + id, Source: "/shop", Store: "main", Type: events.TypeOrderCancelled, Time: at.Add(time.Hour),
				Data: &events.OrderCancelled{Customer: ann, Order: events.OrderChange{ID: id}}})
		}
	}
	return &c
}

func TestOneLapseAnEpisode(t *testing.T) {
	k := rhythm(1, 30)
	lapse := func(at time.Time) {
		customer.Apply(k, events.Event{ID: at.String(), Source: "/x", Type: events.TypeCustomerLapsed, Time: at, Data: &events.CustomerLapsed{Customer: ann}})
	}
	if k.LapsedSince() || k.LastOrder() != "o1" {
		t.Errorf("lapsed: %v, last order %s", k.LapsedSince(), k.LastOrder())
	}
	lapse(k.LastOrderAt().AddDate(0, 0, -5))
	if k.LapsedSince() {
		t.Error("a lapse before the last order counts")
	}
	lapse(k.LastOrderAt().AddDate(0, 0, 200))
	if !k.LapsedSince() {
		t.Error("a lapse after the last order does not count")
	}
}

// A list of who lapsed may be older than the latest order.
func TestALapseThatTheOrdersDisproveIsNone(t *testing.T) {
	type lapse struct{ on, last int } // days of the count; last 0: it isn't said
	for _, c := range []struct {
		name  string
		days  []int
		lapse lapse
		want  bool
	}{
		{"as the orders have it", []int{1, 30}, lapse{230, 30}, true},
		{"it doesn't say since when", []int{1, 30}, lapse{230, 0}, true},
		{"drawn before the last order", []int{1, 230}, lapse{231, 1}, false},
		{"it knows of an order more than we do", []int{1}, lapse{230, 30}, true},
		{"the day alone, by another clock", []int{30}, lapse{230, 29}, true},
		{"the later order was cancelled", []int{1, -230}, lapse{231, 1}, true},
		{"the later order came after it", []int{1, 240}, lapse{231, 1}, false},
		{"it doesn't say since when, days after an order", []int{1, 230}, lapse{234, 0}, false},
		{"it doesn't say since when, weeks after an order", []int{1, 230}, lapse{244, 0}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := rhythm(0).LastOrderAt()
			at := start.AddDate(0, 0, c.lapse.on)
			d := &events.CustomerLapsed{Customer: ann}
			if c.lapse.last != 0 {
				last := start.AddDate(0, 0, c.lapse.last)
				d.LastOrderAt = &last
			}
			e := events.Event{ID: "l", Source: "/shop", Store: "main", Type: d.Type(), Time: at, Data: d}
			k := rhythm(c.days...)
			customer.Apply(k, e)
			var first customer.Customer
			customer.Apply(&first, e)
			customer.Join(&first, *rhythm(c.days...))
			later := k.LastOrderAt().After(at)
			for _, k := range []*customer.Customer{k, &first} {
				if got := k.LapsedSince(); got != c.want {
					t.Errorf("lapsed: %v, want %v", got, c.want)
				}
				if got := len(k.Lapses(start)) == 1; got != (c.want || later) {
					t.Errorf("lapses: %v", k.Lapses(start))
				}
			}
		})
	}
}

func TestAPlaceCountsOrdersThatWereNotCancelled(t *testing.T) {
	for _, c := range []struct {
		name   string
		days   []int
		last   int // days from the first
		orders int
	}{
		{"one", []int{7}, 7, 1},
		{"three", []int{1, 101, 201}, 201, 3},
		{"what was cancelled is no order", []int{1, 101, -150, 201}, 201, 3},
		{"nor is it the last one", []int{1, 101, 201, -290}, 201, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := rhythm(c.days...)
			want := customer.Place{Last: k.LastOrderAt().Unix() / 3600, Orders: c.orders}
			if got := customer.PlaceOf(k); got != want || !k.LastOrderAt().Equal(time.Date(2025, 1, 1, 10, 30, 0, 0, time.UTC).AddDate(0, 0, c.last)) {
				t.Errorf("%+v, want %+v", got, want)
			}
			if n := len(k.OrderTimes()); n != c.orders {
				t.Errorf("%d times, want %d", n, c.orders)
			}
		})
	}
	var days []int
	for d := range 2 * customer.MaxPlaceOrders {
		days = append(days, d+1)
	}
	if p := customer.PlaceOf(rhythm(days...)); p.Orders != customer.MaxPlaceOrders {
		t.Errorf("%d orders", p.Orders)
	}
	if p := customer.PlaceOf(&customer.Customer{}); p != (customer.Place{}) {
		t.Errorf("who never ordered is at %+v", p)
	}
}

func TestPlacesOfBirthdays(t *testing.T) {
	for s, want := range map[string]int{"1990-01-01": 1, "--02-28": 59, "--02-29": 60, "1992-02-29": 60, "1991-03-01": 61,
		"--12-31": 366, "": 0, "--13-01": 0, "02-29": 0, "1990-02-30": 0} {
		var k customer.Customer
		k.Birthday.Value = s
		if got := customer.PlaceOf(&k).Birthday; got != want {
			t.Errorf("%q is day %d, want %d", s, got, want)
		}
	}
	k := rhythm(1)
	k.Birthday.Value = "1990-01-01"
	for name, leave := range map[string]func(){
		"erased": func() { k.Merged, k.ID, k.Erased = customer.Text{}, customer.Text{}, customer.Stamp{At: 1} },
	} {
		if customer.PlaceOf(k) == (customer.Place{}) {
			t.Error("one who is there has no place")
		}
		leave()
		if p := customer.PlaceOf(k); p != (customer.Place{}) {
			t.Errorf("a customer who was %s is at %+v", name, p)
		}
		k.Merged, k.ID.Value, k.Erased = customer.Text{}, "ann", customer.Stamp{}
	}
	before := customer.PlaceOf(k)
	if k.Merged.Value = "bob"; customer.PlaceOf(k) != before {
		t.Error("what is known under an id that was merged has no place any more: the person would be missed")
	}
}
