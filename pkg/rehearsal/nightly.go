package rehearsal

import (
	"context"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/statistics"
)

// nightly counts persons of some shards for the nightly statistics of a store. Most have
// one id and did nothing since the night before: they are counted already, and only what
// follows from the time that passed is looked at.
type nightly struct {
	*product.Collector
	store  string
	at     time.Time
	ranked bool    // segments are found out about
	people *people // of the shard that is counted
	news   []news
}

// news is a part that takes the place of another among those that are kept. Either may be
// nil.
type news struct{ was, is *product.Part }

// count counts the persons of a shard.
func (c *nightly) count(ctx context.Context, p *people) error {
	p.list()
	c.people = p
	var several []customer.Record
	for _, r := range p.listed {
		switch {
		case r.Key.Store != c.store || r.Customer.ID.Value == "":
		case r.Record.Several(p.named(r)):
			several = append(several, r.Record)
		default:
			c.alone(r)
		}
	}
	if err := statistics.Add(ctx, p, c, several); err != nil {
		return err
	}
	for _, r := range p.listed { // who was erased, or is one person with another now
		if r.put != nil && r.Key.Store == c.store && !r.night.Equal(c.at) {
			c.put(r, nil)
		}
	}
	return nil
}

// Add implements statistics.Counter.
func (c *nightly) Add(who *customer.Customer) {
	r := c.people.byOrder[first(who)]
	if r == nil || len(who.Tokens) > 1 || len(who.Orders) != len(r.Customer.Orders) {
		c.Collector.Add(who)
		return
	}
	c.alone(r)
}

// alone counts the person of one record.
func (c *nightly) alone(r *record) {
	who := &r.Customer
	if r.orders == nil {
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
		c.put(r, r.part)
	}
	r.night = c.at
	c.Live(r.part)
}

func (c *nightly) put(r *record, is *product.Part) {
	c.news = append(c.news, news{r.put, is})
	r.put = is
}

// list brings the list of records up to date.
func (p *people) list() {
	if len(p.added) > 0 {
		p.listed, p.added = append(p.listed, p.added...), nil
		slices.SortFunc(p.listed, func(a, b *record) int { return customer.CompareKeys(a.Key, b.Key) })
	}
}

// forgetParts has everybody counted anew.
func (p *people) forgetParts(store string) {
	for _, r := range p.records {
		if r.Key.Store == store {
			r.part, r.put = nil, nil
		}
	}
}
