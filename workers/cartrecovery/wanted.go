package cartrecovery

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// before is how long before a cart was left an order may have been placed that
// was made from it: shops look for left carts with a delay, and not always at
// the orders.
const before = 24 * time.Hour

// Wanted asks the rules in their order.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	place := workers.Place(w.config.Steps, t.Step)
	if place < 0 || t.Snapshot == nil {
		return touch.DropFor(reason.StepRemoved, "the series has no such step")
	}
	q := w.question(t, in, place)
	for _, rule := range []func() touch.Verdict{q.purchased, q.emptied, q.elsewhere, q.early, q.busy, q.recovered, q.twice, q.inTurn, q.unavailable} {
		if v := rule(); v.Action != touch.Send {
			return v
		}
	}
	return touch.Verdict{}
}

// question is one touch, and what the rules must know to judge it.
type question struct {
	worker
	touch    touch.Touch
	customer *customer.Customer
	series   series
	step     workers.StepConfig
	place    int // of the step
	now      time.Time
	shop     *product.Snapshot // what it says of its products
}

func (w worker) question(t touch.Touch, in workers.Input, place int) question {
	q := question{worker: w, touch: t, customer: in.Customer, step: w.config.Steps[place], place: place, now: in.Now, shop: in.Products}
	s, ok := w.seriesOf(q.customer, t.Customer, t.Snapshot.Cart)
	if !ok || s.cut || !slices.Contains(s.names(), t.Occasion) {
		s = w.planned(q.customer, t, place)
	}
	q.series = s
	return q
}

// current reports whether the cart is the one that the customer has now.
func (q question) current() bool { return q.customer.Cart.Value.ID == q.series.cart }

// purchased: who ordered since is not asked, nor who had just bought the cart.
// An order that was cancelled is a sign of life all the same; only one of before
// the cart was left may mean that the customer wants to order again. A cart that
// was updated after an order, and is left by idling alone, is not that order's.
func (q question) purchased() touch.Verdict {
	said := q.series.said
	if planned := q.touch.Snapshot.PlacedAt; !planned.IsZero() && planned.Before(said) {
		said = planned
	}
	toldLeft := len(q.customer.Noted(customer.Abandoned, q.series.cart)) > 0
	for o := range q.customer.Placed() {
		at := o.PlacedAt()
		switch {
		case !at.After(said.Add(-before)):
		case !at.Before(said):
			return touch.DropFor(reason.Purchased, "order "+o.ID+" was placed since the cart was left")
		case o.Whole(customer.Cancelled):
		case o.CartID == q.series.cart && toldLeft:
			return touch.DropFor(reason.Purchased, "order "+o.ID+" names the cart")
		case o.Holds(q.products()):
			return touch.DropFor(reason.Purchased, "order "+o.ID+" has all that the cart holds")
		}
	}
	return touch.Verdict{}
}

// lines are what is in the cart.
func (q question) lines() []customer.Line {
	if q.current() {
		return q.customer.Cart.Value.Lines
	}
	var out []customer.Line
	for _, it := range q.touch.Snapshot.Items {
		out = append(out, customer.Line{Product: it.ProductID, Quantity: it.Quantity})
	}
	return out
}

// products lists what is in the cart.
func (q question) products() []string {
	var out []string
	for _, l := range q.lines() {
		out = append(out, l.Product)
	}
	return out
}

// emptied: there is nothing to come back to.
func (q question) emptied() touch.Verdict {
	if q.current() && len(q.customer.Cart.Value.Lines) == 0 {
		return touch.DropFor(reason.Emptied, "nothing is in the cart")
	}
	return touch.Verdict{}
}

// elsewhere: a customer has one cart, the one they touched last.
func (q question) elsewhere() touch.Verdict {
	if !q.current() && len(q.customer.Cart.Value.Lines) > 0 {
		return touch.DropFor(reason.Recovered, "the customer went on with another cart")
	}
	return touch.Verdict{}
}

// early: it was woken before its time, or its time has moved.
func (q question) early() touch.Verdict {
	if due := q.series.left.Add(q.step.After); q.now.Before(due) {
		return touch.MoveTo(due, "the wait after the cart was left is not over")
	}
	return touch.Verdict{}
}

// changed reports whether the cart was updated since it was last left.
func (q question) changed() bool {
	if !q.current() {
		return false
	}
	notes := q.customer.Noted(customer.Abandoned, q.series.cart)
	return len(notes) == 0 || q.customer.Cart.Stamp.At > notes[0].At
}

// busy: nobody is reminded of a cart that they have in their hands.
func (q question) busy() touch.Verdict {
	quiet := q.customer.Cart.Stamp.Time().Add(q.config.Idle + q.config.Steps[0].After)
	if q.changed() && q.now.Before(quiet) {
		return touch.HoldUntil(quiet, reason.NotYet, "the cart has just changed")
	}
	return touch.Verdict{}
}

// recovered: who puts something in has come back. Where only the shop says that
// a cart is left, it is not until the shop says so again.
func (q question) recovered() touch.Verdict {
	if q.config.Idle == 0 && q.changed() && q.customer.Regrown() {
		return touch.DropFor(reason.Recovered, "something was put into the cart since it was left")
	}
	return touch.Verdict{}
}

// twice: an older order that came in late gives the series another name, under
// which this email may have gone out already, or be on its way.
func (q question) twice() touch.Verdict {
	for _, occasion := range q.series.names() {
		k, ok := named(q.touch.Customer, q.touch.Step, occasion).ClaimIn(q.customer)
		if ok && occasion != q.touch.Occasion && k.Spends() && k.At >= q.series.from.UnixMilli() {
			return touch.DropFor(reason.Bundled, "it was sent as "+occasion+": an older order came in late")
		}
	}
	return touch.Verdict{}
}

// inTurn: no mail before the ones that precede it.
func (q question) inTurn() touch.Verdict {
	settled := func(step string) bool {
		k, ok := q.series.claim(q.customer, q.touch.Customer, step)
		return ok && k.State != customer.Open
	}
	return workers.InTurn(q.config.Steps, q.touch.Step, q.series.left, expires, settled, q.now)
}
