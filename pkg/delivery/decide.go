package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/touch"
)

// errMissing waits for a refold.
var errMissing = errors.New("a customer with a due touch is not known to Redis")

// decide says what becomes of the touch now: the customer must be known, nobody
// else may be at it, and the gate must have nothing against it. A touch that has
// its outcome already gets no verdict but that outcome.
func (d *Delivery) decide(a *attempt) (touch.Verdict, *events.Event, error) {
	if !a.record.Found() {
		v, err := d.unknown(a)
		return v, nil, err
	}
	d.missing.Delete(a.record.Key)
	if done, err := d.claimed(a); done != nil || err != nil {
		return touch.Verdict{}, done, err
	}
	now := d.o.Scale.Now()
	a.judged = now
	return gate.Judge(d.person(a).Case(a.worker, a.touch, now)), nil, nil
}

// person is the attempt's customer, as the gate and the worker see them.
func (d *Delivery) person(a *attempt) *programme.Person {
	store := a.touch.Customer.Store
	p := &programme.Person{Store: a.store, Customer: &a.record.Customer, Mailbox: gate.MailboxOf(&a.mailbox.Customer),
		Address: func(email string) string { return d.o.Address(store, email) }}
	if d.o.Products != nil {
		p.Products = d.o.Products(store)
	}
	return p
}

// unknown has Redis proven again when a customer is missing, and drops the
// touch when they are missing still.
func (d *Delivery) unknown(a *attempt) (touch.Verdict, error) {
	since, seen := d.missing.LoadOrStore(a.record.Key, a.epoch)
	if seen && a.epoch > since.(uint64) {
		d.missing.Delete(a.record.Key)
		return touch.DropFor(touch.NoAddress, "the timeline does not know the customer"), nil
	}
	if !seen {
		d.o.Customers.Suspect()
	}
	return touch.Verdict{}, errMissing
}

// claimed looks at what is there of earlier attempts, and returns the outcome if
// there is one: settled, or unknown because a lease ran out over it.
func (d *Delivery) claimed(a *attempt) (*events.Event, error) {
	k, ok := a.record.Customer.Claimed(a.key)
	if !ok {
		return nil, nil
	}
	if k.State != customer.Open {
		f := d.again(a, k)
		return &f, nil
	}
	if d.idle(a, k) {
		return nil, nil
	}
	end := time.UnixMilli(k.Lease)
	if k.At == 0 { // another touch's mail has its content, and says what becomes of it
		end = end.Add(inheritAfter)
	}
	if left := time.Until(end); left > 0 {
		return nil, bus.Later(left + time.Second)
	}
	if a.step.Class == touch.Transactional {
		return nil, nil // sent once more, with the same Message-ID
	}
	body := d.body(a, touch.Uncertain, "the sender stopped before the relay's answer was recorded")
	body.MessageID = messageID(a)
	body.Sunset = a.step.Sunset
	body.Bundles = d.bundled(a, func(other customer.Claim) bool { return other.State == customer.Open && other.Owner == k.Owner })
	f := d.fact(a, &events.EmailUncertain{Email: body})
	return &f, nil
}

// inheritAfter is how long after its lease a touch is left to the mail that was
// to take it over: that one's own touch is delivered again before.
const inheritAfter = 2 * time.Minute

// again returns the fact of an outcome that is settled, for the case that it
// did not reach the timeline. It says all that was folded with the claim: a
// refold knows nothing else of it.
func (d *Delivery) again(a *attempt, k customer.Claim) events.Event {
	told := func(why touch.Reason) events.Email {
		b := d.body(a, why, "")
		b.MessageID = messageID(a)
		b.Sunset = a.step.Sunset && a.record.Customer.Sunset >= k.At
		b.Bundles = d.bundled(a, func(other customer.Claim) bool {
			return other.State == customer.Dropped && other.Why == string(touch.Bundled) && other.At == k.At
		})
		return b
	}
	var f events.Event
	switch k.State {
	case customer.Sent:
		f = d.fact(a, &events.EmailSent{Email: told(touch.Sent)})
	case customer.Uncertain:
		f = d.fact(a, &events.EmailUncertain{Email: told(touch.Uncertain)})
	default:
		f = d.fact(a, &events.EmailDropped{Email: d.body(a, touch.Reason(k.Why), "")})
	}
	f.Time = time.UnixMilli(k.At).UTC()
	return f
}

// hold puts the touch back on the schedule, says so, and is done with it, in
// that order: at worst it is held twice.
func (d *Delivery) hold(ctx context.Context, a *attempt, until time.Time, body events.Email) error {
	if err := d.free(ctx, a); err != nil {
		return err
	}
	t := a.touch
	t.Wake = until
	if err := d.o.Schedule.Put(ctx, []touch.Touch{t}); err != nil {
		return err
	}
	until = until.UTC()
	body.Until = &until
	d.letGo(a)
	f := d.fact(a, &events.EmailHeld{Email: body})
	f.ID = fmt.Sprintf("%s-%d", f.ID, until.UnixMilli())
	if body.Reason == string(touch.Yields) {
		if err := d.remember(ctx, a, &f); err != nil {
			return err
		}
	}
	return d.record(ctx, a, f)
}

// remember folds into the customer that a touch yielded. If it is said again,
// since an earlier round did not get as far as the timeline, it is of the same time.
func (d *Delivery) remember(ctx context.Context, a *attempt, f *events.Event) error {
	for range claimTries {
		if f.Time.Before(a.touch.Wake) {
			f.Time = a.touch.Wake // our clock is behind the one that woke it
		}
		for _, n := range a.record.Customer.Noted(customer.Yielded, a.id) {
			if n.At >= a.touch.Wake.UnixMilli() {
				f.Time = n.Time()
			}
		}
		if !customer.Apply(&a.record.Customer, *f) {
			return nil
		}
		saved, err := d.o.Customers.Save(ctx, saving(&a.record))
		if err != nil || saved[0] {
			return err
		}
		if err := d.load(ctx, a); err != nil {
			return err
		}
	}
	return errContended
}
