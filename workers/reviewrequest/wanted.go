package reviewrequest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted asks about what is left to review, when its time has come, and if there
// is no quarrel about the order.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	c, order := &in.Customer, t.Snapshot.Order
	undone := c.Undone(order)
	switch items, why := open(t.Snapshot, c); {
	case undone == customer.Cancelled:
		return touch.DropFor(reason.Cancelled, "the order was cancelled")
	case undone != 0:
		return touch.DropFor(reason.Refunded, "the order was refunded or came back")
	case c.IsTest(order):
		return touch.DropFor(reason.InsufficientData, "the order is a test")
	case len(items) == 0:
		return touch.DropFor(why, "no product of the order is left to review")
	}
	at, v := w.time(t, in)
	switch {
	case v.Action != touch.Send:
		return v
	case in.Now.Before(at):
		return touch.MoveTo(at, "the customer has not had the time yet")
	case c.ComplaintOpen(order):
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open")
	}
	for _, k := range []customer.Kind{customer.Refunded, customer.Returned} {
		if at := c.LastOf(order, k); !at.IsZero() && in.Now.Before(at.Add(freshRefund)) {
			return touch.DropFor(reason.Refunded, "some of the order was refunded, or came back, on "+stamp(at))
		}
	}
	if in.Now.After(at.Add(worth)) {
		return touch.DropFor(reason.Expired, fmt.Sprintf("right at %s, worth sending for %v", stamp(at), worth))
	}
	return touch.Verdict{}
}

// time returns when a touch is right, or a verdict if that has no answer.
func (w worker) time(t touch.Touch, in workers.Input) (time.Time, touch.Verdict) {
	if t.Step != Reminder {
		at, _ := w.asks(t.Snapshot.Order, t.Snapshot.PlacedAt, &in.Customer)
		return at, touch.Verdict{}
	}
	ask := t
	ask.Step = Ask
	k, ok := in.Customer.Claimed(customer.ClaimKey(ask.ID()))
	switch {
	case !ok || k.State == customer.Open:
		// It may be sent at any moment from now on, so no earlier than this.
		return time.Time{}, touch.HoldUntil(in.Now.Add(w.config.ReminderAfter), reason.NotYet, "the first email has not been sent yet")
	case k.State == customer.Dropped:
		return time.Time{}, touch.DropFor(cmp.Or(reason.Reason(k.Why), reason.Expired), "the first email was not sent")
	}
	// Sent, or uncertain: then the customer may well have it, and is reminded.
	return time.UnixMilli(k.At).UTC().Add(w.config.ReminderAfter), touch.Verdict{}
}

// open returns the items that are left to review, each product once, and if
// there are none, why. Of an order that came in part only what came is asked about,
// and of one that left the shop in part only what has left.
func open(s *touch.Snapshot, c *customer.Customer) (items []events.Item, why reason.Reason) {
	placed := s.PlacedAt
	if at, ok := c.PlacedAt(s.Order); ok {
		placed = at
	}
	inPart := cameInPart(s, c)
	seen := map[string]bool{}
	gone := map[reason.Reason]bool{}
	for _, it := range s.Items {
		p := it.ProductID
		switch {
		case seen[p]:
		case c.Concerned(s.Order, p, customer.Refunded), c.Concerned(s.Order, p, customer.Returned):
			gone[reason.Refunded] = true
		case cancelled(c, s.Order, p):
			gone[reason.Cancelled] = true
		case reviewed(c, p, placed):
			gone[reason.Reviewed] = true
		case inPart && !c.Concerned(s.Order, p, customer.Delivered), !c.HasLeft(s.Order, p):
		default:
			items = append(items, it)
		}
		seen[p] = true
	}
	for _, r := range []reason.Reason{reason.Reviewed, reason.Refunded, reason.Cancelled} {
		if gone[r] {
			return items, r
		}
	}
	return items, reason.InsufficientData
}

// cameInPart reports whether some of the items arrived, and some are waited for.
// A shop that names parcels by ids of another kind says nothing about the items.
func cameInPart(s *touch.Snapshot, c *customer.Customer) bool {
	_, all := c.Reached(s.Order, customer.Delivered)
	return !all && slices.ContainsFunc(s.Items, func(it events.Item) bool {
		return c.Concerned(s.Order, it.ProductID, customer.Delivered)
	})
}

// cancelled reports whether nothing of a product will come.
func cancelled(c *customer.Customer, order, product string) bool {
	if p, ok := c.Purchase(order, product); ok {
		return p.Gone == customer.Cancelled
	}
	_, known := c.Order(order)
	return !known && c.Concerned(order, product, customer.Cancelled)
}

// reviewed reports whether the customer reviewed a product since the order.
func reviewed(c *customer.Customer, product string, placed time.Time) bool {
	notes := c.Noted(customer.Reviewed, product)
	return len(notes) > 0 && !notes[0].Time().Before(placed)
}
