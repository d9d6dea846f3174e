package projection

import (
	"context"
	"errors"

	"homing/events"
	"homing/pkg/customer"
)

// ErrContended says that a customer kept being changed by others.
var ErrContended = errors.New("a customer is being changed by too many at once")

// foldTries bounds the rounds of compare-and-set. Each round lost is one that
// another process won.
const foldTries = 20

// Fold applies events to their customers: load, apply, compare-and-set, and
// again for those that others changed meanwhile. It takes two round trips when
// nobody does. Events that change nothing are not written.
func (s *Customers) Fold(ctx context.Context, folds []customer.Entry) error {
	todo := group(folds)
	for range foldTries {
		if len(todo) == 0 {
			return nil
		}
		keys := make([]customer.Key, len(todo))
		for i, g := range todo {
			keys[i] = g.key
		}
		records, err := s.Load(ctx, keys)
		if err != nil {
			return err
		}
		changed, of := make([]*customer.Record, 0, len(todo)), make([]int, 0, len(todo))
		for i, g := range todo {
			r := &records[i]
			if g.apply(&r.Customer) {
				changed, of = append(changed, r), append(of, i)
			}
		}
		ok, err := s.Save(ctx, changed)
		if err != nil {
			return err
		}
		var lost []customerEvents
		for n, i := range of {
			if !ok[n] {
				lost = append(lost, todo[i])
			}
		}
		todo = lost
	}
	return ErrContended
}

type customerEvents struct {
	key    customer.Key
	events []events.Event
}

func (g customerEvents) apply(c *customer.Customer) bool {
	changed := false
	for _, e := range g.events {
		changed = customer.Apply(c, e) || changed
	}
	return changed
}

// group gathers the events of each customer. What concerns no customer, such as
// a product, is folded into none.
func group(folds []customer.Entry) []customerEvents {
	index := make(map[customer.Key]int, len(folds))
	out := make([]customerEvents, 0, len(folds))
	for _, f := range folds {
		if !customer.Folds(f.Event.Type) {
			continue
		}
		i, ok := index[f.Key]
		if !ok {
			i = len(out)
			index[f.Key] = i
			out = append(out, customerEvents{key: f.Key})
		}
		out[i].events = append(out[i].events, f.Event)
	}
	return out
}
