package statistics

import (
	"context"

	"homing/pkg/customer"
	"homing/pkg/product"
)

// People are the customers' records, joined to persons.
type People interface {
	Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error)
	// Named returns, for each record, how many ids ever named the mailbox of its
	// account, that one included; 0: it has none.
	Named(ctx context.Context, records []customer.Record) ([]int, error)
}

// add counts a batch of customers, each person once: under the smallest token of their
// ids that are known. Most are alone at their mailbox, which one more round trip for
// the batch tells; the others are read as persons.
func (c *Statistics) add(ctx context.Context, k *product.Collector, batch []customer.Record) error {
	return Add(ctx, c.o.People, k, batch)
}

// A Counter counts persons, as a product.Collector does.
type Counter interface {
	Add(c *customer.Customer)
}

// Add counts the persons of some records: each once, wherever their other records are.
func Add(ctx context.Context, people People, k Counter, batch []customer.Record) error {
	named, err := people.Named(ctx, batch)
	if err != nil {
		return err
	}
	var asks []customer.Ask
	for i := range batch {
		r := &batch[i]
		several := named[i] > 1 && named[i] <= customer.MaxPerson // a mailbox of more is nobody's
		if r.Customer.Merged.Value != "" || len(r.Customer.Absorbed) > 0 || several {
			asks = append(asks, customer.Ask{Key: r.Key})
			continue
		}
		k.Add(&r.Customer)
	}
	if len(asks) == 0 {
		return nil
	}
	persons, err := people.Read(ctx, asks)
	if err != nil {
		return err
	}
	for i := range persons {
		if first(&persons[i]) == asks[i].Key {
			k.Add(&persons[i].Customer)
		}
	}
	return nil
}

// first is the member under whom a person is counted.
func first(p *customer.Person) customer.Key {
	for _, r := range p.Members {
		if r.Found() && r.Customer.ID.Value != "" {
			return r.Key
		}
	}
	return customer.Key{}
}
