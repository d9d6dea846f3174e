package projection

import (
	"context"
	"fmt"

	"homing/pkg/customer"
)

// passOn has what undoes an order reach the record of the same person under which somebody
// recommended the shop to them; see customer.Person.PassOn. It comes after what it looks
// for is in force, be it who the person is, the recommendation or what undoes the order:
// whichever process writes the last of them sees the others. A process that stops before it
// does so when the event comes again; so it is on the timeline first, since what a record
// knows is not passed on to it again.
func (s *Customers) passOn(ctx context.Context, asks []customer.Ask, meetings []introduction) error {
	for _, in := range meetings {
		asks = append(asks, customer.Ask{Key: in.entry.Key})
	}
	if len(asks) == 0 {
		return nil
	}
	persons, err := NewPeople(s, s.identity).Read(ctx, asks)
	if err != nil {
		return fmt.Errorf("looking for who placed an order: %w", err)
	}
	var told []customer.Entry
	for i := range persons {
		told = append(told, persons[i].PassOn()...)
	}
	return s.announce(ctx, told)
}

// tellOthers has entries of others in force, and then on the timeline, as intake does: what
// is planned of one may be due at once, and is judged by what is in force.
func (s *Customers) tellOthers(ctx context.Context, told []customer.Entry) error {
	if len(told) == 0 {
		return nil
	}
	epoch := s.Epoch()
	if err := s.fold(ctx, told); err != nil {
		return err
	}
	if err := s.introductions.Append(ctx, told); err != nil {
		return fmt.Errorf("telling who recommended the shop: %w", err)
	}
	s.unmarked.add(epoch, told)
	return nil
}
