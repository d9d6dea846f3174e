package shopify_test

import (
	"reflect"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/shop/shopify"
	"homing/pkg/shop/shoptest"
)

// folded is the one order that there is after some events.
func folded(t *testing.T, es []events.Event) customer.Order {
	t.Helper()
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	if len(c.Orders) != 1 {
		t.Fatalf("%d orders", len(c.Orders))
	}
	return c.Orders[0]
}

// Whatever Shopify says about an order, in whichever sequence and however often, is one
// order in one state.
func TestWhatIsSaidAboutAnOrderIsOneOrder(t *testing.T) {
	names := []string{"orders+create", "orders+paid", "orders+updated", "orders+partially_fulfilled", "orders+updated,refunded-partly", "orders+updated,delivered", "fulfillments+update"}
	said := shoptest.Said(t, store, shopify.Read, names...)
	var first *customer.Order
	shoptest.Sequences(said, func(es []events.Event) {
		o := folded(t, es)
		if first == nil {
			first = &o
		}
		if !reflect.DeepEqual(o, *first) {
			t.Fatalf("another sequence is another order:\n%+v\n%+v", o, *first)
		}
	})
	tea, assam := first.Purchase("632910392"), first.Purchase("788032119")
	placed := time.Date(2026, 3, 2, 14, 15, 1, 0, time.UTC)
	if !first.PlacedAt().Equal(placed) || !first.WasPlaced() || first.Whole(customer.Refunded) || first.Whole(customer.Cancelled) {
		t.Errorf("%+v", first)
	}
	if tea.Gone != customer.Refunded || tea.Quantity != 0 { // one piece was paid back, and then the other
		t.Errorf("of the tea is left: %+v", tea)
	}
	if assam.Quantity != 1 || assam.Gone != 0 || assam.Delivered.IsZero() || !assam.Left {
		t.Errorf("the Assam: %+v", assam)
	}
	for name, kind := range map[string]customer.Kind{"orders+updated,refunded": customer.Refunded, "orders+cancelled": customer.Cancelled} {
		shoptest.Sequences(append(said, shoptest.Said(t, store, shopify.Read, name)...), func(es []events.Event) {
			if o := folded(t, es); !o.Whole(kind) {
				t.Fatalf("%s: the order stands", name)
			}
		})
	}
}
