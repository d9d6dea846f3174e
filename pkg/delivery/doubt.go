package delivery

import (
	"context"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// doubt is the stage that ends marketing touches of which nobody knows whether they were
// sent: the installation was restored from a backup, and has none of the claims that the
// one it was taken from has made since. They are uncertain, and count as sent. What is
// transactional is sent, perhaps once more, with the same message id, as it is wherever
// an outcome is unknown.
//
// It comes before everything that may put a touch off: at a later time it would be one
// that nobody can have sent.
func (d *Delivery) doubt(_ context.Context, a *attempt) Decision {
	if !d.doubtful(a) {
		return Decision{}
	}
	body := d.told(a, customer.Claim{To: a.elsewhere()}, reason.Uncertain, a.step.Sunset, func(customer.Claim) bool { return false })
	body.Detail = "it fell due before this copy of the installation was adopted, and the original may have sent it"
	return settled(d.fact(a, events.ActionUncertain, body))
}

// doubtful reports whether somebody else may have sent a marketing touch of which
// nothing is known here.
func (d *Delivery) doubtful(a *attempt) bool {
	if d.o.Doubt == nil || a.step.Class == touch.Transactional || !a.record.Found() {
		return false
	}
	if s := a.worker.Settings.Status; s == workers.Off || s == workers.Shadow { // which sends nothing anywhere
		return false
	}
	until := d.o.Doubt()
	if until.IsZero() || fellDue(a.touch).After(until) {
		return false
	}
	if _, known := a.person.Customer.Claimed(a.key); known {
		_, dropped := d.revocable(a)
		return dropped
	}
	_, _, known := a.touch.TwinIn(&a.person.Customer)
	return !known
}

// fellDue is when a touch could be sent for the first time by whoever had it on the
// schedule then.
func fellDue(t touch.Touch) time.Time {
	if t.Late { // told again, to us
		return t.Due
	}
	return t.Wake
}
