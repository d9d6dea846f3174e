package replenishment

import (
	"fmt"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted drops the reminder of what was bought again, came back, cannot be
// bought, is hardly bought again, or of which nothing can be said any more, and holds
// it if it lasts longer than was thought.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	h := habitsOf(&in)
	p, v := w.stands(t, in.Customer, h)
	if v.Action != touch.Send {
		return v
	}
	return w.right(p, h)
}

// stands returns the purchase that a touch reminds of, or why nobody is to be reminded of
// it, whatever the customer's habits are.
func (w worker) stands(t touch.Touch, c *customer.Customer, h *customerHabits) (customer.Purchase, touch.Verdict) {
	p, ok := purchaseOf(t, c)
	if !ok {
		return p, touch.DropFor(reason.InsufficientData, "the order is too long ago to be remembered")
	}
	switch p.Gone {
	case customer.Cancelled:
		return p, touch.DropFor(reason.Cancelled, "the order, or all of the product, was cancelled")
	case customer.Refunded, customer.Returned:
		return p, touch.DropFor(reason.Refunded, "the order, or all of the product, came back")
	}
	newest, kept := h.Newest(p.Product)
	switch {
	case kept && newest.Order != p.Order && !newest.Placed.Before(p.Placed):
		return p, touch.DropFor(reason.Repurchased, "bought again on "+newest.Placed.In(h.zone).Format("2 Jan 2006"))
	case h.Subscribed(p.Product, p.Placed), c.Subscribes(p.Product):
		return p, touch.DropFor(reason.Repurchased, "it comes by subscription")
	case w.tooLate(p):
		return p, touch.DropFor(reason.Expired, fmt.Sprintf("it came more than %s after the order", localtime.FormatDuration(w.config.MaxOrderAge)))
	}
	return p, touch.Verdict{}
}

// right says whether now is the time to remind of a purchase that stands.
func (w worker) right(p customer.Purchase, h *customerHabits) touch.Verdict {
	due, b, ok := w.due(p, h)
	switch {
	case b.product.Unavailable():
		return touch.DropFor(reason.Unavailable, "the shop says that it cannot be bought")
	case !ok:
		return touch.DropFor(reason.InsufficientData, w.tooLittle(b))
	case !p.Left: // if it leaves today, it lasts until then
		return touch.MoveTo(h.now.Add(due.Sub(p.Clock())), "it has not left the shop yet")
	case due.After(h.now.Add(b.patience())):
		return touch.MoveTo(due, b.text(due))
	case !b.likely(h.now, w.config.MinChance):
		return touch.DropFor(reason.Unlikely, w.unlikely(b, h.now))
	}
	return touch.Verdict{}
}

// patience is by how much a reminder may come too early. What is learned moves a
// little every night, which is no reason to wait.
func (b basis) patience() time.Duration {
	if b.said > 0 {
		return 0
	}
	return day
}

// unlikely says why a reminder is not worth sending.
func (w worker) unlikely(b basis, at time.Time) string {
	return fmt.Sprintf("%s; below min_chance (%s)", b.text(at), share(w.config.MinChance))
}

// tooLittle says why there is no estimate.
func (w worker) tooLittle(b basis) string {
	if b.enough(w.config.MinIntervals) {
		return fmt.Sprintf("it lasts %s days; reminders are for what lasts %d to %d", number(b.days()), shortest, longest)
	}
	why := fmt.Sprintf("no supply_days; %s%s; needed: %s, or %d customers who bought the product again",
		b.rhythm(), b.early(), count(w.config.MinIntervals, "interval")+" of their own", enoughCustomers)
	if r := b.product.Rhythm; r.Customers >= enoughCustomers {
		why += fmt.Sprintf(" (one in ten of its %d buyers at least)", b.product.Buyers)
	}
	return why
}

// purchaseOf returns the purchase that a touch reminds of: as the customer's
// orders have it, or, where their details are gone, as the touch carries it.
func purchaseOf(t touch.Touch, c *customer.Customer) (customer.Purchase, bool) {
	s := t.Snapshot
	if s == nil || s.Order == "" || len(s.Items) == 0 {
		return search(t, c)
	}
	it := s.Items[0]
	if p, ok := c.Purchase(s.Order, it.ProductID); ok {
		return p, true
	}
	p := customer.Purchase{Order: s.Order, Product: it.ProductID, Placed: s.PlacedAt, Quantity: it.Quantity, Supply: float64(it.SupplyDays), Left: true}
	if o, ok := c.Order(s.Order); ok && !o.Brief {
		p.Gone = customer.Cancelled // it was taken out of the order
		return p, !o.Test
	}
	for _, k := range []customer.Kind{customer.Cancelled, customer.Refunded, customer.Returned} {
		if c.Concerned(s.Order, it.ProductID, k) {
			p.Gone = k
			break
		}
	}
	return p, !c.IsTest(s.Order)
}

// search finds the purchase of a touch that carries nothing, by its occasion.
func search(t touch.Touch, c *customer.Customer) (customer.Purchase, bool) {
	for o := range c.Placed() {
		for _, id := range o.Products() {
			if occasion(customer.Purchase{Order: o.ID, Product: id}) == t.Occasion {
				return o.Purchase(id), true
			}
		}
	}
	return customer.Purchase{}, false
}
