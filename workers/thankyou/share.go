package thankyou

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// How long an order that shares an email waits for the one that leads.
const (
	pause    = 5 * time.Minute // between two looks
	patience = time.Hour       // then it leads itself, and takes the other with it
)

// group returns the orders that share an email with one, that one included, oldest
// first. The first order that was not cancelled opens a group, and all that were placed
// within merge_within of it join; the next one opens another. None: orders share
// no emails.
func (w worker) group(order string, c *customer.Customer) []*customer.Order {
	if w.config.MergeWithin == 0 {
		return nil
	}
	var group []*customer.Order
	for _, o := range c.Standing() {
		if len(group) > 0 && o.PlacedAt().Sub(group[0].PlacedAt()) > w.config.MergeWithin {
			if holds(group, order) {
				break
			}
			group = nil
		}
		group = append(group, o)
	}
	if !holds(group, order) {
		return nil // its details are gone, as after an import
	}
	return group
}

func holds(group []*customer.Order, order string) bool {
	return slices.ContainsFunc(group, func(o *customer.Order) bool { return o.ID == order })
}

// share lets the first order of a group that waits for its email lead. The others
// are bundled with it when it is sent, so their own time hardly ever comes
// before; if it does, they wait, and if the first does not get its email out, for
// a cap or because it was never planned, the next one does.
func (w worker) share(t touch.Touch, in workers.Input) touch.Verdict {
	before := true
	for _, o := range w.group(t.Snapshot.Order, &in.Customer) {
		if o.ID == t.Snapshot.Order {
			before = false
			continue
		}
		k, claimed := claim(t, o.ID, in)
		switch {
		case claimed && k.State == customer.Open && k.At != 0: // of no time: it is taken over by an email on its way
			return touch.HoldUntil(in.Now.Add(pause), reason.NotYet, "an order that shares the email is being thanked for")
		case before && !claimed && in.Now.Before(w.due(o.PlacedAt()).Add(patience)):
			return touch.HoldUntil(in.Now.Add(pause), reason.NotYet, "an earlier order leads the email they share")
		}
	}
	return touch.Verdict{}
}

// Gathers names the thanks for the orders that share an email: an email that orders share shows the items
// of all of them, as far as theirs are pending.
func (w worker) Gathers(t touch.Touch, in workers.Input) []touch.Touch {
	if t.Step != Thanks {
		return nil
	}
	var out []touch.Touch
	for _, o := range w.others(t, in) {
		g := thanksFor(t, o.ID)
		g.Snapshot, g.Due = nil, w.due(o.PlacedAt())
		out = append(out, g)
	}
	return out
}

// shown returns the items of an email that others share, and how many more
// there are; nil if it is the touch's own alone.
func shown(t touch.Touch, gathered []touch.Touch) (items []events.Item, more int) {
	items, more = slices.Clone(t.Snapshot.Items), t.Snapshot.More
	for _, g := range gathered {
		if g.Snapshot != nil {
			items, more = append(items, g.Snapshot.Items...), more+g.Snapshot.More
		}
	}
	if len(gathered) == 0 || len(items) == 0 {
		return nil, 0
	}
	items, cut := touch.Items(items)
	return items, more + cut
}

// others returns the orders that the email of t thanks for in addition to its own: those
// of its group that have no outcome yet.
func (w worker) others(t touch.Touch, in workers.Input) []*customer.Order {
	return slices.DeleteFunc(w.group(t.Snapshot.Order, &in.Customer), func(o *customer.Order) bool {
		_, claimed := claim(t, o.ID, in)
		return o.ID == t.Snapshot.Order || claimed
	})
}

// claim returns the claim on the thanks for another order of the same customer.
func claim(t touch.Touch, order string, in workers.Input) (customer.Claim, bool) {
	return in.Customer.Claimed(customer.ClaimKey(thanksFor(t, order).ID()))
}

func thanksFor(t touch.Touch, order string) touch.Touch {
	t.Step, t.Occasion = Thanks, touch.Token(order)
	return t
}
