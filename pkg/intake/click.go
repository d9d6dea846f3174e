package intake

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/click"
	"homing/pkg/customer"
)

// clicked reads a click that the gateway could not record. What it did not sign is
// refused as a type that does not exist: a storefront has one of its own for this.
func (in *Intake) clicked(m jetstream.Msg, sequence uint64) (customer.Entry, error) {
	store, _, err := events.ParseSubject(m.Subject())
	if err != nil {
		return customer.Entry{}, err
	}
	x, err := click.Click{}, click.ErrForged
	if in.o.Clicks != nil {
		x, err = in.o.Clicks.Decode(store, m.Data())
	}
	if err != nil {
		return customer.Entry{}, &events.Error{
			Reason: events.ReasonUnknownType, Field: "type",
			Detail: string(click.Type) + " is what Homing's own gateway writes, and it has not signed this one; publish customer.unsubscribed",
		}
	}
	if err := in.checkStore(store); err != nil {
		return customer.Entry{}, err
	}
	e := x.Later(&customer.Customer{})
	e.Place = sequence
	return customer.Entry{Key: x.Customer, Event: e}, nil
}

// complete says of clicks what follows from who made them; which says where they are among
// the entries.
func (in *Intake) complete(ctx context.Context, entries []customer.Entry, which []int) error {
	if len(which) == 0 || in.o.People == nil {
		return nil
	}
	asks := make([]customer.Ask, len(which))
	for i, n := range which {
		asks[i] = customer.Ask{Key: entries[n].Key}
	}
	persons, err := in.o.People.Read(ctx, asks)
	if err != nil {
		return err
	}
	for i, n := range which {
		e := &entries[n]
		x := click.Click{Customer: e.Key, Scope: e.Event.Data.(*events.CustomerUnsubscribed).Scope, At: e.Event.Time.UnixMilli()}
		place := e.Event.Place
		e.Event = x.Later(&persons[i].Customer)
		e.Event.Place = place
	}
	return nil
}
