package rehearsal

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/product"
)

// nightly counts persons for the nightly statistics. Most have one id and did nothing
// since the night before: they are counted already, and only what follows from the time
// that passed is looked at.
type nightly struct {
	*product.Collector
	parts  *product.Parts // of the store
	people *people
	at     time.Time
	ranked bool // segments are found out about
}

// Add implements statistics.Counter.
func (c *nightly) Add(who *customer.Customer) {
	r := c.people.byOrder[first(who)]
	if r == nil || len(who.Tokens) > 1 || len(who.Orders) != len(r.Customer.Orders) {
		c.Collector.Add(who)
		return
	}
	if r.part == nil {
		r.part = product.PartOf(who, c.people.habitsOf(r), c.at)
	}
	if !r.part.Lasts() {
		r.part = nil
		c.Collector.Add(who)
		return
	}
	if c.ranked {
		r.part.Rank(who)
	}
	if r.put != r.part {
		c.parts.Replace(r.put, r.part)
		r.put = r.part
	}
	r.night = c.at
	c.Live(r.part)
}

// end takes out who was counted once and is not any more: they were erased, or are one
// person with another.
func (c *nightly) end(store string) {
	for _, r := range c.people.listed {
		if r.put != nil && r.Key.Store == store && !r.night.Equal(c.at) {
			c.parts.Take(r.put)
			r.put = nil
		}
	}
}

// list brings the list of records up to date.
func (p *people) list() {
	if len(p.added) > 0 {
		p.listed, p.added = append(p.listed, p.added...), nil
		slices.SortFunc(p.listed, func(a, b *record) int { return customer.CompareKeys(a.Key, b.Key) })
	}
}

// buyers adds the records of a store that have an id, in the order of their keys.
func (p *people) buyers(store string, all []customer.Record) []customer.Record {
	p.list()
	for _, r := range p.listed {
		if r.Key.Store == store && r.Customer.ID.Value != "" {
			all = append(all, r.Record)
		}
	}
	return all
}

// forgetParts has everybody counted anew.
func (p *people) forgetParts(store string) {
	for _, r := range p.records {
		if r.Key.Store == store {
			r.part, r.put = nil, nil
		}
	}
}
