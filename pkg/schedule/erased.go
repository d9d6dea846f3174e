package schedule

import (
	"context"
	"slices"
	"time"

	"homing/pkg/customer"
)

// An erasure is folded before what is pending is deleted. A planner that read the person
// before, and puts its plan after that, sees that they moved, plans again, and deletes
// what it had put: nothing stays on the schedule until it is due. Of an email to the
// address of an order, nothing of the person moves when somebody who has that address is
// erased: the planner looks at them once it has put the plan.

// forgetErased deletes what earlier attempts may have put for those who were erased since.
// An entry that another process had tried before is known by its person alone.
func forgetErased(ctx context.Context, jobs []*job, people map[customer.Key]*customer.Customer) error {
	for _, j := range jobs {
		for _, e := range j.planner.unsure.of(j.entries) {
			c, w := people[e.Key], j.planner.Workers[e.Key.Store]
			if !forgotten(c, e) {
				continue
			}
			s, until := j.planner.Schedule, c.Erased.Time()
			if _, err := s.Forget(ctx, w.Name, e.Key, until); err != nil {
				return err
			}
			for i := range j.put {
				if p := &j.put[i]; p.entry == e.Sequence && p.Customer != e.Key {
					if _, err := s.forgetTouch(ctx, p.Touch, until); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// forgotten reports whether an entry is about what was erased since.
func forgotten(c *customer.Customer, e customer.Entry) bool {
	return c.Erased.At != 0 && e.Event.Time.UnixMilli() <= c.Erased.At
}

// forgetSentElsewhere deletes those plans again that go to the address of an order whose
// owner was erased since they ordered.
func (p *Planner) forgetSentElsewhere(ctx context.Context, plans []carried) error {
	plans = slices.DeleteFunc(slices.Clone(plans), func(c carried) bool { return p.Mailbox == nil || !c.elsewhere() })
	if len(plans) == 0 {
		return nil
	}
	asks := make([]customer.Ask, len(plans))
	for i, c := range plans {
		store := c.Customer.Store
		asks[i] = customer.Ask{Key: p.Mailbox(store, p.Address(store, c.Snapshot.To)), Email: c.Snapshot.To}
	}
	persons, err := p.People.Read(ctx, asks)
	if err != nil {
		return err
	}
	for i := range persons {
		at, t := persons[i].ErasedAt(), plans[i].Touch
		if at == 0 || t.Caused.UnixMilli() > at {
			continue
		}
		if _, err := p.Schedule.ForgetTo(ctx, t.Worker, t.Customer, t.Snapshot.To, time.UnixMilli(at)); err != nil {
			return err
		}
	}
	return nil
}
