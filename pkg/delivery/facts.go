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

// entry is an event of the attempt's customer, for the timeline.
func (a *attempt) entry(e events.Event) customer.Entry {
	return customer.Entry{Key: a.touch.Customer, Event: e}
}

// record puts what was decided about a touch, and is folded already, on the timeline.
func (d *Delivery) record(ctx context.Context, a *attempt, f events.Event) error {
	if err := d.recorder.record(ctx, a.epoch, a.entry(f)); err != nil {
		return err
	}
	if d.o.Decided != nil {
		d.o.Decided(f.Type, reason.Reason(f.Data.(events.Fact).Body().Reason))
	}
	return nil
}

// orWait goes on, or waits for what failed.
func orWait(err error) Decision {
	if err != nil {
		return waitFor(err)
	}
	return Decision{}
}
