package installation

import (
	"context"
	"slices"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/schedule"
)

// judged returns, by touch id, the person whom each pending touch is judged by, as
// delivery has it: the person under the id that it was planned for, and who answers to
// the address of its order, where that is somebody else's.
func (i *Installation) judged(ctx context.Context, base programme.Person, waiting []schedule.PendingTouch) (map[string]*programme.Person, error) {
	asks := make([]customer.Ask, len(waiting))
	for n, w := range waiting {
		asks[n] = customer.Ask{Key: w.Touch.Customer}
	}
	persons, err := i.people.Read(ctx, asks)
	if err != nil {
		return nil, err
	}
	out := map[string]*programme.Person{}
	var there []customer.Ask
	var of []*programme.Person
	for n, w := range waiting {
		p, t := &persons[n], w.Touch
		store, own := t.Customer.Store, customer.Customer{}
		for _, r := range p.Members {
			if r.Key == t.Customer {
				own = r.Customer
			}
		}
		x := base
		x.Customer, x.To, x.Shared, x.Recipient = &p.Customer, base.Store.Worker(t.Worker).Goes(t, &own, &p.Customer), p.Crowded, nil
		out[t.ID()] = &x
		mailbox := i.identity.Mailbox(store, x.To)
		x.Mailbox = mailboxOf(p, mailbox)
		if x.To != "" && !slices.ContainsFunc(p.Mailboxes, func(r *customer.Record) bool { return r.Key == mailbox }) {
			there, of = append(there, i.identity.AskMailbox(store, x.To)), append(of, &x)
		}
	}
	others, err := i.people.Read(ctx, there)
	if err != nil {
		return nil, err
	}
	for n, x := range of {
		p := &others[n]
		x.Mailbox, x.Shared = mailboxOf(p, there[n].Key), p.Crowded
		x.Recipient = &gate.Recipient{Customer: &p.Customer, Mailbox: there[n].Key.Token, Erased: p.ErasedAt()}
	}
	return out, nil
}

// mailboxOf returns what is known about one of a person's addresses itself.
func mailboxOf(p *customer.Person, k customer.Key) gate.Mailbox {
	for _, r := range p.Mailboxes {
		if r.Key == k {
			return gate.MailboxOf(&r.Customer)
		}
	}
	return gate.Mailbox{}
}
