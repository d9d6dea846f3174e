package customer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"homing/events"
)

// Kind says what was told about an order. They are stored by number: new ones
// are added at the end.
type Kind uint8

// The kinds of what is told about orders, in the order in which it usually happens.
const (
	Placed Kind = iota + 1
	Fulfilled
	Delivered
	Cancelled
	Refunded
	Returned
)

// takes are the kinds that take an order, or pieces of it, from the customer again.
var takes = [...]Kind{Cancelled, Refunded, Returned}

// Order is one order: all that was told about it, joined into one. What was told
// in whatever sequence, and however often, makes the same order, and so does
// what was told to two records of one person.
type Order struct {
	ID    string
	First int64 // ms: the first time at which anything was told about it
	Age   int64 // ms: when it was placed, as it was first told; 0: it was not told yet

	// What the order is, as it was told last, in the manner of a Register.
	Content
	Told   Stamp
	Rivals *Rivals[Content]

	// Brought is when an import first told the order, ms; 0: none did. See Imported.
	Brought int64

	Test    bool     // it was told as a test once: it counts for nothing
	Brief   bool     // its lines, and what was told about pieces of it, are forgotten
	Taken   uint8    // bit k: pieces were taken by a Kind k, and which is not known any more
	Marks   []Mark   // what was told last about the order as a whole
	Parcels []Parcel // what has left the shop, and what has arrived
	Parts   []Part   // which pieces were cancelled, paid back, or came back
	Past    uint64   // statements from this key on are among the parts without a key; 0: none is
}

// Content is what an order is.
type Content struct {
	CartID  string
	Lines   []Line
	Coupons []uint64     // hashes of the codes that were redeemed with it
	To      string       // the address that came with it, in small letters; empty: none did
	Total   events.Money // what it cost the customer; the zero Money: nobody said
}

func compareContent(a, b Content) int {
	return cmp.Or(cmp.Compare(a.CartID, b.CartID), compareLines(a.Lines, b.Lines), slices.Compare(a.Coupons, b.Coupons), cmp.Compare(a.To, b.To),
		cmp.Compare(a.Total.Currency, b.Total.Currency), cmp.Compare(a.Total.Minor, b.Total.Minor))
}

// PlacedAt returns when the order was placed, as it was first told.
func (o *Order) PlacedAt() time.Time { return time.UnixMilli(o.Age).UTC() }

// WasPlaced reports whether the order was told by being placed, and not only by a change.
func (o *Order) WasPlaced() bool { return o.last(Placed) != Stamp{} || o.Brought != 0 }

// Imported reports whether it is known by an import alone that the order was placed: no
// email is about it. What a shop tells when it happens wins, whichever came first.
func (o *Order) Imported() bool { return o.Brought != 0 && o.last(Placed) == Stamp{} }

// Products lists the products of the order's lines, sorted.
func (o *Order) Products() []string {
	out := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		out[i] = l.Product
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Has reports whether a line of the order is of the product.
func (o *Order) Has(product string) bool {
	return slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Product == product })
}

// Holds reports whether the order has all of these products; it has not all of none.
func (o *Order) Holds(products []string) bool {
	return len(products) > 0 && !slices.ContainsFunc(products, func(p string) bool { return !o.Has(p) })
}

// Counts reports whether the order counts as one of the customer's: it was
// placed, was not cancelled as a whole since, and is not a test.
func (o *Order) Counts() bool { return o.Age != 0 && !o.Test && !o.Whole(Cancelled) }

// GoesTo returns the address that emails about an order of the customer go to, in small
// letters; empty: the account's. As touch.Touch.To has it.
func (c *Customer) GoesTo(o *Order) string {
	if o.To == "" || SameAddress(o.To, c.Account()) || c.moved(o) {
		return ""
	}
	return o.To
}

// moved reports whether an order came with an address that was the account's, and isn't
// any more: its emails follow the account.
func (c *Customer) moved(o *Order) bool {
	return o.To != "" && c.HomeAt(o.To, o.Age) && !SameAddress(o.To, c.Account())
}

// newestOrderFirst is the order of a customer's orders. Of those that were not
// told yet, it goes by the first that was told about them.
func newestOrderFirst(a, b Order) int {
	at := func(o *Order) int64 { return cmp.Or(o.Age, o.First) }
	return cmp.Or(cmp.Compare(at(&b), at(&a)), cmp.Compare(a.ID, b.ID))
}

// asPlaced compares two orders by when they were placed, and those of one instant by id.
func asPlaced(a, b *Order) int { return cmp.Or(cmp.Compare(a.Age, b.Age), cmp.Compare(a.ID, b.ID)) }

