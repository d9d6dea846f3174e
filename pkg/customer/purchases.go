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
	Placed    time.Time // since when the order stands
	Sent      time.Time // when the first of it left the shop; zero: not known
	Delivered time.Time // the first delivery that brought some of it; zero: not known
	Left      bool      // some of it has left the shop, as far as is known; see Order.Left
	Quantity  int       // pieces of all lines, less what was cancelled or came back
	Supply    float64   // days one piece lasts, as the order said; 0: it did not say
	// Subscription says that it comes again by itself, Unreviewable that nobody is to be
	// asked for a review of it.
	Subscription, Unreviewable bool

	Gone Kind // Cancelled, Refunded or Returned if nothing of it is left, else 0
}

// Clock returns from when on the customer has what they bought, as far as is
// known: the delivery, or else when it left, or else the order.
func (p Purchase) Clock() time.Time {
	switch {
	case p.Delivered.After(p.Placed):
		return p.Delivered
	case p.Delivered.IsZero() && p.Sent.After(p.Placed):
		return p.Sent
	}
	return p.Placed
}

// PurchasesOf returns what the customer bought of a product and kept, newest
// first, as far as the details of orders are kept.
func (c *Customer) PurchasesOf(product string) []Purchase {
	var out []Purchase
	for o := range c.Placed() {
		if !o.Has(product) {
			continue
		}
		if p := o.Purchase(product); p.Gone == 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, newestPurchaseFirst)
	return out
}

func newestPurchaseFirst(a, b Purchase) int {
	return cmp.Or(b.Placed.Compare(a.Placed), cmp.Compare(b.Order, a.Order))
}

// Purchase returns what an order brought of a product, also if all of it is gone
// again, and whether the order is known to have brought any.
func (c *Customer) Purchase(order, product string) (Purchase, bool) {
	o, ok := c.Order(order)
	if !ok || o.Test || !o.Has(product) {
		return Purchase{}, false
	}
	return o.Purchase(product), true
}

// Purchase returns what the order brought of a product.
func (o *Order) Purchase(product string) Purchase {
	p := Purchase{Order: o.ID, Product: product, Placed: o.Since(), Left: o.Left(product),
		Sent: o.first(Fulfilled, product), Delivered: o.first(Delivered, product)}
	p.Unreviewable = true
	saying, days := 0, 0 // pieces of which the order says how long they last
	for _, l := range o.Lines {
		if l.Product != product {
			continue
		}
		p.Quantity += l.Quantity
		p.Subscription, p.Unreviewable = p.Subscription || l.Subscription, p.Unreviewable && l.Unreviewable
		if l.Supply > 0 {
			saying, days = saying+l.Quantity, days+l.Quantity*int(l.Supply)
		}
	}
	if saying > 0 {
		p.Supply = float64(days) / float64(saying)
	}
	n, by := o.take(o.parts(), product)
	if p.Quantity -= n; p.Quantity <= 0 {
		p.Gone = by
	}
	return p
}

// first returns the first fulfilment or delivery that had some of the product: from
// a delivery on it is used up.
func (o *Order) first(k Kind, product string) time.Time {
	var first time.Time
	for _, p := range o.Parcels {
		if p.Kind != k || p.Product != "" && p.Product != product {
			continue
		}
		if at := time.UnixMilli(p.First).UTC(); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// Gone returns how all that the order brought of a product was taken again; 0 if something
// of it is left. It is what Purchase says, for less.
func (o *Order) Gone(product string) Kind {
	if n, by := o.take(o.parts(), product); n >= o.quantity(product) {
		return by
	}
	return 0
}
