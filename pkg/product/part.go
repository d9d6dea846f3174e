package product

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// A Part is what one customer adds to the statistics. For as long as nothing about their
// orders changes it can be added again, some whole hours later, without a look at these.
type Part struct {
	id     string
	at     time.Time
	orders []time.Time
	pairs  []partOf
}

// partOf is what they add to one product.
type partOf struct {
	product string
	sums    foresight.Sums
}

// PartOf returns what a customer adds at a time.
func PartOf(c *customer.Customer, at time.Time) Part {
	p := Part{id: c.ID.Value, at: at, orders: c.OrderTimes()}
	for id, pair := range HabitsOf(c) {
		p.pairs = append(p.pairs, partOf{id, pair.Sums(at)})
	}
	return p
}

// Add counts a customer: a person, with what is known under all of their ids. What has no
// id is nobody: the record of an address, or of someone who was erased.
func (k *Collector) Add(c *customer.Customer) { k.AddPart(PartOf(c, k.at), c) }

// AddPart is Add for a customer whose part is known.
func (k *Collector) AddPart(p Part, c *customer.Customer) {
	if p.id == "" {
		return
	}
	k.customers++
	visitor, later := false, k.at.Sub(p.at)
	for _, pair := range p.pairs {
		t := k.of(pair.product)
		if t == nil {
			continue
		}
		s := pair.sums.Later(later)
		t.Buyers++
		t.Sums = t.Sums.Plus(s)
		k.shop = k.shop.Plus(s)
		if s.Intervals > 0 {
			t.cameBack++
			visitor = true
		}
	}
	if visitor {
		k.visitors++
	}
	k.silences.Add(p.orders)
	if k.lives != nil && draw(p.id) <= k.drawn {
		k.lives.Add(HabitsOf(c))
		if r, ok := foresight.RepeatOf(p.orders, k.at); ok {
			k.repeats = append(k.repeats, r)
		}
	}
}
