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
	c := who.Case(a.worker, a.touch, now)
	if a.store.LookAhead <= 0 || !c.Scarce() {
		return touch.Verdict{}, nil
	}
	var names []string
	for _, w := range a.store.Above(a.worker) {
		if !d.o.Holds.Paused(w.Name, a.touch.Customer.Store) {
			names = append(names, w.Name)
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
		if r, ok := who.Rival(t, now); ok {
			rivals = append(rivals, r)
		}
	}
	return c.Yield(a.worker.Settings.Priority, rivals, a.store.LookAhead), nil
}
