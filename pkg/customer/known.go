package customer

import (
	"iter"
	"slices"
	"time"
)

// Placed goes through the orders that were placed and are kept in detail, newest
// first, also those that were cancelled. Tests are left out.
func (c *Customer) Placed() iter.Seq[*Order] {
	return func(yield func(*Order) bool) {
		for i := range c.Orders {
			if o := &c.Orders[i]; !o.Test && !yield(o) {
				return
			}
		}
	}
}

// Order returns an order that was placed and is kept in detail, also if it is a test.
func (c *Customer) Order(id string) (*Order, bool) {
	if i := indexOrder(c.Orders, id); i >= 0 {
		return &c.Orders[i], true
	}
	return nil, false
}

// PlacedAt returns when an order was placed, as it was first told, and whether that
// is known. It is of every order, also where no details are kept.
func (c *Customer) PlacedAt(order string) (time.Time, bool) {
	if o, ok := c.Order(order); ok {
		return o.PlacedAt(), true
	}
	s, _ := c.seen(order)
	return time.UnixMilli(s.Age).UTC(), s.Age != 0
}

// Since returns since when an order stands, and whether that is known: when it was
// placed; or, where details are kept, placed again after nothing was left of it.
func (c *Customer) Since(order string) (time.Time, bool) {
	if o, ok := c.Order(order); ok {
		return o.Since(), true
	}
	return c.PlacedAt(order)
}

// order returns what is kept in detail of an order that may be told yet.
func (c *Customer) order(id string) *Order {
	if o, ok := c.Order(id); ok {
		return o
	}
	if i := indexOrder(c.Untold, id); i >= 0 {
		return &c.Untold[i]
	}
	return nil
}

func indexOrder(os []Order, id string) int {
	for i := range os {
		if os[i].ID == id {
			return i
		}
	}
	return -1
}

// OrderCount returns how many orders the customer placed that were not cancelled.
func (c *Customer) OrderCount() int {
	n := 0
	for i := range c.Orders {
		if c.Orders[i].Counts() {
			n++
		}
	}
	for i := range c.Seen {
		if c.Seen[i].counts() {
			n++
		}
	}
	return n
}

// OrderTimes returns when the orders that OrderCount counts were placed, in no order.
func (c *Customer) OrderTimes() []time.Time {
	var out []time.Time
	for i := range c.Orders {
		if c.Orders[i].Counts() {
			out = append(out, c.Orders[i].PlacedAt())
		}
	}
	for i := range c.Seen {
		if c.Seen[i].counts() {
			out = append(out, time.UnixMilli(c.Seen[i].Age).UTC())
		}
	}
	return out
}

// StandingTimes returns when the orders were placed of which something is left, in no order:
// of those that OrderCount counts, the ones that were not paid back or returned.
func (c *Customer) StandingTimes() []time.Time {
	var out []time.Time
	for i := range c.Orders {
		if o := &c.Orders[i]; o.Counts() && o.Undone() == 0 {
			out = append(out, o.PlacedAt())
		}
	}
	for i := range c.Seen {
		if s := &c.Seen[i]; s.Stands() {
			out = append(out, time.UnixMilli(s.Age).UTC())
		}
	}
	return out
}

// OrdersEver returns how many orders are known to have been placed, also those
// that were cancelled, and tests.
func (c *Customer) OrdersEver() int {
	n := len(c.Orders)
	for _, s := range c.Seen {
		if s.Age != 0 {
			n++
		}
	}
	return n
}

// PlacedBefore returns how many orders were placed before a time, ms, those
// included that were cancelled later.
func (c *Customer) PlacedBefore(at int64) int {
	n := 0
	for o := range c.Placed() {
		if o.Age < at {
			n++
		}
	}
	for _, s := range c.Seen {
		if s.Age != 0 && s.Age < at && !s.test() {
			n++
		}
	}
	return n
}

// Ordinal returns which order of the customer's this one is, by the time it was
// placed: 1 for the first. Cancelled orders do not count, but for this one. It
// is 0 when the order is not kept in detail, or is a test.
func (c *Customer) Ordinal(order string) int {
	this, ok := c.Order(order)
	if !ok || this.Test {
		return 0
	}
	n := 1
	for i := range c.Orders {
		if o := &c.Orders[i]; asPlaced(o, this) < 0 && o.Counts() {
			n++
		}
	}
	for _, s := range c.Seen {
		if s.counts() {
			n++ // it is older
		}
	}
	return n
}

