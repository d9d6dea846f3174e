package installation

import (
	"context"
	"fmt"

	"homing/pkg/audience"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/segment"
	"homing/pkg/touch"
)

// Members counts the customers of a segment, and why some are not in its audience.
type Members struct {
	Customers int                   `json:"customers"`          // of the store, looked at
	Segment   int                   `json:"segment"`            // of them, in the segment
	Audience  int                   `json:"audience"`           // of them, written
	LeftOut   map[reason.Reason]int `json:"left_out,omitempty"` // of the segment, by why
}

// EachMember calls fn with those in a segment of a store who may be named as such, as
// programme.Person.Shareable has it: each person once. seen is told now and then how many customers it
// has looked at. Where nothing was computed yet, its error is segment.ErrUnknown.
func (i *Installation) EachMember(ctx context.Context, store, of string, fn func(audience.Member) error, seen func(n int)) (Members, error) {
	var n Members
	s, now := i.stores[store], i.o.Scale.Now()
	if err := s.CheckSegments([]string{of}, nil); err != nil {
		return n, err
	}
	products, err := i.products(ctx, store)
	if err != nil {
		return n, err
	}
	if !products.Segmented().Known() {
		return n, segment.ErrUnknown
	}
	address := func(email string) string { return i.identity.Address(store, email) }
	each := func(_ customer.Key, who *customer.Customer) error {
		n.Customers++
		p := &programme.Person{Store: s, Customer: who, Products: products, Address: address}
		m, err := p.Memberships(now)
		if err != nil || !m.Has(of) {
			return err
		}
		n.Segment++
		if v := p.Shareable(now); v.Action == touch.Drop {
			if n.LeftOut == nil {
				n.LeftOut = map[reason.Reason]int{}
			}
			n.LeftOut[v.Reason]++
			return nil
		}
		n.Audience++
		return fn(audience.Member{Email: who.Account(), FirstName: who.FirstName.Value, LastName: who.LastName.Value, Country: who.Country.Value})
	}
	err = i.customers.Scan(ctx, store, func(batch []customer.Record) error {
		err := customer.EachPerson(ctx, i.people, batch, each)
		seen(n.Customers)
		return err
	})
	if err != nil {
		return n, fmt.Errorf("reading the customers of store %s: %w", store, err)
	}
	return n, nil
}
