package customer

import (
	"slices"
	"time"
)

// Whole reports whether an order is fulfilled or delivered as a whole, or was
// cancelled, refunded or returned as a whole and not placed again since: of two
// statements the later one holds. An order that was cancelled before it was told at
// all was not placed again: it and its cancellation were told in another sequence.
func (o *Order) Whole(k Kind) bool {
	if k == Fulfilled || k == Delivered {
		return slices.ContainsFunc(o.Parcels, func(p Parcel) bool { return p.Kind == k && p.Product == "" })
	}
	s := o.last(k)
	return s != (Stamp{}) && !o.again(s)
}

// again reports whether the order was told, taken, and then placed again. Of one
// time, and where no place tells which was said later, the order is gone.
func (o *Order) again(taken Stamp) bool {
	placed := o.last(Placed)
	if placed.At != taken.At {
		return o.Age <= taken.At && placed.At > taken.At
	}
	before := o.Age < taken.At || slices.ContainsFunc(o.Marks, func(m Mark) bool {
		return m.Kind == Placed && m.Stamp.Place < taken.Place
	})
	return before && placed.Place > taken.Place
}

// Undone returns how an order came to nothing: Cancelled, Refunded or Returned, as a
// whole or piece by piece; 0 if something is left of it.
func (o *Order) Undone() Kind {
	if !o.touched() {
		return 0
	}
	for _, k := range takes {
		if o.Whole(k) {
			return k
		}
	}
	parts := o.parts()
	if len(parts) == 0 || !o.nothingLeft(parts) {
		return 0
	}
	_, k := o.take(parts, o.Lines[0].Product)
	return k
}

// touched reports whether anything was said that takes the order, or some of it: of most
// nothing is.
func (o *Order) touched() bool {
	return len(o.Parts) > 0 || slices.ContainsFunc(o.Marks, func(m Mark) bool { return m.Kind != Placed })
}

// LastAt returns when something of a kind was last told about the order, or some
// of it; the zero time if never.
func (o *Order) LastAt(k Kind) time.Time {
	at := o.last(k).At
	for _, p := range o.Parcels {
		if p.Kind == k {
			at = max(at, p.Last)
		}
	}
	for _, p := range o.Parts {
		if p.Kind == k {
			at = max(at, p.Stamp.At)
		}
	}
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}

// Since returns since when the order stands: when it was placed, or placed again after
// nothing was left of it.
func (o *Order) Since() time.Time {
	placed := o.last(Placed)
	if placed.At > o.Age && (o.undone() != Stamp{} || len(o.parts()) < len(o.Parts)) {
		return placed.Time()
	}
	return o.PlacedAt()
}

// undone returns what was said last that took the whole order, before it was placed
// again.
func (o *Order) undone() (s Stamp) {
	for _, k := range takes {
		if x := o.last(k); x.After(s) && o.again(x) {
			s = x
		}
	}
	return s
}

// parts returns the statements about pieces that hold. An order that was placed
// again after nothing was left of it stands again: what took it holds no more.
func (o *Order) parts() []Part {
	if !slices.ContainsFunc(o.Parts, func(p Part) bool { return o.again(p.Stamp) }) {
		return o.Parts // most: they were said after it was placed
	}
	undone := o.undone()
	ps := slices.Clone(o.Parts)
	slices.SortFunc(ps, func(a, b Part) int { return a.Stamp.Compare(b.Stamp) })
	hold := ps[:0]
	for _, p := range ps {
		if !p.Stamp.After(undone) {
			continue
		}
		if hold = append(hold, p); o.again(p.Stamp) && o.nothingLeft(hold) {
			hold = hold[:0]
		}
	}
	return hold
}

// nothingLeft reports whether statements take all that an order has.
func (o *Order) nothingLeft(parts []Part) bool {
	for _, l := range o.Lines {
		if n, _ := o.take(parts, l.Product); n < o.quantity(l.Product) {
			return false
		}
	}
	return len(o.Lines) > 0
}

func (o *Order) quantity(product string) int {
	n := 0
	for _, l := range o.Lines {
		if l.Product == product {
			n += l.Quantity
		}
	}
	return n
}

// take returns how many pieces of a product statements take, and how. Several
// cancellations add up, and so do refunds, and returns; but what is cancelled, or
// comes back, is often refunded as well: the same pieces, told twice.
func (o *Order) take(parts []Part, product string) (n int, by Kind) {
	for _, k := range takes {
		if some := o.takenBy(parts, product, k); some > n {
			n, by = some, k
		}
	}
	return n, by
}

func (o *Order) takenBy(parts []Part, product string, k Kind) int {
	if o.Taken&(1<<k) != 0 || o.Whole(k) {
		return o.quantity(product)
	}
	n := 0
	for _, p := range parts {
		if p.Kind != k {
			continue
		}
		for _, l := range p.Lines {
			switch {
			case l.Product != product:
			case l.Quantity == 0:
				return o.quantity(product)
			default:
				n += l.Quantity
			}
		}
	}
	if n == 0 {
		return 0 // most: nothing of it was taken
	}
	return min(n, o.quantity(product))
}

// Unreviewable reports whether nobody is to be asked for a review of any line of a product.
func (o *Order) Unreviewable(product string) bool {
	return !slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Product == product && !l.Unreviewable })
}

// Concerns reports whether something of a kind was told about a product of the
// order, or the whole order. Where it is forgotten which products were concerned,
// each is taken to be.
func (o *Order) Concerns(product string, k Kind) bool {
	if o.Whole(k) || o.Taken&(1<<k) != 0 {
		return true
	}
	if k == Fulfilled || k == Delivered {
		return slices.ContainsFunc(o.Parcels, func(p Parcel) bool { return p.Kind == k && p.Product == product })
	}
	return slices.ContainsFunc(o.parts(), func(p Part) bool {
		return p.Kind == k && slices.ContainsFunc(p.Lines, func(l Line) bool { return l.Product == product })
	})
}

// Left reports whether some of a product has left the shop, as far as is known. A
// shop that says nothing has sent everything; but once it names products of the order
// that have left, the others have not, until it says so.
func (o *Order) Left(product string) bool { return o.LeftBy(product, maxTime) }

// LeftBy is Left as it was at a time.
func (o *Order) LeftBy(product string, at time.Time) bool {
	last := at.UnixMilli()
	named := false
	for i := range o.Parcels {
		if p := &o.Parcels[i]; p.First <= last {
			if p.Product == "" || p.Product == product {
				return true
			}
			named = true
		}
	}
	if !named {
		return true
	}
	named, bundled := false, o.bundledWith(product)
	for _, p := range o.Parcels {
		switch {
		case p.First > last:
		case slices.Contains(bundled, p.Product):
			return true
		default:
			named = named || p.Kind == Fulfilled && o.Has(p.Product)
		}
	}
	return !named
}

// bundledWith returns the products that are parts of a product, or that it is a part of.
func (o *Order) bundledWith(product string) (others []string) {
	for _, l := range o.Lines {
		if l.Bundle == 0 {
			continue
		}
		switch of := o.Lines[l.Bundle-1].Product; product {
		case l.Product:
			others = append(others, of)
		case of:
			others = append(others, l.Product)
		}
	}
	return others
}

// maxTime is later than anything that is told.
var maxTime = time.UnixMilli(1 << 53)