// Whole reports whether something of a kind holds about a whole order.
func (c *Customer) Whole(order string, k Kind) bool {
	if o := c.order(order); o != nil {
		return o.Whole(k)
	}
	s, ok := c.seen(order)
	return ok && s.whole(k)
}

// Undone returns how an order came to nothing: Cancelled, Refunded or Returned, as a
// whole or piece by piece; 0 if something is left of it, as far as is known.
func (c *Customer) Undone(order string) Kind {
	if o := c.order(order); o != nil {
		return o.Undone()
	}
	for _, k := range takes {
		if c.Whole(order, k) {
			return k
		}
	}
	return 0
}

// IsTest reports whether an order was told as a test.
func (c *Customer) IsTest(order string) bool {
	if o := c.order(order); o != nil {
		return o.Test
	}
	s, ok := c.seen(order)
	return ok && s.test()
}

// Concerned reports whether something of a kind was told about a product of an
// order: it named some of it, or meant the whole order. Where it is forgotten
// which products were concerned, each is taken to be.
func (c *Customer) Concerned(order, product string, k Kind) bool {
	if o := c.order(order); o != nil {
		return o.Concerns(product, k)
	}
	s, ok := c.seen(order)
	return ok && (s.whole(k) || s.Flags&(1<<k) != 0)
}

// HasLeft reports whether some of a product of an order has left the shop, as far
// as is known; see Order.Left.
func (c *Customer) HasLeft(order, product string) bool {
	o := c.order(order)
	return o == nil || o.Left(product)
}

// LastOf returns when something of a kind was last told about an order, or some of
// it; the zero time if never, or if that is forgotten.
func (c *Customer) LastOf(order string, k Kind) time.Time {
	if o := c.order(order); o != nil {
		return o.LastAt(k)
	}
	return time.Time{}
}

// Reached is Order.Reached. Where the lines of the order are not known any more, there is
// nothing to wait for either.
func (c *Customer) Reached(order string, k Kind) (last time.Time, all bool) {
	o := c.order(order)
	if o == nil {
		return time.Time{}, false
	}
	return o.Reached(k)
}

// Reached returns when something of the order was last fulfilled or delivered, the zero
// time if never, and whether nothing is left to wait for: every product of which the
// customer is to keep something was named. Of a product that comes in several parcels the
// first counts as that product's.
func (o *Order) Reached(k Kind) (last time.Time, all bool) {
	if last = o.LastAt(k); last.IsZero() {
		return time.Time{}, false
	}
	if o.Whole(k) {
		return last, true
	}
	for _, p := range o.Products() {
		if !o.Concerns(p, k) && o.Gone(p) == 0 {
			return last, false
		}
	}
	return last, true
}

// Standing returns the orders that were placed and neither cancelled, refunded
// nor returned as a whole, oldest first, those of one instant by id. Tests are left out.
func (c *Customer) Standing() []*Order {
	out := make([]*Order, 0, len(c.Orders))
	for i := range slices.Backward(c.Orders) {
		if o := &c.Orders[i]; !o.Test && (!o.touched() || !slices.ContainsFunc(takes[:], o.Whole)) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, asPlaced)
	return out
}

// LastPlaced returns the latest order that is known, also if it was cancelled.
func (c *Customer) LastPlaced() (*Order, bool) {
	for o := range c.Placed() {
		return o, true
	}
	return nil, false
}

// lastCounting returns the latest order that was not cancelled.
func (c *Customer) lastCounting() *Order {
	for i := range c.Orders {
		if o := &c.Orders[i]; o.Counts() {
			return o
		}
	}
	return nil
}

// LastOrderAt returns when the customer last placed an order that was not cancelled; the
// zero time if never.
func (c *Customer) LastOrderAt() time.Time {
	at := int64(0)
	if o := c.lastCounting(); o != nil {
		return o.PlacedAt()
	}
	for _, s := range c.Seen { // all in detail were cancelled
		if s.counts() {
			at = max(at, s.Age)
		}
	}
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}

// LastOrder returns the id of the last order that was not cancelled; empty if there is none.
func (c *Customer) LastOrder() string {
	if o := c.lastCounting(); o != nil {
		return o.ID
	}
	return ""
}
