package statistics

import (
	"context"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/recommend"
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

// night counts persons for all that is computed in one pass.
type night struct {
	*product.Collector
	together *recommend.Collector
}

// Add implements Counter.
func (n *night) Add(c *customer.Customer) {
	h := product.HabitsOf(c)
	n.AddWith(c, h)
	n.together.Add(c, h.Bought)
}

// Sold counts an order of nobody.
func (n *night) Sold(e events.Event) {
	n.Collector.Sold(e)
	n.together.Sold(e)
}
