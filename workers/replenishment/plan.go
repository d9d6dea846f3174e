package replenishment

import (
	"math"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans a touch for each product of the order that was placed, changed or
// delivered. An order's touches are planned with what they display when it is told;
// when it is delivered they are only moved.
func (w worker) Plan(in workers.Input) []touch.Touch {
	if d, ok := in.Event.Data.(*events.OrderDelivered); ok {
		known, ok := in.Customer.Order(d.Order.ID)
		if !ok || known.Test {
			return nil // the order is still to come, and will plan
		}
		return w.plan(known, in, func(customer.Purchase) *touch.Snapshot { return nil })
	}
	o, ok := workers.Told(in)
	if !ok {
		return nil
	}
	known, ok := in.Customer.Order(o.ID)
	if !ok {
		return nil // followed by very many others
	}
	return w.plan(known, in, func(p customer.Purchase) *touch.Snapshot { return snapshot(p, o.Items) })
}

func (w worker) plan(order *customer.Order, in workers.Input, show func(customer.Purchase) *touch.Snapshot) []touch.Touch {
	var out []touch.Touch
	h := habitsOf(&in)
	for _, id := range order.Products() {
		p, ok := h.Newest(id)
		if !ok || p.Order != order.ID {
			continue // gone again, or bought again since
		}
		if w.tooLate(p) || h.Subscribed(id, p.Placed) {
			continue
		}
		if due, b, ok := w.due(p, h); ok && b.likely(due, mayRise*w.config.MinChance) {
			out = append(out, touch.Touch{Worker: Name, Step: step, Occasion: occasion(p), Due: due, Snapshot: show(p)})
		}
	}
	return out
}

// mayRise is the share of min_chance from which on a reminder is planned: until it is due
// the customer may buy other things again, and others the product.
const mayRise = 0.5

// tooLate reports whether a purchase left, or arrived, so long after the order that the
// shop is only cleaning up.
func (w worker) tooLate(p customer.Purchase) bool {
	return p.Clock().Sub(p.Placed) > w.config.MaxOrderAge
}

// occasion is the product and the order that set the clock. Ids hold no control
// characters, so that no two pairs have the same.
func occasion(p customer.Purchase) string { return touch.Token(p.Product + "\n" + p.Order) }

// due returns when to remind of a purchase, and what that rests on; false if too
// little is known, or if it lasts too short or too long.
func (w worker) due(p customer.Purchase, h *customerHabits) (time.Time, basis, bool) {
	days, b, ok := w.wait(p, h)
	if !ok {
		return time.Time{}, b, false
	}
	return later(p.Clock(), days, h.zone), b, true
}

// wait returns how many days after a purchase to remind of it.
func (w worker) wait(p customer.Purchase, h *customerHabits) (float64, basis, bool) {
	b := h.basisOf(p)
	if !b.enough(w.config.MinIntervals) {
		return 0, b, false
	}
	lasts := b.days()
	if lasts < shortest || lasts > longest {
		return 0, b, false
	}
	// An email that follows the order on its heels helps nobody: of what lasts only
	// for days, at least half is left to be used first.
	return max(lasts-w.config.Lead.Hours()/24, lasts/2), b, true
}

// halfUsed is when half of what was bought is used up: nobody is reminded before.
func (b basis) halfUsed() time.Time {
	return later(b.clock, b.days()/2, b.known.zone)
}

// later adds days to a time as the calendar of a place counts them, and what is
// less than a day as time.
func later(t time.Time, days float64, at *time.Location) time.Time {
	whole, part := math.Modf(days)
	return t.In(at).AddDate(0, 0, int(whole)).Add(time.Duration(part * float64(day)).Truncate(time.Second)).UTC()
}

// snapshot is what an email displays of a purchase: the lines of the product as one.
func snapshot(p customer.Purchase, items []events.Item) *touch.Snapshot {
	s := &touch.Snapshot{Order: p.Order, PlacedAt: p.Placed}
	for _, it := range items {
		switch {
		case it.ProductID != p.Product:
		case len(s.Items) == 0:
			s.Items = []events.Item{it}
		default:
			s.Items[0].Quantity += it.Quantity
		}
	}
	if len(s.Items) > 0 {
		s.Items[0].SupplyDays = int(math.Round(p.Supply))
	}
	return s
}
