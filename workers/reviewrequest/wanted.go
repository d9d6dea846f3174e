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
	if v := workers.Standing(t, in); v.Action != touch.Send {
		return v
	}
	if why := w.open(t, in, func(events.Item) bool { return false }); why != "" {
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
	case w.asking(t, group, in):
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

// askable returns what of an order may be asked about now, apart from when and in
// which email.
func (w worker) askable(t touch.Touch, in workers.Input) ([]events.Item, touch.Verdict) {
	if v := workers.Standing(t, in); v.Action != touch.Send {
		return nil, v
	}
	items, why := w.left(t, in)
	if why != "" {
		return nil, touch.DropFor(why, w.nothing(why))
	}
	return items, w.allowed(t, in)
}

// allowed says whether the customer may be asked about an order at all, if it stands and
// has something to review.
func (w worker) allowed(t touch.Touch, in workers.Input) touch.Verdict {
	c, order := in.Customer, t.Snapshot.Order
	switch asks, _ := w.asks(order, t.Snapshot.PlacedAt, c); {
	case w.tooOld(order, t.Snapshot.PlacedAt, asks, c):
		return touch.DropFor(reason.Expired, fmt.Sprintf("asked %s, more than %s after the order", stamp(asks), localtime.FormatDuration(w.config.MaxOrderAge)))
	case c.ComplaintOpen(order):
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open")
	}
	for _, k := range []customer.Kind{customer.Refunded, customer.Returned} {
		if at := c.LastOf(order, k); !at.IsZero() && !at.Before(workers.Since(order, t.Snapshot.PlacedAt, c)) && in.Now.Before(at.Add(freshRefund)) {
			return touch.DropFor(reason.Refunded, "some of the order was refunded, or came back, on "+stamp(at))
		}
	}
	return touch.Verdict{}
}

// time returns when a touch is right, or a verdict if that has no answer.
func (w worker) time(t touch.Touch, group []workers.Sharer, in workers.Input) (time.Time, touch.Verdict) {
	c := in.Customer
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

// left returns the items that are left to review, and if there are none, why.
func (w worker) left(t touch.Touch, in workers.Input) (items []events.Item, why reason.Reason) {
	why = w.open(t, in, func(it events.Item) bool {
		items = append(items, it)
		return true
	})
	return items, why
}

// open calls fn with the items that are left to review, each product once, until it returns
// false. If there are none, it returns why. Of an order that came in part only what came is
// asked about, and of one that left the shop in part only what has left.
func (w worker) open(t touch.Touch, in workers.Input, fn func(events.Item) bool) (why reason.Reason) {
	c, s := in.Customer, t.Snapshot
	placed := s.PlacedAt
	if at, ok := c.PlacedAt(s.Order); ok {
		placed = at
	}
	if lately := in.Now.Add(-w.config.AskAgainAfter); lately.Before(placed) {
		placed = lately
	}
	inPart, sent, o := cameInPart(s, c), sentBeforeTo(t, &in), orderOf(s.Order, c)
	var gone []reason.Reason
	some := false
	for i := range s.Items {
		it := &s.Items[i]
		p := it.ProductID
		switch {
		case !it.MayReview(s.Items), before(s.Items[:i], p, s.Items):
		case o.concerned(p, customer.Refunded), o.concerned(p, customer.Returned):
			gone = append(gone, reason.Refunded)
		case o.cancelled(p):
			gone = append(gone, reason.Cancelled)
		case reviewed(c, p, placed):
			gone = append(gone, reason.Reviewed)
		case inPart && !came(s, p, func(id string) bool { return o.concerned(id, customer.Delivered) }),
			!came(s, p, o.hasLeft):
		case w.elsewhere(p, t, in, sent.of(p)):
			gone = append(gone, reason.Bundled)
		default:
			if some = true; !fn(*it) {
				return ""
			}
		}
	}
	if some {
		return ""
	}
	for _, r := range []reason.Reason{reason.Reviewed, reason.Bundled, reason.Refunded, reason.Cancelled} {
		if slices.Contains(gone, r) {
			return r
		}
	}
	return reason.InsufficientData
}

// before reports whether one of the items before has the product, and may be reviewed.
func before(items []events.Item, product string, all []events.Item) bool {
	return slices.ContainsFunc(items, func(it events.Item) bool { return it.ProductID == product && it.MayReview(all) })
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
	if _, all := c.Reached(s.Order, customer.Delivered); all {
		return false
	}
	o := orderOf(s.Order, c)
	return slices.ContainsFunc(s.Items, func(it events.Item) bool { return o.concerned(it.ProductID, customer.Delivered) })
}

// came reports whether something is so of a product, or of a part of it: of a bundle,
// shops tell which of its parts have left.
func came(s *touch.Snapshot, product string, is func(id string) bool) bool {
	return is(product) || slices.ContainsFunc(s.Items, func(it events.Item) bool { return it.BundleOf == product && is(it.ProductID) })
}

// order is the order of a touch, looked up once for all of its products.
type order struct {
	id  string
	of  *customer.Customer
	now *customer.Order // nil: it is not kept in detail
}

func orderOf(id string, c *customer.Customer) order {
	now, _ := c.Order(id)
	return order{id, c, now}
}

// concerned is Customer.Concerned.
func (o order) concerned(product string, k customer.Kind) bool {
	if o.now != nil {
		return o.now.Concerns(product, k)
	}
	return o.of.Concerned(o.id, product, k)
}

func (o order) hasLeft(product string) bool {
	if o.now != nil {
		return o.now.Left(product)
	}
	return o.of.HasLeft(o.id, product)
}

// cancelled reports whether nothing of a product will come.
func (o order) cancelled(product string) bool {
	switch {
	case o.now != nil && !o.now.Test && o.now.Has(product):
		return o.now.Gone(product) == customer.Cancelled
	case o.now != nil && !o.now.Brief:
		return true // it was taken out of the order
	}
	return o.concerned(product, customer.Cancelled)
}

// reviewed reports whether the customer reviewed a product since a time.
func reviewed(c *customer.Customer, product string, since time.Time) bool {
	notes := c.Noted(customer.Reviewed, product)
	return len(notes) > 0 && !notes[0].Time().Before(since)
}
