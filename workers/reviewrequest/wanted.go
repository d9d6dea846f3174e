package reviewrequest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// soon is how long an ask waits for another about the same product that is on its way.
const soon = 5 * time.Minute

// Wanted asks about what is left to review, when its time has come, and if there
// is no quarrel about the order.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	if v := standing(t, in); v.Action != touch.Send {
		return v
	}
	items, why := w.open(t, in)
	if len(items) == 0 {
		return touch.DropFor(why, w.nothing(why))
	}
	group := w.group(t, in)
	at, v := w.time(t, group, in)
	switch {
	case v.Action != touch.Send:
		return v
	case in.Now.Before(at):
		return touch.MoveTo(at, "the customer has not had the time yet"+w.withOthers(group))
	}
	if v := w.allowed(t, in); v.Action != touch.Send {
		return v
	}
	switch {
	case in.Now.After(at.Add(worth)):
		return touch.DropFor(reason.Expired, fmt.Sprintf("right at %s, worth sending for %s", stamp(at), localtime.FormatDuration(worth)))
	case asking(t, group, items, in):
		return touch.HoldUntil(in.Now.Add(soon), reason.NotYet, "another order with the same product is being asked about")
	}
	return workers.Lead(t, group, func(workers.Sharer) time.Time { return at }, in)
}

// withOthers says that an email is about several orders.
func (w worker) withOthers(group []workers.Sharer) string {
	if len(group) < 2 {
		return ""
	}
	return fmt.Sprintf("; %d orders within %s share the email", len(group), localtime.FormatDuration(w.config.MergeWithin))
}

// standing drops what is about an order that does not stand any more.
func standing(t touch.Touch, in workers.Input) touch.Verdict {
	undone := in.Customer.Undone(t.Snapshot.Order)
	switch {
	case undone == customer.Cancelled:
		return touch.DropFor(reason.Cancelled, "the order was cancelled")
	case undone != 0:
		return touch.DropFor(reason.Refunded, "the order was refunded or came back")
	case in.Customer.IsTest(t.Snapshot.Order):
		return touch.DropFor(reason.InsufficientData, "the order is a test")
	}
	return touch.Verdict{}
}

// askable returns what of an order may be asked about now, apart from when and in
// which email.
func (w worker) askable(t touch.Touch, in workers.Input) ([]events.Item, touch.Verdict) {
	if v := standing(t, in); v.Action != touch.Send {
		return nil, v
	}
	items, why := w.open(t, in)
	if len(items) == 0 {
		return nil, touch.DropFor(why, w.nothing(why))
	}
	return items, w.allowed(t, in)
}

// allowed says whether the customer may be asked about an order at all, if it stands and
// has something to review.
func (w worker) allowed(t touch.Touch, in workers.Input) touch.Verdict {
	c, order := &in.Customer, t.Snapshot.Order
	switch asks, _ := w.asks(order, t.Snapshot.PlacedAt, c); {
	case w.tooOld(order, t.Snapshot.PlacedAt, asks, c):
		return touch.DropFor(reason.Expired, fmt.Sprintf("asked %s, more than %s after the order", stamp(asks), localtime.FormatDuration(w.config.MaxOrderAge)))
	case c.ComplaintOpen(order):
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open")
	}
	for _, k := range []customer.Kind{customer.Refunded, customer.Returned} {
		if at := c.LastOf(order, k); !at.IsZero() && !at.Before(since(order, t.Snapshot.PlacedAt, c)) && in.Now.Before(at.Add(freshRefund)) {
			return touch.DropFor(reason.Refunded, "some of the order was refunded, or came back, on "+stamp(at))
		}
	}
	return touch.Verdict{}
}

