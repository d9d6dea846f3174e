package delivery

import (
	"context"
	"errors"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// judge is the stage that asks whether the touch may be sent now: nobody paused
// it, its customer is known, no other attempt is at it, the gate has nothing
// against it, and no other message should go first.
func (d *Delivery) judge(ctx context.Context, a *attempt) Decision {
	if d.paused(a) {
		return d.pause(a)
	}
	if !a.record.Found() && a.step.Class != touch.Staff { // their first has no record yet
		return d.unknown(a)
	}
	if d.memory.recall(a.id).missing != nil { // not any more: missing again is another matter
		d.memory.note(a.id, func(m *memo) { m.missing = nil })
	}
	if decision := d.claimed(a); decision.Action != Send {
		return decision
	}
	now := d.o.Scale.Now()
	a.judged, a.shop = now, nil // as it is now
	if decision := d.decreed(a, now); decision.Action != Send {
		return decision
	}
	c := d.personOf(a).Case(a.worker, a.touch, now)
	v := gate.Judge(c)
	if v.Action == touch.Send {
		var err error
		if v, err = d.yield(ctx, a, c); err != nil {
			return waitFor(err)
		}
	}
	if k, dropped := d.revocable(a); dropped && v.Action == touch.Drop && string(v.Reason) == k.Why {
		return settled(d.again(a, k)) // the order does not stand, as before
	}
	return d.verdict(a, v)
}

// occasion is what people decided about the occasion of a touch.
func (d *Delivery) occasion(t touch.Touch) touch.Verdict {
	if d.o.Occasions == nil {
		return touch.Verdict{}
	}
	return d.o.Occasions(t)
}

// decreed asks what people decided about an occasion that they made. What they paused is
// set aside, and nothing is said of it, as of what an operator pauses: until it is too late
// for it, which is the gate's to say.
func (d *Delivery) decreed(a *attempt, now time.Time) Decision {
	v := d.occasion(a.touch)
	if v.Action != touch.Hold {
		return d.verdict(a, v)
	}
	if now.After(a.touch.Due.Add(a.step.Expires)) {
		return Decision{}
	}
	return setAside(v.Until.Sub(now), v.Reason)
}

// revocable returns the claim on a touch that was dropped for a reason which the
// shop can take back. Such a touch is judged whenever it falls due: it was planned
// again since, or the fact of its outcome is yet to be told.
func (d *Delivery) revocable(a *attempt) (customer.Claim, bool) {
	k, ok := a.record.Customer.Claimed(a.key)
	return k, ok && k.State == customer.Dropped && reason.Reason(k.Why).Revocable()
}

// errMissing waits for a refold.
var errMissing = errors.New("a customer with a due touch is not known to Redis")

// unknown has Redis proven again when a customer is missing, and drops the
// touch when they are still missing after that.
func (d *Delivery) unknown(a *attempt) Decision {
	since := d.memory.recall(a.id).missing
	switch {
	case since == nil:
		d.memory.note(a.id, func(m *memo) { m.missing = new(a.epoch) })
		d.o.Customers.Suspect()
	case a.epoch > *since:
		return d.verdict(a, touch.DropFor(reason.NoAddress, "the timeline does not know the customer"))
	}
	return waitFor(errMissing)
}

// claimed looks at what earlier attempts left. An outcome is told again: it is
// settled, or unknown because a lease ran out over it.
func (d *Delivery) claimed(a *attempt) Decision {
	// It may be in another record of the person: an email for another id took this over.
	k, ok := a.person.Customer.Claimed(a.key)
	_, dropped := d.revocable(a)
	switch {
	case !ok, dropped, k.State == customer.Open && d.idle(a, k):
		return d.twin(a)
	case k.State != customer.Open:
		return settled(d.again(a, k))
	}
	end := time.UnixMilli(k.Lease)
	if k.At == 0 { // another touch's message has its content, and says what becomes of it
		end = end.Add(inheritAfter)
	}
	if left := time.Until(end); left > 0 {
		return handBack(bus.Later(left + time.Second))
	}
	if a.step.Class == touch.Transactional {
		return Decision{} // sent once more, with the same message id
	}
	body := d.told(a, k, reason.Uncertain, a.step.Sunset, func(other customer.Claim) bool {
		return other.State == customer.Open && other.Owner == k.Owner
	})
	body.Detail = "the sender stopped before the relay's answer was recorded"
	return settled(d.fact(a, events.ActionUncertain, body))
}

// twin looks whether the touch was planned under another id of the person as well, or of
// the recipient of the order, and is on its way under that one, or has its outcome. Then
// it has the same.
func (d *Delivery) twin(a *attempt) Decision {
	t, k, found := a.touch.TwinIn(&a.person.Customer)
	if a.other != nil && !found {
		t, k, found = a.touch.TwinIn(&a.other.Customer)
	}
	switch {
	case !found, k.State == customer.Dropped && reason.Reason(k.Why).Revocable():
		return Decision{}
	case k.State == customer.Dropped:
		return d.verdict(a, touch.DropFor(reason.Bundled, "it was decided under another id, as "+t.ID()+": "+k.Why))
	case k.State != customer.Open:
		return d.verdict(a, touch.DropFor(reason.Bundled, "it was sent under another id, as "+t.ID()))
	}
	end := time.UnixMilli(k.Lease)
	if time.Until(end) <= 0 {
		end = end.Add(inheritAfter) // it is delivered again before
	}
	if left := time.Until(end); left > 0 {
		return handBack(bus.Later(left + time.Second))
	}
	if a.step.Class == touch.Transactional {
		return Decision{}
	}
	return d.verdict(a, touch.DropFor(reason.Bundled, "it may have been sent under another id, as "+t.ID()))
}

// inheritAfter is how long after its lease a touch is left to the message that was
// to take it over: that one's own touch is delivered again before.
const inheritAfter = 2 * time.Minute

// again returns the fact of an outcome that is settled, in case it did not reach
// the timeline. It says all that was folded with the claim: a refold knows nothing
// else about it.
func (d *Delivery) again(a *attempt, k customer.Claim) events.Event {
	with := func(why reason.Reason) events.FactBody {
		return d.told(a, k, why, a.step.Sunset && a.record.Customer.Sunset >= k.At, func(other customer.Claim) bool {
			return other.State == customer.Dropped && other.Why == string(reason.Bundled) && other.At == k.At
		})
	}
	var f events.Event
	switch k.State {
	case customer.Sent:
		f = d.fact(a, events.ActionSent, with(reason.Sent))
	case customer.Uncertain:
		f = d.fact(a, events.ActionUncertain, with(reason.Uncertain))
	default:
		b := d.body(a, reason.Reason(k.Why), "")
		if scope := events.ScopeChannel + a.by(); a.by() != "" && a.record.Customer.Stops[scope].At == k.At {
			b.Refuses = scope
		}
		f = d.fact(a, events.ActionDropped, b)
	}
	f.Data.(events.Fact).Body().To = k.To
	f.Time = time.UnixMilli(k.At).UTC()
	return f
}

// told is the body of a fact about a message that left, perhaps, in an earlier
// attempt under a claim; bundled tells the claims of the touches that it took over.
func (d *Delivery) told(a *attempt, k customer.Claim, why reason.Reason, sunset bool, bundled func(customer.Claim) bool) events.FactBody {
	b := d.body(a, why, "")
	b.To = k.To
	b.MessageID = a.route.Channel.MessageID(a.id)
	b.Sunset, b.Bundles = sunset, d.bundled(a, bundled)
	return b
}
