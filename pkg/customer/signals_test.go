package customer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

func bought(n int, id string, products ...string) events.Event {
	o := events.Order{ID: id}
	for _, p := range products {
		o.Items = append(o.Items, events.Item{ProductID: p, Quantity: 2})
	}
	return at(n, id, &events.OrderPlaced{Customer: ann, Order: o})
}

func named(id string, quantity int, products ...string) events.OrderChange {
	c := events.OrderChange{ID: id}
	for _, p := range products {
		c.Items = append(c.Items, events.ChangedItem{ProductID: p, Quantity: quantity})
	}
	return c
}

func arrived(n int, quantity int, products ...string) events.Event {
	return at(n, fmt.Sprint("arrived", n), &events.OrderDelivered{Customer: ann, Order: named("o1", quantity, products...)})
}

func TestWhatAnEventOfAnOrderConcerns(t *testing.T) {
	for _, c := range []struct {
		name  string
		event events.Event
		kind  customer.Kind
		want  bool
	}{
		{"one piece", refunded(2, "r", "tea"), customer.Refunded, true},
		{"all of it", arrived(2, 0, "tea"), customer.Delivered, true},
		{"the whole order", arrived(2, 0), customer.Delivered, true},
		{"another product", arrived(2, 1, "cup"), customer.Delivered, false},
		{"another kind", arrived(2, 1, "tea"), customer.Fulfilled, false},
		{"another order", at(2, "d", &events.OrderDelivered{Customer: ann, Order: named("o2", 0)}), customer.Delivered, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := fold([]events.Event{c.event})
			if got := who.Concerned("o1", "tea", c.kind); got != c.want {
				t.Errorf("concerned: %v", got)
			}
		})
	}
}

func TestReached(t *testing.T) {
	order := bought(1, "o1", "tea", "cup")
	for _, c := range []struct {
		name   string
		events []events.Event
		last   int // 0: never
		all    bool
	}{
		{"nothing arrived", []events.Event{order}, 0, false},
		{"the whole order", []events.Event{order, arrived(5, 0)}, 5, true},
		{"one product of two", []events.Event{order, arrived(5, 2, "tea")}, 5, false},
		{"one after the other", []events.Event{order, arrived(5, 2, "tea"), arrived(7, 2, "cup")}, 7, true},
		{"the first piece of a product stands for it", []events.Event{order, arrived(5, 1, "cup", "tea")}, 5, true},
		{"the rest is refunded", []events.Event{order, arrived(5, 2, "tea"), at(6, "r", &events.OrderRefunded{Customer: ann, Order: named("o1", 0, "cup")})}, 5, true},
		{"the rest is refunded in part", []events.Event{order, arrived(5, 2, "tea"), refunded(6, "r", "cup")}, 5, false},
		{"the rest is cancelled", []events.Event{order, arrived(5, 2, "tea"), at(6, "c", &events.OrderCancelled{Customer: ann, Order: named("o1", 2, "cup")})}, 5, true},
		{"lines nobody knows", []events.Event{arrived(5, 2, "tea")}, 5, true},
		{"another order", []events.Event{bought(1, "o2", "tea"), order, at(5, "d", &events.OrderDelivered{Customer: ann, Order: named("o2", 0)})}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := fold(c.events)
			last, all := who.Reached("o1", customer.Delivered)
			var want time.Time
			if c.last != 0 {
				want = instant(c.last)
			}
			if !last.Equal(want) || all != c.all {
				t.Errorf("last %v, all %v; want %v, %v", last, all, want, c.all)
			}
		})
	}
}

func TestStandingOrdersAreOldestFirst(t *testing.T) {
	who := fold([]events.Event{
		bought(3, "o3"), bought(1, "o1"), bought(2, "b"), bought(2, "a"), bought(4, "o4"), bought(5, "o5"), cancelled(6, "o4"),
		at(7, "r", &events.OrderRefunded{Customer: ann, Order: named("o5", 0)}), refunded(8, "s", "tea"),
	})
	var got []string
	for _, o := range who.Standing() {
		got = append(got, o.ID)
	}
	if !slices.Equal(got, []string{"o1", "a", "b", "o3"}) {
		t.Errorf("standing: %v", got)
	}
}
