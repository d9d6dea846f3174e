package workers

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// How long an order that shares an email waits for the one that leads.
const (
	pause    = 5 * time.Minute // between two looks, at first
	patience = time.Hour       // then it leads itself, and takes the other with it
)

// Sharer is an order that may share an email with others of the customer.
type Sharer struct {
	Order string
	At    time.Time // what says which orders belong together
}

// Together returns those of some orders, which are sorted by time, that share an email
// with one, that one included. The first opens a group, and all whose time comes within
// some time of it join; the next one opens another. None: the order is not among them.
func Together(all []Sharer, within time.Duration, order string) []Sharer {
	var group []Sharer
	for _, s := range all {
		if len(group) > 0 && s.At.Sub(group[0].At) > within {
			if has(group, order) {
				break
			}
			group = nil
		}
		group = append(group, s)
	}
	if !has(group, order) {
		return nil
	}
	return group
}

func has(group []Sharer, order string) bool {
	return slices.ContainsFunc(group, func(s Sharer) bool { return s.Order == order })
}

// ToOneMailbox returns those of some orders of the customer that have emails which go to
// the same address as those of one. What an import alone told has none.
func ToOneMailbox(all []*customer.Order, order string, c *customer.Customer) []*customer.Order {
	all = slices.DeleteFunc(all, func(o *customer.Order) bool { return o.Imported() && o.ID != order })
	own, ok := c.Order(order)
	if !ok {
		return all
	}
	to := c.GoesTo(own)
	return slices.DeleteFunc(all, func(o *customer.Order) bool { return c.GoesTo(o) != to })
}

// About is the touch of the same step about another order of the customer.
func About(t touch.Touch, order string) touch.Touch {
	t.Occasion = touch.Token(order)
	return t
}

// Lead lets the first order of a group lead the email that is due. The others are
// bundled with it when it is sent, so their own time hardly ever comes before; if it
// does, they wait, and if the first does not get its email out, for a cap or because it
// was never planned, the next one does.
func Lead(t touch.Touch, group []Sharer, due func(Sharer) time.Time, in Input) touch.Verdict {
	before := true
	for _, s := range group {
		if s.Order == t.Snapshot.Order {
			before = false
			continue
		}
		k, claimed := About(t, s.Order).ClaimIn(in.Customer)
		switch {
		case claimed && k.State == customer.Open && k.At != 0: // of no time: it is taken over by an email on its way
			return touch.HoldUntil(in.Now.Add(pause), reason.NotYet, "an order that shares the email is on its way")
		case before && !claimed && in.Now.Before(due(s).Add(patience)):
			// Each look is a fact. The longer it has not come, the less likely it is to come soon.
			late := in.Now.Sub(due(s))
			until := in.Now.Add(max(pause, late))
			if end := due(s).Add(patience); end.Before(until) {
				until = end
			}
			return touch.HoldUntil(until, reason.NotYet, "an earlier order leads the email they share")
		}
	}
	return touch.Verdict{}
}

// Others returns the orders that the email of t is about in addition to its own: those
// of its group that have no outcome yet.
func Others(t touch.Touch, group []Sharer, in Input) []Sharer {
	return slices.DeleteFunc(slices.Clone(group), func(s Sharer) bool {
		_, claimed := About(t, s.Order).ClaimIn(in.Customer)
		return s.Order == t.Snapshot.Order || claimed
	})
}

// Gather names the touches of other orders that share the email of t.
func Gather(t touch.Touch, others []Sharer, due func(Sharer) time.Time) []touch.Touch {
	var out []touch.Touch
	for _, s := range others {
		g := About(t, s.Order)
		g.Snapshot, g.Due = nil, due(s)
		out = append(out, g)
	}
	return out
}

// Shown returns the items of an email that orders share, and how many more there are;
// nil if it is the touch's own alone.
func Shown(t touch.Touch, gathered []touch.Touch) (items []events.Item, more int) {
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
