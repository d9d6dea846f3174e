package product

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/segment"
)

// A Part is what one customer adds to the statistics.
type Part struct {
	id      string
	at      time.Time
	orders  []time.Time
	pairs   []partOf
	habits  *Habits
	visitor bool // some of it was bought again
	ahead   bool // something is still to be bought

	ranks *segment.Orders // nil: not known yet
}

// partOf is what they add to one product.
type partOf struct {
	product string
	sums    foresight.Sums
}

// PartOf returns what a customer adds at a time, with habits that are theirs.
func PartOf(c *customer.Customer, h *Habits, at time.Time) *Part {
	p := &Part{id: c.ID.Value, at: at, orders: c.OrderTimes(), habits: h, ahead: h.last().After(at), pairs: make([]partOf, 0, h.Len())}
	for id, pair := range h.Pairs() {
		s := pair.Sums(at)
		p.pairs, p.visitor = append(p.pairs, partOf{id, s}), p.visitor || s.Intervals > 0
	}
	return p
}

// Rank looks at what segments are made of, of the customer that the part is of.
func (p *Part) Rank(c *customer.Customer) {
	if p.ranks == nil {
		p.ranks = segment.OrdersOf(c, p.at)
	}
}

// Lasts reports whether the part is the same on later nights, for as long as nothing about
// the customer's orders changes. It is not while something is still to be bought.
func (p *Part) Lasts() bool { return !p.ahead }

// Parts are what many customers add together. They may be kept from night to night, so
// that only those count whose orders changed.
type Parts struct {
	at        time.Time
	products  map[string]*tally
	shop      foresight.Sums
	visitors  int // customers with an interval
	customers int
}

type tally struct {
	Product
	cameBack int // customers who bought it again
}

// NewParts returns the parts of nobody, at a time.
func NewParts(at time.Time) *Parts { return &Parts{at: at, products: map[string]*tally{}} }

// of returns what is counted of a product; nil: there are too many.
func (p *Parts) of(id string) *tally {
	t, ok := p.products[id]
	if !ok {
		if len(p.products) >= maxTracked {
			return nil
		}
		t = &tally{}
		p.products[id] = t
	}
	return t
}

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
func (p *Parts) Put(x *Part) { p.Replace(nil, x) }

// Take takes one out that was put.
func (p *Parts) Take(x *Part) { p.Replace(x, nil) }

// Replace takes one part out that was put, and puts another, of the same customer. Most of
// what they did is the same in both. Either may be nil.
func (p *Parts) Replace(was, is *Part) {
	old, now := p.count(was, -1), p.count(is, 1)
	for i := range max(len(old), len(now)) {
		if i < len(old) && i < len(now) && old[i].product == now[i].product && old[i].sums.Later(is.at.Sub(was.at)) == now[i].sums {
			continue
		}
		if i < len(old) {
			p.add(&old[i], p.at.Sub(was.at), -1, foresight.Sums.Less)
		}
		if i < len(now) {
			p.add(&now[i], p.at.Sub(is.at), 1, foresight.Sums.Plus)
		}
	}
}

// count counts a customer, or takes them out, and returns what they add to products.
func (p *Parts) count(x *Part, n int) []partOf {
	if x == nil || x.id == "" {
		return nil
	}
	p.customers += n
	if x.visitor {
		p.visitors += n
	}
	return x.pairs
}

func (p *Parts) add(x *partOf, later time.Duration, n int, sum func(a, b foresight.Sums) foresight.Sums) {
	s := x.sums.Later(later)
	p.shop = sum(p.shop, s)
	t := p.of(x.product)
	if t == nil {
		return
	}
	t.Sums = sum(t.Sums, s)
	if t.Buyers += n; s.Intervals > 0 {
		t.cameBack += n
	}
	if t.Buyers == 0 {
		delete(p.products, x.product)
	}
}

// Add counts a customer: a person, with what is known under all of their ids. What has no
// id is nobody: the record of an address, or of someone who was erased.
func (k *Collector) Add(c *customer.Customer) { k.AddWith(c, HabitsOf(c)) }

// AddWith is Add with habits that are theirs.
func (k *Collector) AddWith(c *customer.Customer, h *Habits) {
	x := PartOf(c, h, k.at)
	k.tonight.Put(x)
	k.segment(c, x)
	k.live(x)
}

// AddParts counts what is put together of some customers, as of the collector's time. It is
// called once.
func (k *Collector) AddParts(p *Parts) { k.kept = p }

// Live learns from what a customer did, as time passes. It is called for each whose part is
// among those of AddParts, in the order of their keys or any other. Where segments are
// found out about, they were ranked.
func (k *Collector) Live(p *Part) {
	if k.segments != nil && p.id != "" {
		k.segments.AddOrders(p.ranks)
	}
	k.live(p)
}

func (k *Collector) live(p *Part) {
	if p.id == "" {
		return
	}
	k.silences.Add(p.orders)
	if k.lives != nil && customer.Lot(p.id) <= k.drawn {
		k.lives.Add(p.habits.Pairs())
		if r, ok := foresight.RepeatOf(p.orders, k.at); ok {
			k.repeats = append(k.repeats, r)
		}
	}
}
