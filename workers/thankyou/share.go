package thankyou

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// group returns the orders that share an email with one, that one included, oldest
// first. The first order that was not cancelled opens a group, and all that were placed
// within merge_within of it join, if their email goes to the same address. None: orders share no emails, or the details of the
// order are gone, as after an import.
func (w worker) group(order string, c *customer.Customer) []workers.Sharer {
	if w.config.MergeWithin == 0 {
		return nil
	}
	var all []workers.Sharer
	for _, o := range workers.ToOneMailbox(c.Standing(), order, c) {
		at, _ := since(o.ID, c)
		all = append(all, workers.Sharer{Order: o.ID, At: at})
	}
	slices.SortStableFunc(all, func(a, b workers.Sharer) int { return a.At.Compare(b.At) })
	return workers.Together(all, w.config.MergeWithin, order)
}

func (w worker) dueOf(s workers.Sharer) time.Time { return w.due(s.At) }

// others returns the orders that the email of t thanks for in addition to its own.
func (w worker) others(t touch.Touch, in workers.Input) []workers.Sharer {
	return workers.Others(t, w.group(t.Snapshot.Order, in.Customer), in)
}

// Gathers names the thanks for the orders that share an email: it shows the items of
// all of them, as far as theirs are pending.
func (w worker) Gathers(t touch.Touch, in workers.Input) []touch.Touch {
	if t.Step != Thanks {
		return nil
	}
	return workers.Gather(t, w.others(t, in), w.dueOf)
}
