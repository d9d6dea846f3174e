package customer

import (
	"cmp"
	"slices"

	"homing/events"
)

// Limits of what is kept of a customer's orders in detail.
const (
	MaxOrders = 100 // and as many of which only what happened to them was told
	// MaxDetails is lines, and things told about them, of all these: room for the longest
	// order, each line of which left, arrived and came back by its name.
	MaxDetails  = 4 * events.MaxItems
	maxUntold   = 3 * events.MaxItems // things told about orders that were not told themselves
	erasedOrder = 1 << 0
	testOrder   = 1 << 1
)

// SeenOrder is what is kept of an order for ever: by its hash, when it was placed,
// and what was told last about the whole of it.
type SeenOrder struct {
	Hash  uint64 // hash48 of its id
	Flags uint8  // erasedOrder, testOrder, and bit k: pieces were taken by a Kind k
	First int64  // ms; see Order
	Age   int64  // ms; 0: it was not told
	// Last is when it was last placed, cancelled, refunded and returned as a whole, ms.
	Last [4]int64
	Left events.Money // of what it cost, when its details were forgotten; the zero Money: not known, or nothing
}

// lasts are the kinds of SeenOrder.Last.
var lasts = [4]Kind{Placed, Cancelled, Refunded, Returned}

func (s *SeenOrder) erased() bool { return s.Flags&erasedOrder != 0 }
func (s *SeenOrder) test() bool   { return s.Flags&testOrder != 0 }

// counts is Order.Counts.
func (s *SeenOrder) counts() bool { return s.Age != 0 && !s.test() && !s.whole(Cancelled) }

// whole is Order.Whole. Two statements of one time cannot be told apart any more:
// the order is gone.
func (s *SeenOrder) whole(k Kind) bool {
	i := slices.Index(lasts[:], k)
	return i > 0 && s.Last[i] != 0 && (s.Last[i] >= s.Last[0] || s.Last[i] < s.Age)
}

// seenOf returns what is kept of an order for ever.
func seenOf(o *Order) SeenOrder {
	s := SeenOrder{Hash: hash48(o.ID), Flags: o.Taken, First: o.First, Age: o.Age, Left: o.LeftAt(maxTime)}
	if o.Test {
		s.Flags |= testOrder
	}
	for i, k := range lasts {
		s.Last[i] = o.last(k).At
	}
	for _, p := range o.Parts {
		if len(p.Lines) > 0 {
			s.Flags |= 1 << p.Kind
		}
	}
	return s
}

// join joins what else is known about the order.
func (s *SeenOrder) join(d SeenOrder) bool {
	was := *s
	s.Flags |= d.Flags
	s.First = min(s.First, d.First)
	if s.Age == 0 || d.Age != 0 && d.Age < s.Age {
		s.Age = d.Age
	}
	s.Left = lesser(s.Left, d.Left)
	for i := range s.Last {
		s.Last[i] = max(s.Last[i], d.Last[i])
	}
	if s.erased() {
		*s = SeenOrder{Hash: s.Hash, Flags: erasedOrder}
	}
	return *s != was
}

// order returns an order about which that much is known.
func (s *SeenOrder) order(id string) Order {
	o := Order{ID: id, First: s.First, Age: s.Age, Test: s.test(), Taken: s.Flags &^ (erasedOrder | testOrder)}
	for i, k := range lasts {
		if s.Last[i] != 0 {
			o.Marks = append(o.Marks, Mark{k, Stamp{At: s.Last[i]}})
		}
	}
	return o
}

func (c *Customer) seenAt(hash uint64) (int, bool) {
	return slices.BinarySearchFunc(c.Seen, hash, func(s SeenOrder, h uint64) int { return cmp.Compare(s.Hash, h) })
}

func (c *Customer) seen(order string) (SeenOrder, bool) {
	if len(c.Seen) == 0 {
		return SeenOrder{}, false
	}
	i, ok := c.seenAt(hash48(order))
	if !ok {
		return SeenOrder{}, false
	}
	return c.Seen[i], true
}

// see joins what is known about an order of which no details are kept.
func (c *Customer) see(s SeenOrder) bool {
	i, ok := c.seenAt(s.Hash)
	if !ok {
		c.Seen = slices.Insert(c.Seen, i, s)
		return true
	}
	return c.Seen[i].join(s)
}

