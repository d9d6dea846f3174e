package statistics

import (
	"context"

	"homing/pkg/customer"
)

// A Counter counts persons, as a product.Collector does.
type Counter interface {
	Add(c *customer.Customer)
}

// Add counts the persons of some records, each once.
func Add(ctx context.Context, people customer.People, k Counter, batch []customer.Record) error {
	return customer.EachPerson(ctx, people, batch, func(_ customer.Key, who *customer.Customer) error {
		k.Add(who)
		return nil
	})
}
