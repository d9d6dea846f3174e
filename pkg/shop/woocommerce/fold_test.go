package woocommerce_test

import (
	"testing"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/shop/shoptest"
	"homing/pkg/shop/woocommerce"
)

// Whatever WooCommerce says about an order, in whichever sequence and however often, is
// one order, and of two states the later one holds.
func TestWhatIsSaidAboutAnOrderIsOneOrder(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []string
		gone     customer.Kind
	}{
		{"it leaves", []string{"order.created", "order.updated,completed"}, 0},
		{"its payment fails, and is made", []string{"order.updated,failed", "order.updated,completed"}, 0},
		{"it is cancelled", []string{"order.created", "order.updated,cancelled"}, customer.Cancelled},
		{"all of it is paid back", []string{"order.created", "order.updated,completed", "order.updated,refunded"}, customer.Refunded},
		{"it is emptied", []string{"order.created", "order.updated,emptied"}, customer.Cancelled},
	} {
		shoptest.Sequences(shoptest.Said(t, store(t), woocommerce.Read, c.messages...), func(es []events.Event) {
			var who customer.Customer
			for _, e := range es {
				customer.Apply(&who, e)
			}
			if len(who.Orders) != 1 {
				t.Fatalf("%s: %d orders", c.name, len(who.Orders))
			}
			o := who.Orders[0]
			for _, k := range []customer.Kind{customer.Cancelled, customer.Refunded} {
				if o.Whole(k) != (k == c.gone) {
					t.Fatalf("%s: %v is %v", c.name, k, o.Whole(k))
				}
			}
			if c.gone == 0 && !o.Whole(customer.Fulfilled) {
				t.Fatalf("%s: it has not left", c.name)
			}
		})
	}
}
