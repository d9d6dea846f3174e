package product

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// Habits are what a customer bought and kept, by product.
type Habits map[string]foresight.Pair

// HabitsOf returns the customer's, as far as the details of their orders are kept.
func HabitsOf(c *customer.Customer) Habits {
	buys := map[string][]foresight.Buy{}
	for k := range c.Kept() {
		buys[k.Product] = append(buys[k.Product], foresight.Buy{At: k.At, Pieces: k.Pieces})
	}
	out := make(Habits, len(buys))
	for id, bs := range buys {
		slices.SortFunc(bs, func(a, b foresight.Buy) int { return a.At.Compare(b.At) })
		out[id] = foresight.PairOf(bs)
	}
	return out
}

// Sums are over all products, at a time.
func (h Habits) Sums(at time.Time) foresight.Sums {
	var s foresight.Sums
	for _, p := range h {
		s = s.Plus(p.Sums(at))
	}
	return s
}
