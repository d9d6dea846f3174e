package product

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// A Part is what one customer adds to the statistics.
type Part struct {
	id      string
	at      time.Time
	orders  []time.Time
	pairs   []partOf
	habits  Habits
	visitor bool // some of it was bought again
}

// partOf is what they add to one product.
type partOf struct {
	product string
	sums    foresight.Sums
}

// PartOf returns what a customer adds at a time, with habits that are theirs.
func PartOf(c *customer.Customer, h Habits, at time.Time) *Part {
	p := &Part{id: c.ID.Value, at: at, orders: c.OrderTimes(), habits: h, pairs: make([]partOf, 0, len(h.Pairs))}
	for id, pair := range h.Pairs {
		s := pair.Sums(at)
		p.pairs, p.visitor = append(p.pairs, partOf{id, s}), p.visitor || s.Intervals > 0
	}
	return p
}

// Lasts reports whether the part is the same on later nights, for as long as nothing about
// the customer's orders changes. It is not while something is still to be bought.
func (p *Part) Lasts() bool {
	for _, first := range p.habits.firsts {
		if first.After(p.at) {
			return false
		}
	}
	return true
}

// Parts are what many customers add together. They are kept from night to night, so that
// only those count whose orders changed.
type Parts struct {
	at        time.Time
	products  map[string]*tally
	shop      foresight.Sums
	visitors  int
	customers int
}

// NewParts returns the parts of nobody, at a time.
func NewParts(at time.Time) *Parts { return &Parts{at: at, products: map[string]*tally{}} }

// Later moves the parts to a later time. It reports whether it did: exposure is counted in
// whole hours, so no other time than some whole hours later will do.
func (p *Parts) Later(at time.Time) bool {
	d := at.Sub(p.at)
	if d < 0 || d%time.Hour != 0 {
		return false
	}
	p.at, p.shop = at, p.shop.Later(d)
	for _, t := range p.products {
		t.Sums = t.Sums.Later(d)
	}
	return true
}

// Put adds a part that lasts.
func (p *Parts) Put(x *Part) { p.add(x, 1, foresight.Sums.Plus) }

// Take takes one out that was put.
func (p *Parts) Take(x *Part) { p.add(x, -1, foresight.Sums.Less) }

func (p *Parts) add(x *Part, n int, sum func(a, b foresight.Sums) foresight.Sums) {
	if x.id == "" {
		return
	}
	p.customers += n
	if x.visitor {
		p.visitors += n
	}
	later := p.at.Sub(x.at)
	for _, pair := range x.pairs {
		t := p.products[pair.product]
		if t == nil {
			t = &tally{}
			p.products[pair.product] = t
		}
		s := pair.sums.Later(later)
		t.Sums, p.shop = sum(t.Sums, s), sum(p.shop, s)
		if t.Buyers += n; s.Intervals > 0 {
			t.cameBack += n
		}
		if t.Buyers == 0 {
			delete(p.products, pair.product)
		}
	}
}

// Add counts a customer: a person, with what is known under all of their ids. What has no
// id is nobody: the record of an address, or of someone who was erased.
func (k *Collector) Add(c *customer.Customer) {
	p := NewParts(k.at)
	x := PartOf(c, HabitsOf(c), k.at)
	p.Put(x)
	k.AddParts(p)
	k.Live(x)
}

// AddParts counts what is put together of some customers, as of the collector's time.
func (k *Collector) AddParts(p *Parts) {
	k.customers, k.visitors, k.shop = k.customers+p.customers, k.visitors+p.visitors, k.shop.Plus(p.shop)
	for id, x := range p.products {
		if t := k.of(id); t != nil {
			t.Buyers, t.cameBack, t.Sums = t.Buyers+x.Buyers, t.cameBack+x.cameBack, t.Sums.Plus(x.Sums)
		}
	}
}

// Live learns from what a customer did, as time passes. It is called for each who is
// counted, in the order of their keys or any other.
func (k *Collector) Live(p *Part) {
	if p.id == "" {
		return
	}
	k.silences.Add(p.orders)
	if k.lives != nil && draw(p.id) <= k.drawn {
		k.lives.Add(p.habits.Pairs)
		if r, ok := foresight.RepeatOf(p.orders, k.at); ok {
			k.repeats = append(k.repeats, r)
		}
	}
}
