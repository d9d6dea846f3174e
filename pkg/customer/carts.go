package customer

import (
	"cmp"
	"slices"
	"time"

	"homing/events"
)

// cartOf returns what is kept of a cart.
func cartOf(k *events.Cart) Cart {
	ls := lines(k.Items, MaxCartLines)
	for i, l := range ls { // the rest matters once it is bought
		ls[i] = Line{Product: l.Product, Quantity: l.Quantity}
	}
	return Cart{ID: k.ID, Lines: ls}
}

func (k Cart) compare(o Cart) int {
	return cmp.Or(cmp.Compare(k.ID, o.ID), compareLines(k.Lines, o.Lines))
}

// Quantity returns how many pieces of a product are in the cart.
func (k Cart) Quantity(product string) int {
	n := 0
	for _, l := range k.Lines {
		if l.Product == product {
			n += l.Quantity
		}
	}
	return n
}

// Regrown reports whether something was put into the current cart since it was
// last left: a product, or more of one. A cart that only shrank, or changed its
// prices, is as it was left; one that is not the one that was left has.
func (c *Customer) Regrown() bool {
	if !c.Left.said() || !c.Cart.Stamp.After(c.Left.Stamp) {
		return false
	}
	now, left := c.Cart.Value, c.Left.Value
	return now.ID != left.ID || slices.ContainsFunc(now.Lines, func(l Line) bool {
		return now.Quantity(l.Product) > left.Quantity(l.Product)
	})
}

// NotedAfter returns when something was noted after a time, oldest first.
func (c *Customer) NotedAfter(k NoteKind, id string, after time.Time) []time.Time {
	var out []time.Time
	for _, n := range c.Noted(k, id) {
		if n.At > after.UnixMilli() {
			out = append(out, n.Time())
		}
	}
	slices.Reverse(out)
	return out
}
