package customer_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

var ordered = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

func ordering(order string, after time.Duration, items ...events.Item) events.Event {
	return told("placed "+order, after, &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: order, Items: items}})
}

func told(id string, after time.Duration, d events.Data) events.Event {
	return events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Time: ordered.Add(after), Data: d}
}

func about(order string, items ...events.ChangedItem) events.OrderChange {
	return events.OrderChange{ID: order, Items: items}
}

func folded(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func TestAPurchaseIsWhatStandsOfTheOrder(t *testing.T) {
	tea := func(n, supply int) events.Item {
		return events.Item{ProductID: "tea", Name: "Tea", Quantity: n, SupplyDays: supply}
	}
	some := func(n int) events.ChangedItem { return events.ChangedItem{ProductID: "tea", Quantity: n} }
	order := ordering("1", 0, tea(3, 30))
	hour := time.Hour
	for _, c := range []struct {
		name      string
		events    []events.Event
		quantity  int
		supply    float64
		gone      customer.Kind
		delivered time.Duration // 0: not
	}{
		{"as ordered", []events.Event{order}, 3, 30, 0, 0},
		{"several lines add up", []events.Event{ordering("1", 0, tea(1, 30), tea(3, 10), events.Item{ProductID: "cup", Quantity: 9})}, 4, 15, 0, 0},
		{"a line that does not say lasts as long as those that do", []events.Event{ordering("1", 0, tea(1, 30), tea(3, 0))}, 4, 30, 0, 0},
		{"some came back", []events.Event{order, told("r", hour, &events.OrderRefunded{Order: about("1", some(1))})}, 2, 30, 0, 0},
		{"cancelled and refunded are the same pieces", []events.Event{order, told("c", hour, &events.OrderCancelled{Order: about("1", some(1))}),
			told("r", 2*hour, &events.OrderRefunded{Order: about("1", some(1))})}, 2, 30, 0, 0},
		{"all came back in two parts", []events.Event{order, told("r", hour, &events.OrderRefunded{Order: about("1", some(1))}),
			told("r2", 2*hour, &events.OrderRefunded{Order: about("1", some(2))})}, 0, 30, customer.Refunded, 0},
		{"all of the product", []events.Event{order, told("c", hour, &events.OrderCancelled{Order: about("1", some(0))})}, 0, 30, customer.Cancelled, 0},
		{"more than there was", []events.Event{order, told("r", hour, &events.OrderRefunded{Order: about("1", some(7))})}, 0, 30, customer.Refunded, 0},
		{"the whole order", []events.Event{order, told("r", hour, &events.OrderRefunded{Order: about("1")})}, 0, 30, customer.Refunded, 0},
		{"another product came back", []events.Event{order, told("r", hour, &events.OrderRefunded{Order: about("1", events.ChangedItem{ProductID: "cup"})})}, 3, 30, 0, 0},
		{"delivered", []events.Event{order, told("d", hour, &events.OrderDelivered{Order: about("1")})}, 3, 30, 0, hour},
		{"the first of two parcels", []events.Event{order, told("d", 5*hour, &events.OrderDelivered{Order: about("1", some(1))}),
			told("d2", 3*hour, &events.OrderDelivered{Order: about("1", some(2))})}, 3, 30, 0, 3 * hour},
		{"a parcel without it", []events.Event{order, told("d", hour, &events.OrderDelivered{Order: about("1", events.ChangedItem{ProductID: "cup"})})}, 3, 30, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cust := folded(c.events...)
			got, ok := cust.Purchase("1", "tea")
			want := customer.Purchase{Order: "1", Product: "tea", Placed: ordered, Left: true, Quantity: c.quantity, Supply: c.supply, Gone: c.gone}
			if c.delivered > 0 {
				want.Delivered = ordered.Add(c.delivered)
			}
			if d := cmp.Diff(want, got); d != "" || !ok {
				t.Errorf("known: %v, -want +got:\n%s", ok, d)
			}
			if n := len(cust.PurchasesOf("tea")); (n == 1) != (c.gone == 0) {
				t.Errorf("%d purchases stand", n)
			}
		})
	}
}

func TestTheClockIsTheDeliveryUnlessItCannotBe(t *testing.T) {
	for name, c := range map[string]struct{ delivered, want time.Duration }{
		"not delivered": {0, 0}, "delivered": {time.Hour, time.Hour}, "delivered before it was ordered": {-time.Hour, 0},
	} {
		p := customer.Purchase{Placed: ordered}
		if c.delivered != 0 {
			p.Delivered = ordered.Add(c.delivered)
		}
		if got := p.Clock().Sub(ordered); got != c.want {
			t.Errorf("%s: %v after the order, want %v", name, got, c.want)
		}
	}
}

// Whatever the order in which events arrive, the purchases are the same, newest first.
func TestPurchasesDoNotDependOnTheOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var es []events.Event
		for i := range rapid.IntRange(1, 6).Draw(t, "orders") {
			id := string(rune('a' + i))
			after := time.Duration(rapid.IntRange(0, 5).Draw(t, "after")) * time.Hour
			es = append(es, ordering(id, after, events.Item{ProductID: "tea", Quantity: rapid.IntRange(1, 3).Draw(t, "quantity")}))
			if rapid.Bool().Draw(t, "refunded") {
				es = append(es, told("r"+id, after+time.Hour, &events.OrderRefunded{Order: about(id)}))
			}
			if rapid.Bool().Draw(t, "delivered") {
				es = append(es, told("d"+id, after+2*time.Hour, &events.OrderDelivered{Order: about(id)}))
			}
		}
		a, b := folded(es...), folded(rapid.Permutation(es).Draw(t, "order")...)
		got := b.PurchasesOf("tea")
		if d := cmp.Diff(a.PurchasesOf("tea"), got); d != "" {
			t.Fatalf("-in order +permuted:\n%s", d)
		}
		for i := 1; i < len(got); i++ {
			if got[i].Placed.After(got[i-1].Placed) || got[i].Quantity < 1 {
				t.Fatalf("not newest first, or nothing is left: %+v", got)
			}
		}
	})
}
