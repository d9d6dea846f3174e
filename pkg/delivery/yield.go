package delivery

import (
	"context"
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/touch"
	"homing/workers"
)

// Rival is a worker of the same store whose mails go before ours.
type Rival struct {
	Worker   workers.Worker
	Settings workers.Settings
	Policy   gate.Policy
}

// yield asks whether another mail should have the place that this one is about
// to take. Looking for others costs a request for each worker above ours, so it
// is done only where a place is the last.
func (d *Delivery) yield(ctx context.Context, a *attempt) (touch.Verdict, error) {
	now := d.o.Scale.Now()
	c := gate.Case{Touch: a.touch, Step: a.step, Customer: a.record.Customer, Policy: a.shop.Policy, Now: now}
	if a.shop.LookAhead <= 0 || len(a.shop.Rivals) == 0 || !c.Scarce() {
		return touch.Verdict{}, nil
	}
	names := make([]string, 0, len(a.shop.Rivals))
	for name := range a.shop.Rivals {
		names = append(names, name)
	}
	waiting, err := d.o.Schedule.Waiting(ctx, a.touch.Customer, names)
	if err != nil {
		return touch.Verdict{}, err
	}
	var rivals []gate.Rival
	for _, t := range waiting {
		if at, ok := d.passes(a, t, now); ok {
			rivals = append(rivals, gate.Rival{Touch: t, Priority: a.shop.Rivals[t.Worker].Settings.Priority, At: at})
		}
	}
	return c.Yield(a.shop.Settings.Priority, rivals, a.shop.LookAhead), nil
}

// passes says whether a rival would be sent, as far as is known now, and when.
// Transactional mail is not held by the caps: nobody need make room for it.
func (d *Delivery) passes(a *attempt, t touch.Touch, now time.Time) (time.Time, bool) {
	r := a.shop.Rivals[t.Worker]
	at := t.Wake
	if at.Before(now) {
		at = now
	}
	if _, claimed := a.record.Customer.Claimed(customer.ClaimKey(t.ID())); claimed || at.After(now.Add(a.shop.LookAhead)) {
		return at, false
	}
	for _, s := range r.Worker.Steps() {
		if s.Name != t.Step || s.Class == touch.Transactional {
			continue
		}
		in := d.input(a, at)
		v := gate.Judge(&gate.Case{
			Touch: t, Step: s, Listed: true, Customer: a.record.Customer,
			Off: r.Settings.Status == workers.Off, Shadow: r.Settings.Status == workers.Shadow || r.Settings.Status == workers.Paused,
			Wanted: func() touch.Verdict { return r.Worker.Wanted(t, in) },
			Policy: r.Policy, Address: func(email string) string { return d.o.Address(t.Customer.Store, email) }, Now: at,
		})
		if v.Action == touch.Hold && !v.Until.After(now.Add(a.shop.LookAhead)) {
			return v.Until, true
		}
		return at, v.Action == touch.Send
	}
	return at, false
}