// ordered is the fold of what is told about an order. Nothing that was told up to
// an erasure counts; but that the order was told is remembered, by a hash, so
// that it stays forgotten when it is told again.
func ordered[D events.CustomerData](f func(d D, s Stamp) Order) fold {
	return of(func(c *Customer, d D, s Stamp) bool {
		o := f(d, s)
		if o.Age != 0 {
			o.To = strings.ToLower(d.Who().Email)
		}
		if c.Erased.At != 0 && s.At <= c.Erased.At {
			return c.strike(hash48(o.ID))
		}
		changed := c.profile(d.Type(), d.Who(), s)
		return c.joinOrder(o) || changed
	})
}

// telling is what an order that is placed, or changed, says.
func telling(o *events.Order, s Stamp) Order {
	first := s.At
	if o.PlacedAt != nil {
		first = min(first, o.PlacedAt.UnixMilli())
	}
	first = max(first, 1) // 0 says that it was not told
	return Order{ID: o.ID, First: first, Age: first, Told: s, Test: o.Test,
		Content: Content{CartID: o.CartID, Lines: lines(o.Items, len(o.Items)), Coupons: coupons(o.Coupons), Total: cost(o.Total)}}
}

// cost is what an order costs, as it is kept: nobody pays less than nothing.
func cost(m events.Money) events.Money {
	m.Minor = max(m.Minor, 0)
	return m
}

func orderPlaced(d *events.OrderPlaced, s Stamp) Order {
	o := telling(&d.Order, s)
	o.Marks = []Mark{{Placed, s}}
	return o
}

// bringsOver is what an order says that an import tells at a time.
func bringsOver(d *events.Order, s Stamp, received time.Time) Order {
	o := telling(d, s)
	o.Brought = max(received.UnixMilli(), 1)
	return o
}

// parcel is what a fulfilment or a delivery says.
func parcel(c *events.OrderChange, k Kind, s Stamp) Order {
	o := Order{ID: c.ID, First: max(s.At, 1)}
	if len(c.Items) == 0 {
		o.Parcels = []Parcel{{Kind: k, First: s.At, Last: s.At}}
	}
	for _, it := range c.Items {
		o.parcel(Parcel{Kind: k, Product: it.ProductID, First: s.At, Last: s.At})
	}
	return o
}

// taking is what a cancellation, a refund or a return says. Which statement it
// is, is known by its own id, if it has one, or else by the event.
func taking(c *events.OrderChange, k Kind, id string, s Stamp) Order {
	o := Order{ID: c.ID, First: max(s.At, 1)}
	p := Part{Kind: k, Key: eventKey(s), Stamp: s}
	if k == Refunded {
		p.Amount = max(c.Amount.Minor, 0)
	}
	if id != "" {
		p.Key = hash48(id) | namedKey
	}
	for _, it := range c.Items {
		p.Lines = add(p.Lines, it.ProductID, it.Quantity)
	}
	if len(p.Lines) == 0 {
		p.Amount = 0 // all of it
	}
	if len(p.Lines) == 0 && id == "" {
		o.Marks = []Mark{{k, s}}
	} else {
		o.part(p)
	}
	return o
}

// add adds pieces to lines that are ordered by product; 0 means all of it.
func add(ls []Line, product string, n int) []Line {
	i, ok := slices.BinarySearchFunc(ls, product, func(x Line, p string) int { return cmp.Compare(x.Product, p) })
	switch {
	case !ok:
		return slices.Insert(ls, i, Line{Product: product, Quantity: n})
	case n == 0 || ls[i].Quantity == 0:
		ls[i].Quantity = 0
	default:
		ls[i].Quantity += n
	}
	return ls
}

func compareLines(a, b []Line) int {
	return slices.CompareFunc(a, b, func(x, y Line) int {
		if x == y {
			return 0
		}
		return cmp.Or(cmp.Compare(x.Product, y.Product), cmp.Compare(x.Quantity, y.Quantity), cmp.Compare(x.Supply, y.Supply),
			cmp.Compare(x.said(), y.said()), cmp.Compare(x.Bundle, y.Bundle))
	})
}

func lines(items []events.Item, limit int) []Line {
	out := make([]Line, 0, min(len(items), limit))
	limit = min(len(items), limit)
	for _, it := range items[:limit] {
		l := Line{Product: it.ProductID, Quantity: it.Quantity, Supply: int32(it.SupplyDays),
			Subscription: it.Subscription, Unreviewable: !it.MayReview(items)}
		if it.BundleOf != "" {
			l.Bundle = int16(1 + slices.IndexFunc(items[:limit], func(of events.Item) bool { return of.ProductID == it.BundleOf }))
		}
		out = append(out, l)
	}
	return out
}
