package customer

import (
	"cmp"
	"slices"
	"time"

	"homing/events"
)

// Kind says what happened to an order.
type Kind uint8

// The kinds of order events, in the order in which they usually happen.
const (
	Placed Kind = iota + 1
	Fulfilled
	Delivered
	Cancelled
	Refunded
)

// OrderEvent is what is kept of an event of an order: of those that placed it
// the latest; of the others, such as two partial refunds, the latest that named
// the same lines.
type OrderEvent struct {
	Order  string
	Kind   Kind
	Stamp  Stamp
	CartID string // of a placed order
	Lines  []Line // none: the whole order (Placed: too long ago to be kept)
	// Coupons are hashes of the codes that were redeemed with a placed order.
	Coupons []uint64
}

// SeenOrder remembers an order for ever, in seven bytes.
type SeenOrder struct {
	Hash  uint64 // 48 bits of the id's hash
	Flags uint8  // bit k set: an event of Kind k named the whole order
}

func (s SeenOrder) has(k Kind) bool { return s.Flags&(1<<k) != 0 }

// counts reports whether the order was placed and not cancelled.
func (s SeenOrder) counts() bool { return s.has(Placed) && !s.has(Cancelled) }

// OrderCount returns how many orders the customer placed that were not cancelled.
func (c *Customer) OrderCount() int {
	n := 0
	for _, s := range c.Seen {
		if s.counts() {
			n++
		}
	}
	return n
}

// PlacedBefore returns how many orders were placed before a time, ms, those
// included that were cancelled later. Of orders too old for their details to be
// kept it takes for granted that they were.
func (c *Customer) PlacedBefore(at int64) int {
	n := 0
	for _, s := range c.Seen {
		if s.has(Placed) {
			n++
		}
	}
	for _, o := range c.Orders {
		if o.Kind == Placed && o.Stamp.At >= at {
			n--
		}
	}
	return n
}

// Ordinal returns which order of the customer's this one is, by the time it was
// placed: 1 for the first. Cancelled orders do not count, but for this one. It
// is 0 when the order is not known.
func (c *Customer) Ordinal(order string) int {
	this, ok := c.OrderEvent(order, Placed)
	if !ok {
		return 0
	}
	n := c.OrderCount()
	if s, _ := c.seen(order); !s.counts() {
		n++
	}
	for _, o := range c.Orders {
		if s, _ := c.seen(o.Order); o.Kind == Placed && s.counts() && asPlaced(o, this) > 0 {
			n--
		}
	}
	return n
}

// asPlaced compares two placed orders by time, and those of one instant by id.
func asPlaced(a, b OrderEvent) int {
	return cmp.Or(cmp.Compare(a.Stamp.At, b.Stamp.At), cmp.Compare(a.Order, b.Order))
}

// OrderEvent returns the latest that is kept of one kind of event of an order.
func (c *Customer) OrderEvent(order string, k Kind) (OrderEvent, bool) {
	for _, o := range c.Orders {
		if o.Order == order && o.Kind == k {
			return o, true
		}
	}
	return OrderEvent{}, false
}

// Whole reports whether an event of kind k concerned the whole order.
func (c *Customer) Whole(order string, k Kind) bool {
	s, _ := c.seen(order)
	return s.has(k)
}

// LastOrderAt returns when the customer last placed an order that was not cancelled; the
// zero time if never.
func (c *Customer) LastOrderAt() time.Time {
	for _, o := range c.Orders {
		if o.Kind == Placed && !c.Whole(o.Order, Cancelled) {
			return o.Stamp.Time()
		}
	}
	return time.Time{}
}

func (c *Customer) seen(order string) (SeenOrder, int) {
	h := hash48(order)
	i, ok := slices.BinarySearchFunc(c.Seen, h, bySeenHash)
	if !ok {
		return SeenOrder{Hash: h}, i
	}
	return c.Seen[i], i
}

func bySeenHash(s SeenOrder, h uint64) int { return cmp.Compare(s.Hash, h) }

func (c *Customer) see(order string, k Kind) bool {
	s, i := c.seen(order)
	if s.has(k) {
		return false
	}
	if s.Flags == 0 {
		c.Seen = slices.Insert(c.Seen, i, s)
	}
	c.Seen[i].Flags |= 1 << k
	return true
}

func (c *Customer) placed(o *events.Order, s Stamp) bool {
	changed := c.see(o.ID, Placed)
	return c.keep(OrderEvent{Order: o.ID, Kind: Placed, Stamp: s, CartID: o.CartID, Lines: lines(o.Items, MaxLines),
		Coupons: coupons(o.Coupons)}) || changed
}

func (c *Customer) changed(o *events.OrderChange, k Kind, s Stamp) bool {
	changed := false
	n := OrderEvent{Order: o.ID, Kind: k, Stamp: s}
	if len(o.Items) == 0 {
		changed = c.see(o.ID, k)
	}
	for _, it := range o.Items[:min(len(o.Items), MaxLines)] {
		n.Lines = unite(n.Lines, Line{Product: it.ProductID, Quantity: it.Quantity})
	}
	return c.keep(n) || changed
}

// unite adds a line to lines that are ordered by product. Of one product the
// larger quantity stays; 0 means all of it.
func unite(ls []Line, l Line) []Line {
	i, ok := slices.BinarySearchFunc(ls, l.Product, func(x Line, p string) int { return cmp.Compare(x.Product, p) })
	switch {
	case !ok:
		return slices.Insert(ls, i, l)
	case ls[i].Quantity == 0:
	case l.Quantity == 0 || l.Quantity > ls[i].Quantity:
		ls[i].Quantity = l.Quantity
	}
	return ls
}

// keep puts n among the details, replaces what said the same before, and forgets
// the oldest when there are too many. It never joins two entries into one: an
// erasure between the two could not be folded in afterwards.
func (c *Customer) keep(n OrderEvent) bool {
	orders := c.Orders
	if i := slices.IndexFunc(orders, n.about); i >= 0 {
		if newestFirst(n, orders[i]) >= 0 {
			return false
		}
		orders = slices.Delete(orders, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(orders, n, newestFirst)
	if i == MaxOrderEvents {
		return false
	}
	orders = slices.Insert(orders, i, n)
	c.Orders = orders[:min(len(orders), MaxOrderEvents)]
	return true
}

// about reports whether o says the same thing as n, perhaps at another time.
func (n OrderEvent) about(o OrderEvent) bool {
	return o.Order == n.Order && o.Kind == n.Kind && (n.Kind == Placed || slices.Equal(o.Lines, n.Lines))
}

// newestFirst is a total order: what says the same at the same instant is equal.
func newestFirst(a, b OrderEvent) int {
	return cmp.Or(b.Stamp.Compare(a.Stamp), cmp.Compare(a.Order, b.Order), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.CartID, b.CartID), compareLines(a.Lines, b.Lines), slices.Compare(a.Coupons, b.Coupons))
}

func compareLines(a, b []Line) int {
	return slices.CompareFunc(a, b, func(x, y Line) int {
		return cmp.Or(cmp.Compare(x.Product, y.Product), cmp.Compare(x.Quantity, y.Quantity), cmp.Compare(x.Supply, y.Supply))
	})
}

func lines(items []events.Item, limit int) []Line {
	out := make([]Line, 0, min(len(items), limit))
	for _, it := range items[:min(len(items), limit)] {
		out = append(out, Line{Product: it.ProductID, Quantity: it.Quantity, Supply: it.SupplyDays})
	}
	return out
}
