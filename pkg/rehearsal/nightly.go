package rehearsal

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/product"
)

// nightly counts persons for the nightly statistics. Most have one id and did nothing
// since the night before: what they add is known.
type nightly struct {
	*product.Collector
	people *people
	store  string
	at     time.Time
}

// Add implements statistics.Counter.
func (c *nightly) Add(who *customer.Customer) {
	if len(who.Tokens) > 1 || who.ID.Value == "" {
		c.Collector.Add(who)
		return
	}
	r := c.people.at(c.people.id.Key(c.store, who.ID.Value))
	if r.part == nil {
		part := product.PartOf(who, c.at)
		r.part = &part
	}
	c.AddPart(*r.part, who)
}

// buyers are the records of a store that have an id, in the order of their keys.
func (p *people) buyers(store string) []customer.Record {
	var all []customer.Record
	for _, r := range p.records {
		if r.Key.Store == store && r.Customer.ID.Value != "" {
			all = append(all, r.Record)
		}
	}
	slices.SortFunc(all, func(a, b customer.Record) int { return customer.CompareKeys(a.Key, b.Key) })
	return all
}