// strike forgets an order that was told before an erasure, and remembers that.
func (c *Customer) strike(hash uint64) bool {
	is := func(o Order) bool { return hash48(o.ID) == hash }
	c.Orders, c.Untold = slices.DeleteFunc(c.Orders, is), slices.DeleteFunc(c.Untold, is)
	return c.see(SeenOrder{Hash: hash, Flags: erasedOrder})
}

// joinOrder joins what else is known about an order, and reports whether that
// changes anything.
func (c *Customer) joinOrder(d Order) bool {
	if c.Erased.At != 0 && d.First <= c.Erased.At {
		return c.strike(hash48(d.ID))
	}
	if len(c.Seen) > 0 {
		switch i, ok := c.seenAt(hash48(d.ID)); {
		case !ok:
		case c.Seen[i].Age != 0 || c.Seen[i].erased() || d.Age == 0:
			return c.Seen[i].join(seenOf(&d)) // its details are gone, and do not come back
		default:
			known := c.Seen[i].order(d.ID)
			d.join(&known)
			c.Seen = slices.Delete(c.Seen, i, i+1)
		}
	}
	list, i := &c.Orders, indexOrder(c.Orders, d.ID)
	if i < 0 {
		list, i = &c.Untold, indexOrder(c.Untold, d.ID)
	}
	if i >= 0 {
		o := &(*list)[i]
		at, told := cmp.Or(o.Age, o.First), o.Age != 0
		if !o.join(&d) {
			return false
		}
		if at == cmp.Or(o.Age, o.First) && told == (o.Age != 0) {
			c.bound()
			return true
		}
		d = *o
		*list = slices.Delete(*list, i, i+1)
	}
	list = &c.Orders
	if d.Age == 0 {
		list = &c.Untold
	}
	i, _ = slices.BinarySearchFunc(*list, d, newestOrderFirst)
	*list = slices.Insert(*list, i, d)
	c.bound()
	return true
}

// bound forgets what is too much: the details of the oldest orders first. Once an
// order is shortened, so are all that are older, so that which are does not depend
// on the sequence in which they were told.
func (c *Customer) bound() {
	for len(c.Orders) > MaxOrders {
		c.Orders = c.forget(c.Orders)
	}
	size, brief := 0, false
	for i := range c.Orders {
		o := &c.Orders[i]
		size += o.size()
		if brief = brief || o.Brief || size > MaxDetails; brief && !o.Brief {
			o.shorten()
		}
	}
	size = 0
	for i := range c.Untold {
		if size += c.Untold[i].size(); i == MaxOrders || size > maxUntold {
			for len(c.Untold) > i {
				c.Untold = c.forget(c.Untold)
			}
			break
		}
	}
}

// forget forgets the details of the last of some orders.
func (c *Customer) forget(os []Order) []Order {
	last := len(os) - 1
	c.see(seenOf(&os[last]))
	return slices.Delete(os, last, last+1)
}

// eraseOrders forgets the orders that were told up to an erasure.
func (c *Customer) eraseOrders(at int64) {
	old := func(o Order) bool {
		if o.First > at {
			return false
		}
		c.see(SeenOrder{Hash: hash48(o.ID), Flags: erasedOrder})
		return true
	}
	c.Orders, c.Untold = slices.DeleteFunc(c.Orders, old), slices.DeleteFunc(c.Untold, old)
	for i := range c.Seen {
		if s := &c.Seen[i]; s.First <= at {
			*s = SeenOrder{Hash: s.Hash, Flags: erasedOrder}
		}
	}
}

// joinOrders joins what another record knows about orders.
func (c *Customer) joinOrders(from *Customer) bool {
	changed := false
	for _, s := range from.Seen {
		changed = c.joinSeen(s) || changed
	}
	for _, os := range [][]Order{from.Orders, from.Untold} {
		for i := range os {
			changed = c.joinOrder(os[i].clone()) || changed
		}
	}
	return changed
}

// joinSeen joins what another record has kept of an order without details.
func (c *Customer) joinSeen(s SeenOrder) bool {
	if s.erased() || c.Erased.At != 0 && s.First <= c.Erased.At {
		return c.strike(s.Hash)
	}
	for _, os := range [][]Order{c.Orders, c.Untold} {
		if i := slices.IndexFunc(os, func(o Order) bool { return hash48(o.ID) == s.Hash }); i >= 0 {
			return c.joinOrder(s.order(os[i].ID))
		}
	}
	return c.see(s)
}
