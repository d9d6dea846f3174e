package delivery

import (
	"context"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// finish turns a decision into facts, schedule, claim and ack, and nothing else
// ends a touch. It returns what the loop is told, by bus's table. A touch that
// leaves this process is forgotten; one that stays in flight, because that was
// decided or because finishing failed, is not.
func (d *Delivery) finish(ctx context.Context, a *attempt, decision Decision) error {
	if a.span != nil {
		a.decided(decision)
	}
	if a.handed { // what has left is recorded, even while we are stopping
		ctx = context.WithoutCancel(ctx)
	}
	if err := d.carryOut(ctx, a, decision); err != nil {
		return err
	}
	if decision.Action == Wait && decision.Aside == 0 {
		return decision.Err
	}
	d.forget(a)
	return decision.Err
}

// carryOut does what a decision asks for. When it fails it is done again: by this
// attempt's successor, and at worst twice.
func (d *Delivery) carryOut(ctx context.Context, a *attempt, decision Decision) error {
	switch decision.Action {
	case Drop:
		return d.settle(ctx, a, d.dropped(a, decision.Body))
	case Settled:
		return d.settle(ctx, a, decision.Fact)
	case HoldUntil:
		return d.hold(ctx, a, decision)
	}
	if err := d.free(ctx, a); err != nil || decision.Aside == 0 {
		return err
	}
	_, err := d.reschedule(ctx, a, d.o.Scale.Now().Add(decision.Aside), "", decision.Why)
	return err
}

// dropped is the fact that a touch is not sent. One that was dropped before, for a
// reason that does not hold any more, has an earlier such fact.
func (d *Delivery) dropped(a *attempt, body events.FactBody) events.Event {
	f := d.fact(a, events.ActionDropped, body)
	if _, again := d.revocable(a); again {
		f.ID = fmt.Sprintf("%s-%d", f.ID, f.Time.UnixMilli())
	}
	return f
}

// reschedule puts the touch back on the schedule, for an instant or for a time of day
// on the clocks of a zone. It reports false, and does not, if its message is gone: an
// erasure took it along, or a newer one has its place.
func (d *Delivery) reschedule(ctx context.Context, a *attempt, until time.Time, zone string, why reason.Reason) (bool, error) {
	t := a.touch
	t.Wake, t.Zone, t.Late = until, zone, false
	return d.o.Schedule.PutBack(ctx, t, a.due, why)
}

// hold puts the touch back on the schedule and says so, in that order: at worst it
// is held twice.
func (d *Delivery) hold(ctx context.Context, a *attempt, decision Decision) error {
	if err := d.free(ctx, a); err != nil {
		return err
	}
	until, body := decision.Until.UTC(), decision.Body
	if decision.Moves {
		a.touch.Due = until
		body.Due = &until
	}
	if back, err := d.reschedule(ctx, a, decision.Until, decision.Zone, reason.Reason(body.Reason)); err != nil || !back {
		return err
	}
	body.Until = &until
	f := d.fact(a, events.ActionHeld, body)
	f.ID = fmt.Sprintf("%s-%d", f.ID, until.UnixMilli())
	if body.Reason == string(reason.Yields) {
		if err := d.noteYield(ctx, a, &f); err != nil {
			return err
		}
	}
	return d.record(ctx, a, f)
}

// noteYield folds into the customer that a touch yielded. If it is told again,
// since an earlier attempt didn't get as far as the timeline, it has the same time.
func (d *Delivery) noteYield(ctx context.Context, a *attempt, f *events.Event) error {
	for range judgeTries {
		if f.Time.Before(a.touch.Wake) {
			f.Time = a.touch.Wake // our clock is behind the one that woke it
		}
		for _, n := range a.record.Customer.Noted(customer.Yielded, a.id) {
			if n.At >= a.touch.Wake.UnixMilli() {
				f.Time = n.Time()
			}
		}
		a.detach()
		if !customer.Apply(&a.record.Customer, *f) {
			return nil
		}
		saved, err := d.o.Customers.Save(ctx, saving(&a.record))
		if err != nil || saved[0] {
			return err
		}
		if err := d.reload(ctx, a); err != nil {
			return err
		}
	}
	return errContended
}

// settle records the outcome of a touch: it settles the claim and folds the fact in
// one step, appends the fact to the timeline, and marks it. Until that is done the
// outcome is remembered, so that another attempt doesn't have to guess.
func (d *Delivery) settle(ctx context.Context, a *attempt, f events.Event) error {
	d.memory.note(a.id, func(m *memo) { m.outcome = &outcome{f, a.owner, a.left} })
	ctx = context.WithoutCancel(ctx)
	if err := d.suppress(ctx, a, f); err != nil {
		return err
	}
	mine, err := d.foldOutcome(ctx, a, f)
	if err != nil || !mine {
		return err
	}
	d.keep(a, f)
	return d.record(ctx, a, f)
}

// keep has a copy kept of what left. Nothing is kept of a customer who was erased in the
// meantime: the erasure has looked for copies already, perhaps.
func (d *Delivery) keep(a *attempt, f events.Event) {
	if d.o.Keep != nil && a.left != nil && !a.record.Customer.Gone() && a.step.Class != touch.Staff {
		d.o.Keep(a.touch.Customer, f, *a.left)
	}
}

// foldOutcome folds the fact into the customer: the claim, and with it the touches
// that the message took over and the end of a series. It returns false when another
// attempt holds or settled the claim by now: its verdict is the one that counts.
func (d *Delivery) foldOutcome(ctx context.Context, a *attempt, f events.Event) (bool, error) {
	for range judgeTries {
		if k, ok := a.record.Customer.Claimed(a.key); ok {
			_, dropped := d.revocable(a)
			switch {
			case dropped: // and has another outcome now
			case k.State != customer.Open:
				// An outcome that is told again, or a write of ours whose answer was lost.
				return k.At == f.Time.UnixMilli(), nil
			case k.Owner != a.owner && !d.idle(a, k) && time.Until(time.UnixMilli(k.Lease)) > 0:
				return false, nil
			}
		}
		if !a.record.Found() {
			return true, nil // dropped, and there is nobody to settle it with
		}
		a.detach()
		a.freeOthers()
		customer.Apply(&a.record.Customer, f)
		saved, err := d.o.Customers.Save(ctx, saving(&a.record))
		if err != nil || saved[0] {
			return err == nil, err
		}
		if err := d.reload(ctx, a); err != nil {
			return false, err
		}
	}
	return false, errContended
}
