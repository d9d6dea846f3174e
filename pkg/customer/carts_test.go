package customer_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

func TestWhetherACartHasGrownSinceItWasLeft(t *testing.T) {
	cart := func(id string, what ...string) events.Cart {
		k := events.Cart{ID: id}
		for _, p := range what {
			k.Items = append(k.Items, events.Item{ProductID: p, Quantity: 1})
		}
		return k
	}
	left := func(at int, k events.Cart) events.Event {
		return event(at, &events.CartAbandoned{Customer: events.Customer{ID: "ann"}, Cart: k})
	}
	now := func(at int, k events.Cart) events.Event {
		return event(at, &events.CartUpdated{Customer: events.Customer{ID: "ann"}, Cart: k})
	}
	for _, c := range []struct {
		name string
		told []events.Event
		want bool
	}{
		{"never left", []events.Event{now(1, cart("k", "tea"))}, false},
		{"left", []events.Event{left(1, cart("k", "tea"))}, false},
		{"grown before it was left", []events.Event{now(1, cart("k", "tea", "pot")), left(2, cart("k", "tea"))}, false},
		{"told the same", []events.Event{left(1, cart("k", "tea")), now(2, cart("k", "tea"))}, false},
		{"another product", []events.Event{left(1, cart("k", "tea")), now(2, cart("k", "tea", "pot"))}, true},
		{"one for another", []events.Event{left(1, cart("k", "tea")), now(2, cart("k", "pot"))}, true},
		{"one more, on a line of its own", []events.Event{left(1, cart("k", "tea")), now(2, cart("k", "tea", "tea"))}, true},
		{"fewer", []events.Event{left(1, cart("k", "tea", "pot")), now(2, cart("k", "pot"))}, false},
		{"left again as it is now", []events.Event{left(1, cart("k", "tea")), now(2, cart("k", "tea", "pot")), left(3, cart("k", "tea", "pot"))}, false},
		{"another cart", []events.Event{left(1, cart("k", "tea")), now(2, cart("l", "tea"))}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			forth, back := fold(c.told), customer.Customer{}
			for i := range c.told {
				customer.Apply(&back, c.told[len(c.told)-1-i])
			}
			if forth.Regrown() != c.want || back.Regrown() != c.want {
				t.Errorf("%v, and told backwards %v; want %v", forth.Regrown(), back.Regrown(), c.want)
			}
		})
	}
}

func event(at int, d events.Data) events.Event {
	return events.Event{ID: "c" + string(rune('a'+at)), Source: "/shop", Store: "main", Type: d.Type(), Time: instant(at), Data: d}
}

func TestNotesAfterATimeComeOldestFirst(t *testing.T) {
	c := fold([]events.Event{
		event(5, &events.CartAbandoned{Customer: events.Customer{ID: "ann"}, Cart: events.Cart{ID: "k"}}), event(1, &events.CartAbandoned{Customer: events.Customer{ID: "ann"}, Cart: events.Cart{ID: "k"}}),
		event(3, &events.CartAbandoned{Customer: events.Customer{ID: "ann"}, Cart: events.Cart{ID: "k"}}),
	})
	for after, want := range map[int][]time.Time{0: {instant(1), instant(3), instant(5)}, 1: {instant(3), instant(5)}, 5: nil} {
		got := c.NotedAfter(customer.Abandoned, "k", instant(after))
		if len(got) != len(want) {
			t.Fatalf("after %d: %v, want %v", after, got, want)
		}
		for i := range got {
			if !got[i].Equal(want[i]) {
				t.Errorf("after %d: %v, want %v", after, got, want)
			}
		}
	}
	if n := len(c.NotedAfter(customer.Abandoned, "k", time.Time{})); n != 3 {
		t.Errorf("%d notes in all, want 3", n)
	}
}

func TestTheLastOrderAndWhatItHolds(t *testing.T) {
	var none customer.Customer
	if _, ok := none.LastPlaced(); ok {
		t.Error("an order of nobody")
	}
	items := []events.Item{{ProductID: "tea", Quantity: 1}, {ProductID: "pot", Quantity: 2}}
	c := fold([]events.Event{
		event(1, &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "1001"}}),
		event(2, &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "1002", Items: items}}),
		event(3, &events.OrderCancelled{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "1002"}}),
	})
	o, ok := c.LastPlaced()
	if !ok || o.ID != "1002" {
		t.Fatalf("%+v, want the cancelled order too", o)
	}
	for _, k := range []struct {
		products []string
		want     bool
	}{{[]string{"tea"}, true}, {[]string{"pot", "tea"}, true}, {[]string{"tea", "mug"}, false}, {nil, false}} {
		if o.Holds(k.products) != k.want {
			t.Errorf("holds %v: %v", k.products, !k.want)
		}
	}
}
