package delivery

import (
	"context"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// outcome is what became of a touch, and under which claim.
type outcome struct {
	fact  events.Event
	owner uint64
}

// conclude records the outcome of a touch: it settles the claim and folds the
// fact in one step, appends the fact to the timeline, and marks it. Until the
// claim is settled the outcome is remembered here, so that another round of the
// loop does not have to guess what the relay said.
func (d *Delivery) conclude(ctx context.Context, a *attempt, f events.Event) error {
	d.outcomes.Store(a.id, outcome{f, a.owner})
	ctx = context.WithoutCancel(ctx)
	if err := d.suppress(ctx, a, f); err != nil {
		return err
	}
	mine, err := d.settle(ctx, a, f)
	if err != nil {
		return err
	}
	if mine {
		if err := d.record(ctx, a, f); err != nil {
			return err
		}
	}
	d.outcomes.Delete(a.id)
	d.letGo(a)
	return nil
}

// record records what was decided about a touch.
func (d *Delivery) record(ctx context.Context, a *attempt, f events.Event) error {
	if err := d.append(ctx, a, f); err != nil {
		return err
	}
	if d.o.Decided != nil {
		d.o.Decided(f.Type, touch.Reason(f.Data.(events.Fact).Body().Reason))
	}
	return nil
}

// append puts on the timeline what is folded already, and marks it.
func (d *Delivery) append(ctx context.Context, a *attempt, e events.Event) error {
	entries := []customer.Entry{{Key: a.touch.Customer, Event: e}}
	if err := d.o.Timeline.Append(ctx, entries); err != nil {
		return err
	}
	return d.o.Customers.MarkIn(ctx, a.epoch, entries)
}

// settle folds the fact into the customer: the claim, and with it the touches
// that the mail took over and the end of a series. It returns false when another
// attempt holds or settled the claim by now: its verdict stands.
func (d *Delivery) settle(ctx context.Context, a *attempt, f events.Event) (bool, error) {
	for range claimTries {
		if k, ok := a.record.Customer.Claimed(a.key); ok {
			switch {
			case k.State != customer.Open:
				// An outcome that is said again, or a write of ours whose answer was lost.
				return k.At == f.Time.UnixMilli(), nil
			case k.Owner != a.owner && !d.idle(a, k) && time.Until(time.UnixMilli(k.Lease)) > 0:
				return false, nil
			}
		}
		if !a.record.Found() {
			return true, nil // dropped, and there is nobody to settle it with
		}
		a.freeOthers()
		customer.Apply(&a.record.Customer, f)
		saved, err := d.o.Customers.Save(ctx, saving(&a.record))
		if err != nil {
			return false, err
		}
		if saved[0] {
			d.unsent.forget(a.id)
			return true, nil
		}
		if err := d.load(ctx, a); err != nil {
			return false, err
		}
	}
	return false, errContended
}

// giveUp leaves the touch to whoever holds the claim now.
func (d *Delivery) giveUp(ctx context.Context, a *attempt) error {
	if err := d.release(context.WithoutCancel(ctx), a); err != nil {
		return err
	}
	return bus.Later(leaseFor)
}
