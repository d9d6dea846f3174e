package customer

import (
	"cmp"
	"slices"
	"time"
)

// Purchase is what one order brought the customer of one product, as far as it was not undone.
type Purchase struct {
	Order     string
	Product   string
	Placed    time.Time
	Delivered time.Time // the first delivery that brought some of it; zero: not known
	Quantity  int       // pieces of all lines, less what was cancelled or came back
	Supply    float64   // days one piece lasts, as the order said; 0: it did not say
	Gone      Kind      // Cancelled or Refunded if nothing of it is left, else 0
}

// Clock returns from when on the customer has what they bought, as far as is
// known: the delivery, or else the order.
func (p Purchase) Clock() time.Time {
	if p.Delivered.After(p.Placed) {
		return p.Delivered
	}
	return p.Placed
}

// PurchasesOf returns what the customer bought of a product and kept, newest
// first, as far as the details of orders are kept.
func (c *Customer) PurchasesOf(product string) []Purchase {
	var out []Purchase
	for _, o := range c.Orders {
		if o.Kind != Placed || !o.has(product) {
			continue
		}
		if p := c.purchase(o, product); p.Gone == 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Purchase) int {
		return cmp.Or(b.Placed.Compare(a.Placed), cmp.Compare(b.Order, a.Order))
	})
	return out
}

// Purchase returns what an order brought of a product, also if all of it is gone
// again, and whether the order is known to have brought any.
func (c *Customer) Purchase(order, product string) (Purchase, bool) {
	o, ok := c.OrderEvent(order, Placed)
	if !ok || !o.has(product) {
		return Purchase{}, false
	}
	return c.purchase(o, product), true
}

// Bought lists the products of the orders that are kept in detail, sorted.
func (c *Customer) Bought() []string {
	var out []string
	for _, o := range c.Orders {
		if o.Kind == Placed {
			out = append(out, o.Products()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Products lists the products of the event's lines, sorted.
func (n OrderEvent) Products() []string {
	out := make([]string, len(n.Lines))
	for i, l := range n.Lines {
		out[i] = l.Product
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (n OrderEvent) has(product string) bool {
	return slices.ContainsFunc(n.Lines, func(l Line) bool { return l.Product == product })
}

func (c *Customer) purchase(o OrderEvent, product string) Purchase {
	p := Purchase{Order: o.Order, Product: product, Placed: o.Stamp.Time()}
	saying, days := 0, 0 // pieces of which the order says how long they last
	for _, l := range o.Lines {
		if l.Product != product {
			continue
		}
		p.Quantity += l.Quantity
		if l.Supply > 0 {
			saying, days = saying+l.Quantity, days+l.Quantity*l.Supply
		}
	}
	if saying > 0 {
		p.Supply = float64(days) / float64(saying)
	}
	p.Delivered = c.delivered(o.Order, product)
	cancelled, refunded := c.taken(o.Order, product, Cancelled, p.Quantity), c.taken(o.Order, product, Refunded, p.Quantity)
	// What is cancelled is often refunded as well: the same pieces, told twice.
	switch p.Quantity -= max(cancelled, refunded); {
	case p.Quantity > 0:
	case cancelled >= refunded:
		p.Gone = Cancelled
	default:
		p.Gone = Refunded
	}
	return p
}

// taken returns how many of so many pieces of a product events of a kind named:
// all, if one of them meant the whole order, or all of the product.
func (c *Customer) taken(order, product string, k Kind, of int) int {
	if c.Whole(order, k) {
		return of
	}
	n := 0
	for _, o := range c.Orders {
		if o.Order != order || o.Kind != k {
			continue
		}
		for _, l := range o.Lines {
			switch {
			case l.Product != product:
			case l.Quantity == 0:
				return of
			default:
				n += l.Quantity
			}
		}
	}
	return min(n, of)
}

// delivered returns the first delivery that brought some of the product: from
// then on it is used up.
func (c *Customer) delivered(order, product string) time.Time {
	var first time.Time
	for _, o := range c.Orders {
		if o.Order != order || o.Kind != Delivered || len(o.Lines) > 0 && !o.has(product) {
			continue
		}
		if at := o.Stamp.Time(); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}
