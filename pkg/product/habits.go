package product

import (
	"iter"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// Habits are what a customer bought and kept. They hold for as long as nothing about the
// customer's orders changes, and are for one goroutine.
type Habits struct {
	*customer.Bought
	pairs  []foresight.Pair // by the product's place; of what was not kept, none
	sums   foresight.Sums   // over all products, but for the exposure
	firsts []first
}

// first is how many products were first bought at a time.
type first struct {
	at       time.Time
	products int64
}

// HabitsOf returns the customer's, as far as the details of their orders are kept.
func HabitsOf(c *customer.Customer) *Habits {
	h := &Habits{Bought: c.Bought()}
	h.pairs = make([]foresight.Pair, h.Len())
	all := make([]foresight.Buy, 0, h.Len())
	for place := range h.pairs {
		all = h.look(place, all)
	}
	return h
}

// look looks at what the customer did with the product at a place. It appends what they
// bought to others, and returns those.
func (h *Habits) look(place int, all []foresight.Buy) []foresight.Buy {
	if was := h.pairs[place]; len(was.Buys) > 0 {
		h.sums = h.sums.Less(was.Sums(was.First()))
		h.began(was.First(), -1)
		h.pairs[place] = foresight.Pair{}
	}
	from := len(all)
	for k := range h.Kept(place) {
		all = append(all, foresight.Buy{At: k.At, Pieces: k.Pieces})
	}
	if buys := all[from:len(all):len(all)]; len(buys) > 0 {
		slices.SortFunc(buys, func(a, b foresight.Buy) int { return a.At.Compare(b.At) })
		p := foresight.PairOf(buys)
		h.pairs[place], h.sums = p, h.sums.Plus(p.Sums(p.First()))
		h.began(p.First(), 1)
	}
	return all
}

// began counts products that were first bought at a time, or takes them out. What was
// bought last is looked at most.
func (h *Habits) began(at time.Time, products int64) {
	for i := range slices.Backward(h.firsts) {
		if f := &h.firsts[i]; f.at.Equal(at) {
			if f.products += products; f.products == 0 {
				h.firsts = slices.Delete(h.firsts, i, i+1)
			}
			return
		}
	}
	h.firsts = append(h.firsts, first{at, products})
}

// Hold reports whether the habits are still the customer's once an event changed them. Of
// parcels it takes over when what was bought left, and arrived; and what was bought with an
// order on top of the others.
func (h *Habits) Hold(e *events.Event, c *customer.Customer) bool {
	switch d := e.Data.(type) {
	case *events.OrderFulfilled:
		return h.Moved(c, d.Order.ID)
	case *events.OrderDelivered:
		return h.Moved(c, d.Order.ID)
	case *events.OrderPlaced:
		return h.placed(c, d.Order.ID)
	}
	return e.Type.Entity() != "order" && e.Type != events.TypeCustomerErased // their orders are as they were
}

// placed takes an order over that came on top of the others, and reports whether it could.
func (h *Habits) placed(c *customer.Customer, order string) bool {
	if !h.Placed(c, order) {
		return false
	}
	h.pairs = append(h.pairs, make([]foresight.Pair, h.Len()-len(h.pairs))...)
	var all []foresight.Buy
	for place := range h.Latest() {
		all = h.look(place, all)
	}
	return true
}

// Pair returns what the customer did with a product; nothing if they kept none of it.
func (h *Habits) Pair(id string) foresight.Pair {
	if place, ok := h.Place(id); ok {
		return h.pairs[place]
	}
	return foresight.Pair{}
}

// Pairs goes through what the customer did, by product, in no order.
func (h *Habits) Pairs() iter.Seq2[string, foresight.Pair] {
	return func(yield func(string, foresight.Pair) bool) {
		for place, p := range h.pairs {
			if len(p.Buys) > 0 && !yield(h.Product(place), p) {
				return
			}
		}
	}
}

// Sums are over all products, at a time.
func (h *Habits) Sums(at time.Time) foresight.Sums {
	s := h.sums
	for _, f := range h.firsts {
		s.Exposure += f.products * foresight.Exposure(f.at, at)
	}
	return s
}

// last returns when the last of the first purchases was.
func (h *Habits) last() (at time.Time) {
	for _, f := range h.firsts {
		if f.at.After(at) {
			at = f.at
		}
	}
	return at
}

// Remembered returns a HabitsOf that remembers those of the last customer whom it was asked
// about. It is for whoever asks again and again about copies of one record, which share
// its orders and do not change them.
func Remembered() func(c *customer.Customer) *Habits {
	var of []customer.Order
	var habits *Habits
	return func(c *customer.Customer) *Habits {
		if habits == nil || len(c.Orders) != len(of) || len(of) > 0 && &c.Orders[0] != &of[0] {
			habits, of = HabitsOf(c), c.Orders
		}
		return habits
	}
}
