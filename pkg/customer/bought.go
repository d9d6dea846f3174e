package customer

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Bought is what a customer bought, found by product. It takes one walk over the lines of
// all orders, and serves whoever asks about many products. It holds for as long as nothing
// about the orders changes, and is for one goroutine.
type Bought struct {
	orders   []Order     // newest first
	since    []time.Time // since when each of them stands, by age
	places   map[string]int32
	products []bought // by place
	lines    []boughtLine
	told     int // lines of the orders

	newestFrom int32 // the first of the lines of the newest order
}

// bought is one product.
type bought struct {
	id     string
	line   int32     // what the newest order brought that has it
	newest *Purchase // nil: there is none, or nobody asked yet
	asked  bool
}

// boughtLine is what one order brought of one product.
type boughtLine struct {
	order, product int32 // the order by its age: 0 is the oldest, so that a newer one moves none
	older          int32 // the line of the next older order that has it; noLine: there is none
	pieces         int   // that were kept
	gone           bool  // all of it
	subscription   bool
}

const noLine = -1

// Bought returns what the customer bought, as far as the details of orders are kept.
func (c *Customer) Bought() *Bought {
	n := c.lines()
	b := &Bought{orders: c.Orders, told: n, since: make([]time.Time, len(c.Orders)), places: map[string]int32{}, lines: make([]boughtLine, 0, n)}
	for age := range c.Orders {
		if !b.order(int32(age)).Test {
			b.add(int32(age))
		}
	}
	return b
}

// lines returns how many lines are kept of the orders that were placed.
func (c *Customer) lines() (n int) {
	for o := range c.Placed() {
		n += len(o.Lines)
	}
	return n
}

// order returns the order of an age.
func (b *Bought) order(age int32) *Order { return &b.orders[len(b.orders)-1-int(age)] }

// add adds an order that is newer than those before.
func (b *Bought) add(order int32) {
	o, first := b.order(order), int32(len(b.lines))
	b.newestFrom = first
	b.since[order] = o.Since()
	for i := range o.Lines {
		l := &o.Lines[i]
		place, known := b.places[l.Product]
		if !known {
			place = int32(len(b.products))
			b.places[l.Product], b.products = place, append(b.products, bought{id: l.Product, line: noLine})
		}
		p := &b.products[place]
		if p.line < first {
			b.lines = append(b.lines, boughtLine{order: order, product: place, older: p.line})
			p.line, p.newest, p.asked = int32(len(b.lines)-1), nil, false
		}
		x := &b.lines[p.line]
		x.pieces, x.subscription = x.pieces+l.Quantity, x.subscription || l.Subscription
	}
	if !o.touched() && o.Taken == 0 {
		return
	}
	parts := o.parts()
	for i := range b.lines[first:] {
		x := &b.lines[first:][i]
		n, by := o.take(parts, b.products[x.product].id)
		x.pieces -= n
		x.gone = x.pieces <= 0 && by != 0
	}
}

// Moved says that something of an order left the shop, or arrived, and reports whether what
// was bought is the same still: so much is told of orders at times that details of the
// oldest are forgotten.
func (b *Bought) Moved(c *Customer, order string) bool {
	n := c.lines()
	if n != b.told || len(c.Orders) != len(b.orders) {
		return false
	}
	b.orders = c.Orders
	for i := range b.products {
		if p := &b.products[i]; p.newest != nil && p.newest.Order == order {
			p.newest, p.asked = nil, false
		}
	}
	return true
}

// Placed says that an order was placed, and reports whether what was bought is what it was,
// and what that one has: it is new, and newer than all others, and no details of the oldest
// were forgotten.
func (b *Bought) Placed(c *Customer, order string) bool {
	n := c.lines()
	if len(c.Orders) != len(b.orders)+1 || c.Orders[0].ID != order || c.Orders[0].Test || n != b.told+len(c.Orders[0].Lines) {
		return false
	}
	b.orders, b.told, b.since = c.Orders, n, append(b.since, time.Time{})
	b.add(int32(len(b.orders) - 1))
	return true
}

// Latest goes through the places of what the newest order has.
func (b *Bought) Latest() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, x := range b.lines[b.newestFrom:] {
			if !yield(int(x.product)) {
				return
			}
		}
	}
}

// Len returns how many products there are, also those that came back. Each has a place
// below that.
func (b *Bought) Len() int { return len(b.products) }

// Product returns the product at a place.
func (b *Bought) Product(place int) string { return b.products[place].id }

// Place returns the place of a product, and whether an order has it.
func (b *Bought) Place(product string) (int, bool) {
	place, ok := b.places[product]
	return int(place), ok
}

// Products lists the products, sorted.
func (b *Bought) Products() []string {
	out := make([]string, len(b.products))
	for i := range b.products {
		out[i] = b.products[i].id
	}
	slices.Sort(out)
	return out
}

// of goes through what orders brought of the product at a place, the newest first, by when
// they were first placed.
func (b *Bought) of(place int) iter.Seq[*boughtLine] {
	return func(yield func(*boughtLine) bool) {
		for i := b.products[place].line; i != noLine; i = b.lines[i].older {
			if !yield(&b.lines[i]) {
				return
			}
		}
	}
}

// Orders goes through the orders that have a product, the newest first, by when they were
// first placed: also those of which nothing was kept.
func (b *Bought) Orders(product string) iter.Seq[*Order] {
	return func(yield func(*Order) bool) {
		place, ok := b.Place(product)
		if !ok {
			return
		}
		for x := range b.of(place) {
			if !yield(b.order(x.order)) {
				return
			}
		}
	}
}

// Kept is how many pieces of a product the customer bought with one order, and kept.
type Kept struct {
	At     time.Time // since when the order stands
	Pieces int
}

// Kept goes through what was bought and kept of the product at a place, in no order.
func (b *Bought) Kept(place int) iter.Seq[Kept] {
	return func(yield func(Kept) bool) {
		for x := range b.of(place) {
			if !x.gone && !yield(Kept{b.since[x.order], x.pieces}) {
				return
			}
		}
	}
}

// Newest returns the newest purchase of a product of which something was kept, and whether
// there is one: the first of PurchasesOf.
func (b *Bought) Newest(product string) (Purchase, bool) {
	place, ok := b.places[product]
	if !ok {
		return Purchase{}, false
	}
	return b.NewestAt(int(place))
}

// NewestAt is Newest of the product at a place.
func (b *Bought) NewestAt(place int) (Purchase, bool) {
	p := &b.products[place]
	if !p.asked {
		p.asked = true
		if last := b.newest(place); last >= 0 {
			p.newest = new(b.order(last).Purchase(p.id))
		}
	}
	if p.newest == nil {
		return Purchase{}, false
	}
	return *p.newest, true
}

// newest returns the order of the newest purchase; below 0: there is none.
func (b *Bought) newest(place int) int32 {
	last := int32(-1)
	for x := range b.of(place) {
		if !x.gone && (last < 0 || cmp.Or(b.since[x.order].Compare(b.since[last]), cmp.Compare(b.order(x.order).ID, b.order(last).ID)) > 0) {
			last = x.order
		}
	}
	return last
}

// Subscribed reports whether the customer got a product by subscription since a time, with
// an order that was not cancelled.
func (b *Bought) Subscribed(product string, since time.Time) bool {
	place, ok := b.Place(product)
	if !ok {
		return false
	}
	for x := range b.of(place) {
		o := b.order(x.order)
		if o.PlacedAt().Before(since) {
			break
		}
		if x.subscription && !o.Whole(Cancelled) {
			return true
		}
	}
	return false
}
