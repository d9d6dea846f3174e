package delivery

import (
	"context"
	"errors"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
)

// body returns the parts that all facts about the touch share.
func (d *Delivery) body(a *attempt, why reason.Reason, detail string) events.FactBody {
	due := a.touch.Due.UTC()
	b := events.FactBody{
		Touch: a.id, Worker: a.touch.Worker, Step: a.touch.Step, Customer: a.touch.Customer.Token, Occasion: a.touch.Occasion,
		Class: string(a.step.Class), Reason: string(why), Detail: detail, Due: &due, To: a.elsewhere(), Channel: a.by(),
	}
	if again := a.touch.Again; again != nil {
		b.Again, b.By = again.Occasion, again.By
	}
	return b
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

// record records what was decided about a touch, and is folded already.
func (d *Delivery) record(ctx context.Context, a *attempt, f events.Event) error {
	x, err := d.append(ctx, a, f)
	if err == nil {
		err = d.marks.Do(ctx, []folded{x})
	}
	if err == nil && d.o.Decided != nil {
		d.o.Decided(f.Type, reason.Reason(f.Data.(events.Fact).Body().Reason))
	}
	return err
}

// folded is an entry of the timeline, and the epoch in which it was folded.
type folded struct {
	epoch uint64
	customer.Entry
}

// append puts an event of our own on the timeline, together with those of the same
// moment.
func (d *Delivery) append(ctx context.Context, a *attempt, e events.Event) (folded, error) {
	x := folded{a.epoch, customer.Entry{Key: a.touch.Customer, Event: e, Trace: a.span.Headers()}}
	return x, d.appends.Do(ctx, []*customer.Entry{&x.Entry})
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

// markEvery is how long facts gather before they are marked together. Nothing waits
// for that but their acknowledgement: the messages have left.
const markEvery = 20 * time.Millisecond

// markAll marks what gathered.
func (d *Delivery) markAll(ctx context.Context, on []folded) error {
	if !d.o.Alone {
		time.Sleep(markEvery)
	}
	of := map[uint64][]customer.Entry{}
	for _, x := range on {
		of[x.epoch] = append(of[x.epoch], x.Entry)
	}
	var err error
	for epoch, entries := range of {
		err = errors.Join(err, d.o.Customers.MarkIn(ctx, epoch, entries))
	}
	return err
}
