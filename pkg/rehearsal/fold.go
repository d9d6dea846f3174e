package rehearsal

import (
	"context"
	"slices"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/projection"
)

// Fold implements intake's customers: each event is applied to its customer, and what it
// says about who is who is in force with it.
func (p *people) Fold(ctx context.Context, entries []customer.Entry) error {
	for i := range entries {
		e := &entries[i]
		switch {
		case !customer.Folds(e.Event.Type) || e.Event.OfNobody():
		case e.Event.Type == events.TypeCustomerErased:
			if err := p.erase(ctx, e); err != nil {
				return err
			}
		default:
			p.fold(e)
		}
	}
	return nil
}

func (p *people) fold(e *customer.Entry) {
	r := p.at(e.Key)
	if d, ok := e.Event.Data.(events.CustomerData); ok {
		if met := p.introduce(&r.Customer, e, d); met {
			defer p.passOn(e.Key)
		}
	}
	p.into(r, e)
}

// introduce carries out what an event says about who is who, and is news. It reports
// whether two ids may have met.
func (p *people) introduce(c *customer.Customer, e *customer.Entry, d events.CustomerData) (met bool) {
	if email := d.Who().Email; email != "" && c.Tells(e.Event.Type, email, e.Event.Time.UnixMilli()) {
		met = p.link(p.id.Mailbox(e.Key.Store, email), e.Key) > 1
	}
	if m, ok := d.(*events.CustomerMerged); ok && !c.Absorbs(m.From, customer.StampOf(e.Event)) {
		fact := projection.Merged(p.id, e)
		p.fold(&fact)
		met = true
	}
	return met
}

// link notes that an id named a mailbox, and returns how many did.
func (p *people) link(mailbox, id customer.Key) int {
	ids := p.links[mailbox]
	i, known := slices.BinarySearchFunc(ids, id, customer.CompareKeys)
	if !known && len(ids) < projection.KeptLinks {
		ids = slices.Insert(slices.Clip(ids), i, id)
		p.links[mailbox] = ids
	}
	return len(ids)
}

// erase has an erasure reach all who were the person then, and what is pending for them.
func (p *people) erase(ctx context.Context, e *customer.Entry) error {
	at := e.Event.Time
	asks := []customer.Ask{{Key: e.Key}}
	if email := e.Event.Data.(events.CustomerData).Who().Email; email != "" {
		asks = append(asks, p.id.AskMailbox(e.Key.Store, email))
	}
	n := customer.NewNeighbourhood(p.id)
	who, err := n.ReachThen(at.UnixMilli(), asks, p.around(ctx, n))
	if err != nil {
		return err
	}
	for _, k := range slices.Backward(who.Members) {
		if k != e.Key {
			fact := projection.Erased(k, at)
			p.apply(&fact)
		}
	}
	for mailbox, email := range who.Mailboxes {
		p.link(mailbox, p.id.Key(e.Key.Store, p.id.Guest(e.Key.Store, email)))
		others := slices.DeleteFunc(slices.Clone(n.Links(mailbox)), func(k customer.Key) bool { return slices.Contains(who.Members, k) })
		p.forgetTo(others, email, at)
	}
	p.apply(e)
	return nil
}

// apply folds an erasure into one record.
func (p *people) apply(e *customer.Entry) {
	p.into(p.at(e.Key), e)
	p.forget(e.Key, e.Event.Time)
}

// into folds an event into one record.
func (p *people) into(r *record, e *customer.Entry) {
	changed, tell := customer.ApplyTelling(&r.Customer, e)
	if !changed {
		return
	}
	p.told(r, &e.Event)
	p.changed(r)
	p.tell(tell)
	if r.Customer.Strays(e) {
		p.passOn(e.Key)
	}
}

// passOn has the records of a person hear of orders of theirs; see customer.Person.PassOn.
func (p *people) passOn(k customer.Key) {
	who, err := p.Read(context.Background(), []customer.Ask{{Key: k}})
	if err != nil {
		return // it is in memory
	}
	for _, x := range who[0].PassOn() {
		p.into(p.at(x.Key), &x)
	}
}
