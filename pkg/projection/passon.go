package projection

import (
	"context"
	"fmt"

	"homing/pkg/customer"
)

// passOn has what undoes an order reach the record of the same person under which it was
// placed, where somebody recommended the shop to them; see customer.Person.PassOn. It
// comes after what says who the person is, which may be told in the same batch. A process
// that stops before it does so when the event comes again.
func (s *Customers) passOn(ctx context.Context, strays []customer.Entry) error {
	if len(strays) == 0 {
		return nil
	}
	asks := make([]customer.Ask, len(strays))
	for i, e := range strays {
		asks[i].Key = e.Key
	}
	persons, err := NewPeople(s, s.identity).Read(ctx, asks)
	if err != nil {
		return fmt.Errorf("looking for who placed an order: %w", err)
	}
	var copies []customer.Entry
	for i, e := range strays {
		copies = append(copies, persons[i].PassOn(e)...)
	}
	return s.announce(ctx, copies)
}
