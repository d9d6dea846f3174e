package delivery

import (
	"context"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
)

// body returns the parts that all facts about the touch share.
func (d *Delivery) body(a *attempt, why reason.Reason, detail string) events.FactBody {
	due := a.touch.Due.UTC()
	return events.FactBody{
		Touch: a.id, Worker: a.touch.Worker, Step: a.touch.Step, Customer: a.touch.Customer.Token, Occasion: a.touch.Occasion,
		Class: string(a.step.Class), Reason: string(why), Detail: detail, Due: &due,
	}
}

// fact returns what became of a touch, as an event of the channel's own entity:
// "email.sent". Its id is the touch and what became of it, so that telling it twice
// is telling it once.
func (d *Delivery) fact(a *attempt, action string, body events.FactBody) events.Event {
	t := events.Type(a.route.Channel.Name() + "." + action)
	return events.Event{
		ID: a.id + "." + action, Source: "/homing/delivery", Type: t,
		Store: a.touch.Customer.Store, Time: d.o.Scale.Now().UTC().Truncate(1e6), Data: events.NewFact(t, body),
	}
}

// record records what was decided about a touch.
func (d *Delivery) record(ctx context.Context, a *attempt, f events.Event) error {
	if err := d.put(ctx, a, f); err != nil {
		return err
	}
	if d.o.Decided != nil {
		d.o.Decided(f.Type, reason.Reason(f.Data.(events.Fact).Body().Reason))
	}
	return nil
}

// put puts an event of our own that is folded already on the timeline, together with
// those of the same moment, and marks it.
func (d *Delivery) put(ctx context.Context, a *attempt, e events.Event) error {
	entries := []customer.Entry{{Key: a.touch.Customer, Event: e}}
	if err := d.appends.Do(ctx, []*customer.Entry{&entries[0]}); err != nil {
		return err
	}
	return d.o.Customers.MarkIn(ctx, a.epoch, entries)
}

// appendAll appends entries in one call, which sets their sequences.
func (d *Delivery) appendAll(ctx context.Context, on []*customer.Entry) error {
	entries := make([]customer.Entry, len(on))
	for i, e := range on {
		entries[i] = *e
	}
	err := d.o.Timeline.Append(ctx, entries)
	for i, e := range on {
		*e = entries[i]
	}
	return err
}
