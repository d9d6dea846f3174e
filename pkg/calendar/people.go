package calendar

import (
	"cmp"
	"context"
	"slices"

	"homing/pkg/customer"
	"homing/pkg/projection"
)

// People reads persons: an index names records, each of one id, and what is told is
// told of the person.
type People interface {
	Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error)
}

// candidate is a record that an index named, and whose it is.
type candidate struct {
	projection.Placed
	own    *customer.Customer // what is known under this id alone
	person *customer.Person
}

// pages reads those whom an index named, and calls fn with them.
func (c *Calendar) pages(ctx context.Context, all []projection.Placed, fn func(context.Context, []candidate) error) error {
	for ps := range slices.Chunk(all, page) {
		asks := make([]customer.Ask, len(ps))
		for i, p := range ps {
			asks[i] = customer.Ask{Key: p.Key}
		}
		persons, err := c.o.People.Read(ctx, asks)
		if err != nil {
			return err
		}
		out := make([]candidate, len(ps))
		for i, p := range ps {
			out[i] = candidate{p, new(customer.Customer), &persons[i]}
			for m := range persons[i].Members {
				if r := persons[i].Members[m]; r.Key == p.Key {
					out[i].own = &r.Customer
				}
			}
		}
		if err := fn(ctx, out); err != nil {
			return err
		}
	}
	return nil
}

// speaks reports whether the candidate is the one of the person's ids that is told of:
// all of them may be in an index. It is an account rather than a guest, and the smallest
// token, of those for which has is true.
func (x *candidate) speaks(has func(*customer.Customer) bool) bool {
	var first *customer.Record
	for _, r := range x.person.Members {
		if has(&r.Customer) && (first == nil || byStanding(r, first) < 0) {
			first = r
		}
	}
	return first != nil && first.Key == x.Key
}

func byStanding(a, b *customer.Record) int {
	return cmp.Or(cmp.Compare(asGuest(a), asGuest(b)), customer.CompareKeys(a.Key, b.Key))
}

func asGuest(r *customer.Record) int {
	if customer.IsGuest(r.Customer.ID.Value) {
		return 1
	}
	return 0
}

// goesOn returns the id that a shop goes on with for the candidate, and its token:
// its own, or the one that it was merged into.
func (x *candidate) goesOn() (id, token string) {
	of := map[customer.Key]*customer.Customer{x.Key: x.own}
	way := customer.GoesOn(x.Key, func(k customer.Key) (customer.Key, customer.Stamp, bool) {
		m := of[k].Merged
		i := slices.IndexFunc(x.person.Members, func(r *customer.Record) bool {
			return m.Value != "" && r.Customer.ID.Value == m.Value
		})
		if i < 0 {
			return customer.Key{}, customer.Stamp{}, false
		}
		r := x.person.Members[i]
		of[r.Key] = &r.Customer
		return r.Key, m.Stamp, true
	})
	last := way[len(way)-1]
	return of[last].ID.Value, last.Token
}
