package rehearsal

import (
	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
)

// A customer's habits are looked at by each touch, and change with their orders alone. So
// they are kept with the record, and known by where its orders are kept: copies of a
// record share these. Who has several records is looked at each time.

// first returns where the first of a customer's orders is kept; nil: there is none.
func first(c *customer.Customer) *customer.Order {
	if len(c.Orders) == 0 {
		return nil
	}
	return &c.Orders[0]
}

// habits returns what a customer bought and kept.
func (p *people) habits(c *customer.Customer) *product.Habits {
	r := p.byOrder[first(c)]
	if r == nil || len(r.Customer.Orders) != len(c.Orders) {
		return product.HabitsOf(c)
	}
	return p.habitsOf(r)
}

func (p *people) habitsOf(r *record) *product.Habits {
	if r.habits == nil {
		r.habits = product.HabitsOf(&r.Customer)
	}
	return r.habits
}

// told is called when an event changed a record, be it in place.
func (p *people) told(r *record, e *events.Event) {
	held := r.habits != nil && r.habits.Hold(e, &r.Customer)
	if !held {
		r.habits = nil
	}
	if !held || e.Type == events.TypeOrderPlaced {
		r.part = nil
	}
	p.found(r)
}

// ordered is called when a record was replaced.
func (p *people) ordered(r *record) {
	if first(&r.Customer) != r.orders {
		r.habits, r.part = nil, nil
		p.found(r)
	}
}

// found notes where a record's orders are kept.
func (p *people) found(r *record) {
	is := first(&r.Customer)
	if is == r.orders {
		return
	}
	delete(p.byOrder, r.orders)
	if r.orders = is; is != nil {
		p.byOrder[is] = r
	}
}
