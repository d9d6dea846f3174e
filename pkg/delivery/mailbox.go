package delivery

import (
	"context"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
)

// mailboxes reads what is known of the addresses of the attempts' customers, in
// one round trip for all: whether mail to them came back or was called spam,
// whichever of the store's customers it was to. That it cannot be read is an
// error, never a yes.
func (d *Delivery) mailboxes(ctx context.Context, as []*attempt) error {
	keys, of := make([]customer.Key, 0, len(as)), make([]*attempt, 0, len(as))
	for _, a := range as {
		a.mailbox = gate.Mailbox{}
		if email := a.record.Customer.Email.Value; email != "" {
			store := a.touch.Customer.Store
			keys, of = append(keys, d.o.Mailbox(store, d.o.Address(store, email))), append(of, a)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	records, err := d.o.Customers.Load(ctx, keys)
	if err != nil {
		return err
	}
	for i, a := range of {
		a.mailbox = gate.MailboxOf(&records[i].Customer)
	}
	return nil
}

// suppress says of an address that a relay found unusable that it is, for all
// customers of the store who have it. It comes before the touch's own outcome:
// whoever dies in between has said no more than is true.
func (d *Delivery) suppress(ctx context.Context, a *attempt, f events.Event) error {
	fact, ok := f.Data.(events.Fact)
	if !ok || fact.Body().Bounced == "" {
		return nil
	}
	e := f
	e.ID, e.Type, e.Data = f.ID+"-address", events.TypeAddressBounced, &events.AddressBounced{}
	return d.o.Suppress(ctx, []customer.Entry{{Key: d.o.Mailbox(a.touch.Customer.Store, fact.Body().Bounced), Event: e}})
}
