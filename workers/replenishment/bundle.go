package replenishment

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Gathers names the customer's other reminders that are due, or fall due within
// `bundle` of now, the earliest first. Of what they remind of, half is used.
func (w worker) Gathers(t touch.Touch, in workers.Input) []touch.Touch {
	if w.config.Bundle == 0 {
		return nil
	}
	var out []touch.Touch
	h := habitsOf(&in)
	for place := range h.Len() {
		p, kept := h.NewestAt(place)
		if !kept || w.tooLate(p) || h.Subscribed(p.Product, p.Placed) {
			continue
		}
		days, b, ok := w.wait(p, h)
		if !ok || b.product.Unavailable() || !w.near(p.Clock(), days, in.Now) {
			continue
		}
		due := later(p.Clock(), days, h.zone)
		if due.After(in.Now.Add(w.config.Bundle)) || in.Now.After(due.Add(expires)) ||
			b.halfUsed().After(in.Now) || !b.likely(in.Now, w.config.MinChance) {
			continue
		}
		u := touch.Touch{Worker: Name, Step: step, Customer: t.Customer, Occasion: occasion(p), Due: due}
		if u.Occasion == t.Occasion {
			continue
		}
		if _, settled := u.ClaimIn(in.Customer); settled {
			continue
		}
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b touch.Touch) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Occasion, b.Occasion)) })
	return out[:min(len(out), touch.MaxItems-1)]
}

// near reports whether a reminder so many days after a time may belong into a bundle that
// is sent now, wherever its clocks are: they are never changed by as much as two days. Most
// of what a customer bought does not.
func (w worker) near(clock time.Time, days float64, now time.Time) bool {
	due := clock.Add(time.Duration(days * float64(day)))
	return !due.Add(-2*day).After(now.Add(w.config.Bundle)) && !now.After(due.Add(2*day+expires))
}

// Compose shows what runs out, the touch's own first, and takes over those of
// the gathered ones that are still right.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	h := habitsOf(&in)
	v := workers.Wording{Orders: in.Customer.OrderCount(), Items: []events.Item{}}
	if t.Snapshot != nil {
		v.Items = append(v.Items, t.Snapshot.Items...)
	}
	if p, ok := purchaseOf(t, in.Customer); ok {
		if _, b, ok := w.due(p, h); ok {
			v.Detail = b.text(in.Now)
		}
	}
	for _, u := range in.Gathered {
		if u.Snapshot == nil || len(u.Snapshot.Items) == 0 || u.Occasion == t.Occasion || len(v.Items) == touch.MaxItems || !w.fits(u, in.Customer, h) {
			continue
		}
		v.Items = append(v.Items, u.Snapshot.Items...)
		v.Bundles = append(v.Bundles, u.ID())
	}
	if n := len(v.Bundles); n > 0 {
		v.Detail += fmt.Sprintf("; with %d more that would follow", n)
	}
	return v
}

// fits reports whether a reminder would be sent by the end of the bundle, and half of what
// it reminds of is used now.
func (w worker) fits(u touch.Touch, c *customer.Customer, h *customerHabits) bool {
	p, v := w.stands(u, c, h)
	if v.Action != touch.Send || h.basisOf(p).halfUsed().After(h.now) {
		return false
	}
	return w.right(p, h.later(w.config.Bundle)).Action == touch.Send
}
