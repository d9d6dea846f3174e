package customer

import (
	"slices"
	"time"
)

// Concerned reports whether an event of a kind was about a product of an order:
// it named some of it, or meant the whole order.
func (c *Customer) Concerned(order, product string, k Kind) bool {
	return c.taken(order, product, k, 1) > 0
}

// Reached returns when something of an order was last fulfilled or delivered,
// the zero time if never, and whether nothing is left to wait for: every product
// of which the customer is to keep something was named. Of a product that comes
// in several parcels the first counts as that product's. Where the lines of the
// order are not known any more, there is nothing to wait for either.
func (c *Customer) Reached(order string, k Kind) (last time.Time, all bool) {
	e, ok := c.OrderEvent(order, k)
	if !ok {
		return time.Time{}, false
	}
	placed, _ := c.OrderEvent(order, Placed)
	for _, p := range placed.Products() {
		if !c.Concerned(order, p, k) && c.purchase(placed, p).Gone == 0 {
			return e.Stamp.Time(), false
		}
	}
	return e.Stamp.Time(), true
}

// Standing returns the orders that were placed and neither cancelled nor
// refunded as a whole, oldest first, those of one instant by id.
func (c *Customer) Standing() []OrderEvent {
	var out []OrderEvent
	for _, o := range c.Orders {
		if o.Kind == Placed && !c.Whole(o.Order, Cancelled) && !c.Whole(o.Order, Refunded) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, asPlaced)
	return out
}