// time returns when a touch is right, or a verdict if that has no answer.
func (w worker) time(t touch.Touch, group []workers.Sharer, in workers.Input) (time.Time, touch.Verdict) {
	c := &in.Customer
	if t.Step != Reminder {
		at, _ := w.asks(t.Snapshot.Order, t.Snapshot.PlacedAt, c)
		if shared := w.due(group); shared.After(at) {
			at = shared
		}
		return at, touch.Verdict{}
	}
	if at, ok := asked(t, t.Snapshot.Order, c); ok { // also where nobody knows: then the customer may well have it
		return at.Add(w.config.ReminderAfter), touch.Verdict{}
	}
	ask := t
	ask.Step = Ask
	k, ok := ask.ClaimIn(c)
	if !ok || k.State == customer.Open || reason.Reason(k.Why).Revocable() { // the order stands again
		// It may be sent at any moment from now on, so no earlier than this.
		return time.Time{}, touch.HoldUntil(in.Now.Add(w.config.ReminderAfter), reason.NotYet, "the first email has not been sent yet")
	}
	return time.Time{}, touch.DropFor(cmp.Or(reason.Reason(k.Why), reason.Expired), "the first email was not sent")
}

// open returns the items that are left to review, each product once, and if
// there are none, why. Of an order that came in part only what came is asked about,
// and of one that left the shop in part only what has left.
func (w worker) open(t touch.Touch, in workers.Input) (items []events.Item, why reason.Reason) {
	c, s := &in.Customer, t.Snapshot
	placed := s.PlacedAt
	if at, ok := c.PlacedAt(s.Order); ok {
		placed = at
	}
	if lately := in.Now.Add(-w.config.AskAgainAfter); lately.Before(placed) {
		placed = lately
	}
	inPart, sent := cameInPart(s, c), sentBefore(t, in)
	seen := map[string]bool{}
	gone := map[reason.Reason]bool{}
	for _, it := range s.Items {
		p := it.ProductID
		switch {
		case seen[p], !it.MayReview(s.Items):
		case c.Concerned(s.Order, p, customer.Refunded), c.Concerned(s.Order, p, customer.Returned):
			gone[reason.Refunded] = true
		case cancelled(c, s.Order, p):
			gone[reason.Cancelled] = true
		case reviewed(c, p, placed):
			gone[reason.Reviewed] = true
		case inPart && !came(s, p, func(id string) bool { return c.Concerned(s.Order, id, customer.Delivered) }),
			!came(s, p, func(id string) bool { return c.HasLeft(s.Order, id) }):
		case w.elsewhere(p, t, in, sent[p]):
			gone[reason.Bundled] = true
		default:
			items = append(items, it)
		}
		seen[p] = seen[p] || it.MayReview(s.Items)
	}
	for _, r := range []reason.Reason{reason.Reviewed, reason.Bundled, reason.Refunded, reason.Cancelled} {
		if gone[r] {
			return items, r
		}
	}
	return items, reason.InsufficientData
}

// nothing says why nothing is left to ask about.
func (w worker) nothing(why reason.Reason) string {
	if why == reason.Bundled {
		return fmt.Sprintf("another email asked about the same products within %s", localtime.FormatDuration(w.config.AskAgainAfter))
	}
	return "no product of the order is left to review"
}

// cameInPart reports whether some of the items arrived, and some are waited for.
// A shop that names parcels by ids of another kind says nothing about the items.
func cameInPart(s *touch.Snapshot, c *customer.Customer) bool {
	_, all := c.Reached(s.Order, customer.Delivered)
	return !all && slices.ContainsFunc(s.Items, func(it events.Item) bool {
		return c.Concerned(s.Order, it.ProductID, customer.Delivered)
	})
}

// came reports whether something is so of a product, or of a part of it: of a bundle,
// shops tell which of its parts have left.
func came(s *touch.Snapshot, product string, is func(id string) bool) bool {
	return is(product) || slices.ContainsFunc(s.Items, func(it events.Item) bool { return it.BundleOf == product && is(it.ProductID) })
}

// cancelled reports whether nothing of a product will come.
func cancelled(c *customer.Customer, order, product string) bool {
	if p, ok := c.Purchase(order, product); ok {
		return p.Gone == customer.Cancelled
	}
	if o, known := c.Order(order); known && !o.Brief {
		return true // it was taken out of the order
	}
	return c.Concerned(order, product, customer.Cancelled)
}

// reviewed reports whether the customer reviewed a product since a time.
func reviewed(c *customer.Customer, product string, since time.Time) bool {
	notes := c.Noted(customer.Reviewed, product)
	return len(notes) > 0 && !notes[0].Time().Before(since)
}
