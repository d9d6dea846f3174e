package delivery

import (
	"context"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/touch"
)

// yield asks whether another message should have the place that this one is about
// to take. Looking for others costs a request for each worker above ours and each id
// of the person, so it is done only where a place is the last.
func (d *Delivery) yield(ctx context.Context, a *attempt, c *gate.Case) (touch.Verdict, error) {
	if a.store.LookAhead <= 0 || !c.Scarce() {
		return touch.Verdict{}, nil
	}
	var names []string
	for _, w := range a.store.Above(a.worker, a.touch) {
		if !d.o.Holds.Paused(w.Name, a.touch.Customer.Store) {
			names = append(names, w.Name)
		}
	}
	if len(names) == 0 {
		return touch.Verdict{}, nil
	}
	// The place is with who answers to the address that the message goes to.
	whose := a.person
	if a.other != nil {
		whose = a.other
	}
	who := d.around(a, whose)
	mine := a.worker.PriorityOf(a.touch)
	var rivals []gate.Rival
	for i := range whose.Members {
		own := whose.Members[i]
		waiting, err := d.o.Schedule.Waiting(ctx, own.Key, names)
		if err != nil {
			return touch.Verdict{}, err
		}
		for _, t := range waiting {
			if a.store.Worker(t.Worker).PriorityOf(t) <= mine { // also this one itself
				continue
			}
			if d.elsewhere(whose, a.store.Worker(t.Worker).Goes(t, &own.Customer, &whose.Customer)) || d.occasion(t).Action != touch.Send {
				continue
			}
			if r, ok := who.Rival(t, c.Now); ok {
				rivals = append(rivals, r)
			}
		}
	}
	return c.Yield(mine, rivals, a.store.LookAhead), nil
}

// elsewhere reports whether an address is none of a person's.
func (d *Delivery) elsewhere(p *customer.Person, email string) bool {
	if email == "" || customer.SameAddress(email, p.Customer.Account()) {
		return false
	}
	for i := range p.Mailboxes {
		store := p.Mailboxes[i].Key.Store
		if p.Mailboxes[i].Key == d.o.Mailbox(store, d.o.Address(store, email)) {
			return false
		}
	}
	return true
}
