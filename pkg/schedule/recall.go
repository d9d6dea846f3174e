package schedule

import (
	"context"
	"slices"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/touch"
)

// An email that shows what a customer ordered last is caused by an event that does not
// say it: nobody is told what was in an order by a customer's silence. The record has
// the order's products by their ids; what they are called and look like is on the
// timeline, where the shop said it.

// recall gives plans that name an order and don't know its items what the timeline has
// of it, for workers that ask for it. An order that went to somebody else's mailbox is
// not shown at the account's, and one that the timeline has no more shows nothing.
func (p *Planner) recall(ctx context.Context, plans []plan, asks []customer.Ask, persons []customer.Person) error {
	if p.Timeline == nil {
		return nil
	}
	found := map[customer.Key]map[string][]events.Item{}
	for i := range plans {
		t := &plans[i]
		w := p.Workers[t.Customer.Store]
		if !w.Recalls || t.bare() {
			continue
		}
		whose := slices.IndexFunc(asks, func(a customer.Ask) bool { return a.Key == t.Customer })
		if incomplete(t.Snapshot) {
			if err := p.recallSubscription(ctx, t, &persons[whose]); err != nil {
				return err
			}
		}
		if t.Snapshot.Order == "" || len(t.Snapshot.Items) > 0 {
			continue
		}
		orders, ok := found[t.Customer]
		if !ok {
			var err error
			if orders, err = p.ordersOf(ctx, &persons[whose]); err != nil {
				return err
			}
			found[t.Customer] = orders
		}
		if s := *t.Snapshot; len(orders[s.Order]) > 0 {
			s.Items, s.More = touch.Items(orders[s.Order])
			t.Snapshot = &s
		}
	}
	return nil
}

// Recall gives one touch what the timeline has of what it names, for a worker that asks for it.
func Recall(ctx context.Context, from Timeline, w *programme.Worker, t touch.Touch, who customer.Person) (touch.Touch, error) {
	p := Planner{Timeline: from, Workers: map[string]*programme.Worker{t.Customer.Store: w}}
	plans := []plan{{Touch: t}}
	err := p.recall(ctx, plans, []customer.Ask{{Key: t.Customer}}, []customer.Person{who})
	return plans[0].Touch, err
}

// ordersOf returns what the person's orders have, as the shop said it last, by their
// ids; of the last hundred entries of each of the person's ids.
func (p *Planner) ordersOf(ctx context.Context, who *customer.Person) (map[string][]events.Item, error) {
	var sequences []uint64
	for _, r := range who.Members {
		sequences = append(sequences, r.Timeline()...)
	}
	entries, _, err := p.Timeline.Get(ctx, sequences)
	if err != nil {
		return nil, err
	}
	account := who.Customer.Account()
	out, told := map[string][]events.Item{}, map[string]customer.Stamp{}
	for _, e := range entries {
		o := events.OrderTold(e.Event.Data)
		if o == nil {
			continue
		}
		to := e.Event.Data.(events.CustomerData).Who().Email
		at := customer.StampOf(e.Event)
		if to != "" && !customer.SameAddress(to, account) || at.Compare(told[o.ID]) < 0 {
			continue
		}
		out[o.ID], told[o.ID] = o.Items, at
	}
	return out, nil
}
