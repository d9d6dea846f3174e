package delivery

import (
	"context"

	"homing/pkg/gate"
	"homing/pkg/touch"
)

// yield asks whether another mail should have the place that this one is about
// to take. Looking for others costs a request for each worker above ours, so it
// is done only where a place is the last.
func (d *Delivery) yield(ctx context.Context, a *attempt) (touch.Verdict, error) {
	now, who := d.o.Scale.Now(), d.person(a)
	c := who.Case(a.shop.post(), a.touch, now)
	if a.shop.LookAhead <= 0 || !c.Scarce() {
		return touch.Verdict{}, nil
	}
	var names []string
	for name := range a.shop.Rivals {
		if !d.o.Holds.Paused(name, a.touch.Customer.Store) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return touch.Verdict{}, nil
	}
	waiting, err := d.o.Schedule.Waiting(ctx, a.touch.Customer, names)
	if err != nil {
		return touch.Verdict{}, err
	}
	var rivals []gate.Rival
	for _, t := range waiting {
		if r, ok := who.Rival(a.shop.Rivals[t.Worker], t, now, a.shop.LookAhead); ok {
			rivals = append(rivals, r)
		}
	}
	return c.Yield(a.shop.Settings.Priority, rivals, a.shop.LookAhead), nil
}
