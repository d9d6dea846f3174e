package delivery

import (
	"context"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/touch"
)

// fresh is how long what was read and decided holds: composing a message and
// waiting for a connection may take longer.
const fresh = 5 * time.Second

// load reads the persons whom attempts are about: all records that are theirs, and
// what is known about their addresses. A touch names the address, by its hash, so that
// one round trip is enough for most. That something cannot be read is an error, never
// a yes.
func (d *Delivery) load(ctx context.Context, as ...*attempt) error {
	epoch, now := d.o.Customers.Epoch(), time.Now()
	asks, near, hints := make([]customer.Ask, len(as)), make([]customer.Key, 0, len(as)), make([]customer.Key, len(as))
	for i, a := range as {
		asks[i] = customer.Ask{Key: a.touch.Customer}
		if a.touch.Address != "" {
			hints[i] = d.o.Mailbox(a.touch.Customer.Store, a.touch.Address)
			near = append(near, hints[i])
		}
	}
	persons, err := d.o.People.Read(ctx, asks, near...)
	if err != nil {
		return err
	}
	var others []*attempt
	for i, a := range as {
		a.person, a.other, a.epoch, a.loaded, a.apart = &persons[i], nil, epoch, now, false
		if a.habits = d.o.Habits; a.habits == nil {
			a.habits = product.Remembered()
		}
		a.record = customer.Record{Key: a.touch.Customer}
		for j := range a.person.Members {
			if r := a.person.Members[j]; r.Key == a.touch.Customer {
				a.record = *r
			}
		}
		if d.address(a, hints[i]) {
			others = append(others, a)
		}
	}
	return d.others(ctx, others)
}

// address finds out where a touch goes, and reports whether somebody else than the
// person answers there. hint is the mailbox of the address that the touch names: next
// time it names the one that the account has now.
func (d *Delivery) address(a *attempt, hint customer.Key) (other bool) {
	store, account := a.touch.Customer.Store, a.person.Customer.Account()
	of := a.person.Mailboxes
	switch {
	case account == "":
		a.touch.Address, hint = "", customer.Key{}
	case len(of) != 1 || of[0].Key != hint:
		a.touch.Address = d.o.Address(store, account)
		hint = d.o.Mailbox(store, a.touch.Address)
	}
	if a.step.Class == touch.Staff {
		a.touch.Address, a.mailbox, a.to = "", customer.Key{}, a.store.Digest.Address(a.touch.Customer)
		return false
	}
	if a.to = a.worker.Goes(a.touch, &a.record.Customer, &a.person.Customer); customer.SameAddress(a.to, account) {
		a.mailbox = hint
		return false
	}
	a.mailbox = d.o.Mailbox(store, d.o.Address(store, a.to))
	return !slices.ContainsFunc(of, func(r *customer.Record) bool { return r.Key == a.mailbox })
}

// others reads who answers to the addresses of orders that came with another than the
// account's.
func (d *Delivery) others(ctx context.Context, as []*attempt) error {
	if len(as) == 0 {
		return nil
	}
	asks, near := make([]customer.Ask, len(as)), make([]customer.Key, len(as))
	for i, a := range as {
		asks[i], near[i] = customer.Ask{Key: a.mailbox, Email: a.to}, a.mailbox
	}
	persons, err := d.o.People.Read(ctx, asks, near...)
	if err != nil {
		return err
	}
	for i, a := range as {
		a.other = &persons[i]
	}
	return nil
}

// rests returns all that an attempt was judged by.
func (a *attempt) rests() ([]*customer.Record, []customer.Links) {
	if a.other == nil {
		return a.person.Rests, a.person.Links
	}
	return slices.Concat(a.person.Rests, a.other.Rests), slices.Concat(a.person.Links, a.other.Links)
}

// reload reads the record again that the claim is in. It is for a touch that was
// decided.
func (d *Delivery) reload(ctx context.Context, a *attempt) error {
	epoch := d.o.Customers.Epoch()
	records, err := d.o.Customers.Load(ctx, []customer.Key{a.touch.Customer})
	if err == nil {
		a.record, a.epoch, a.apart = records[0], epoch, false
	}
	return err
}

// refresh is the stage that reads again what was read too long ago: the touch has
// waited for its turn.
func (d *Delivery) refresh(ctx context.Context, a *attempt) Decision {
	if time.Since(a.loaded) < fresh {
		return Decision{}
	}
	if err := d.load(ctx, a); err != nil {
		return waitFor(err)
	}
	return Decision{}
}

// suppress records that an address was found unusable, or is perhaps, for all customers
// of the store who have it. It comes before the touch's own outcome: a process that dies in
// between has said no more than is true.
func (d *Delivery) suppress(ctx context.Context, a *attempt, f events.Event) error {
	fact, ok := f.Data.(events.Fact)
	if !ok {
		return nil
	}
	e, hash, bounced := f, fact.Body().Bounced, &events.AddressBounced{}
	if hash == "" && a.doubted {
		hash, bounced.Permanent = d.o.Address(a.touch.Customer.Store, a.to), new(bool)
	}
	if hash == "" {
		return nil
	}
	e.ID, e.Type, e.Data = f.ID+"-address", events.TypeAddressBounced, bounced
	return d.o.Take(ctx, []customer.Entry{{Key: d.o.Mailbox(a.touch.Customer.Store, hash), Event: e}})
}
