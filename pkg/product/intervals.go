package product

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// Habits are what a customer bought and kept.
type Habits struct {
	Pairs map[string]foresight.Pair // by product

	sums   foresight.Sums // over all products, but for the exposure
	firsts []time.Time    // when each was first bought
}

// HabitsOf returns the customer's, as far as the details of their orders are kept.
func HabitsOf(c *customer.Customer) Habits {
	buys := map[string][]foresight.Buy{}
	for k := range c.Kept() {
		buys[k.Product] = append(buys[k.Product], foresight.Buy{At: k.At, Pieces: k.Pieces})
	}
	h := Habits{Pairs: make(map[string]foresight.Pair, len(buys)), firsts: make([]time.Time, 0, len(buys))}
	for id, bs := range buys {
		slices.SortFunc(bs, func(a, b foresight.Buy) int { return a.At.Compare(b.At) })
		p := foresight.PairOf(bs)
		h.Pairs[id], h.sums, h.firsts = p, h.sums.Plus(p.Sums(p.First())), append(h.firsts, p.First())
	}
	return h
}

// Sums are over all products, at a time.
func (h Habits) Sums(at time.Time) foresight.Sums {
	s := h.sums
	for _, first := range h.firsts {
		s.Exposure += foresight.Exposure(first, at)
	}
	return s
}
