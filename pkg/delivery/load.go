package delivery

import (
	"context"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// fresh is how long what was read and decided holds: composing a message and
// waiting for a connection may take longer.
const fresh = 5 * time.Second

// load reads the attempts' customers, and what is known about their addresses:
// whether email to them bounced or was called spam, whichever of the store's
// customers it was to. A touch names the address, by its hash, so that one round
// trip is enough for all of it; a second is for those whose address has changed.
// That something cannot be read is an error, never a yes.
func (d *Delivery) load(ctx context.Context, as ...*attempt) error {
	epoch, now := d.o.Customers.Epoch(), time.Now()
	keys := make([]customer.Key, len(as), 2*len(as))
	for i, a := range as {
		keys[i] = a.touch.Customer
	}
	for _, a := range as {
		if a.touch.Address != "" {
			keys = append(keys, d.mailboxKey(a))
		}
	}
	records, err := d.o.Customers.Load(ctx, keys)
	if err != nil {
		return err
	}
	mailboxes := records[len(as):]
	var moved []*attempt
	for i, a := range as {
		a.record, a.epoch, a.loaded, a.mailbox = records[i], epoch, now, customer.Record{}
		if a.touch.Address != "" {
			a.mailbox, mailboxes = mailboxes[0], mailboxes[1:]
		}
		if now := d.address(a); now != a.touch.Address {
			a.touch.Address, a.mailbox = now, customer.Record{}
			if now != "" {
				moved = append(moved, a)
			}
		}
	}
	return d.mailboxes(ctx, moved)
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

// address returns the keyed hash of the address of an attempt's customer, "" if
// there is none.
func (d *Delivery) address(a *attempt) string {
	if a.record.Customer.Account() == "" {
		return ""
	}
	return d.o.Address(a.touch.Customer.Store, a.record.Customer.Account())
}

func (d *Delivery) mailboxKey(a *attempt) customer.Key {
	return d.o.Mailbox(a.touch.Customer.Store, a.touch.Address)
}

// mailboxes reads what is known about the addresses of those whose touch didn't
// name theirs.
func (d *Delivery) mailboxes(ctx context.Context, as []*attempt) error {
	if len(as) == 0 {
		return nil
	}
	keys := make([]customer.Key, len(as))
	for i, a := range as {
		keys[i] = d.mailboxKey(a)
	}
	records, err := d.o.Customers.Load(ctx, keys)
	if err != nil {
		return err
	}
	for i, a := range as {
		a.mailbox = records[i]
	}
	return nil
}

// suppress records that an address was found unusable, for all customers of the
// store who have it. It comes before the touch's own outcome: a process that dies in
// between has said no more than is true.
func (d *Delivery) suppress(ctx context.Context, a *attempt, f events.Event) error {
	fact, ok := f.Data.(events.Fact)
	if !ok || fact.Body().Bounced == "" {
		return nil
	}
	e := f
	e.ID, e.Type, e.Data = f.ID+"-address", events.TypeAddressBounced, &events.AddressBounced{}
	return d.o.Suppress(ctx, []customer.Entry{{Key: d.o.Mailbox(a.touch.Customer.Store, fact.Body().Bounced), Event: e}})
}
