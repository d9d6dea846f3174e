package reviewrequest

import (
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans the ask and the reminder of an order. What was placed or changed brings
// what the email displays; a fulfilment and a delivery only bring a better time.
func (w worker) Plan(in workers.Input) []touch.Touch {
	order, placed, snapshot := subject(in)
	if order == "" {
		return nil
	}
	due, _ := w.asks(order, placed, &in.Customer)
	if w.tooOld(order, placed, due, &in.Customer) {
		return nil
	}
	var out []touch.Touch
	for _, s := range w.steps() {
		t := touch.Touch{Worker: Name, Step: s.Name, Customer: in.Key, Occasion: touch.Token(order), Due: due, Snapshot: snapshot}
		if s.Name == Reminder {
			t.Due = w.reminds(due, order, t, &in.Customer)
		}
		if !in.Now.After(t.Due.Add(worth)) {
			out = append(out, t)
		}
	}
	return out
}

// reminds returns when the reminder of an ask is due: after it was sent, or else
// after it will be, if it leaves in time. Wanted knows when it did.
func (w worker) reminds(due time.Time, order string, t touch.Touch, c *customer.Customer) time.Time {
	if at, asked := asked(t, order, c); asked {
		due = at
	}
	return due.Add(w.config.ReminderAfter)
}

// subject returns the order that the event is about, when it was placed if the
// event says so, and what the emails will display; no order: nothing is planned.
func subject(in workers.Input) (order string, placed time.Time, s *touch.Snapshot) {
	switch d := in.Event.Data.(type) {
	case *events.OrderFulfilled:
		order, placed = d.Order.ID, in.Event.Time
	case *events.OrderDelivered:
		order, placed = d.Order.ID, in.Event.Time
	default:
		o, ok := workers.Told(in)
		if !ok {
			return "", time.Time{}, nil
		}
		order, placed = o.ID, customer.StampOf(in.Event).Time()
		if at, ok := in.Customer.PlacedAt(order); ok {
			placed = at
		}
		items, more := touch.Items(o.Items)
		s = &touch.Snapshot{Order: order, PlacedAt: placed, Items: items, More: more, Total: o.Total}
	}
	if in.Customer.IsTest(order) {
		return "", time.Time{}, nil
	}
	return order, placed, s
}

// since returns since when an order stands. placed counts if the customer's record
// does not know any more.
func since(order string, placed time.Time, c *customer.Customer) time.Time {
	if at, ok := c.Since(order); ok {
		return at
	}
	return placed
}

// tooOld reports whether an order is too old to be asked about at a time: a shop that
// cleans up marks orders of years ago as delivered.
func (w worker) tooOld(order string, placed, asks time.Time, c *customer.Customer) bool {
	return asks.Sub(since(order, placed, c)) > w.config.MaxOrderAge
}

// asks returns when the customer is asked about an order, by the best signal
// there is, and which that is.
func (w worker) asks(order string, placed time.Time, c *customer.Customer) (at time.Time, by signal) {
	if o, ok := c.Order(order); ok {
		return w.asksAbout(o)
	}
	return w.right(since(order, placed, c), func(k customer.Kind) (time.Time, bool) { return c.Reached(order, k) })
}

// asksAbout is asks about an order that is kept in detail.
func (w worker) asksAbout(o *customer.Order) (at time.Time, by signal) {
	return w.right(o.Since(), o.Reached)
}

func (w worker) right(placed time.Time, reached func(customer.Kind) (last time.Time, all bool)) (at time.Time, by signal) {
	delivered, all := reached(customer.Delivered)
	if all {
		return delivered.Add(w.config.AfterDelivery), signal{"delivered ", delivered}
	}
	fulfilled, sent := reached(customer.Fulfilled)
	if sent {
		at, by = fulfilled.Add(w.config.AfterFulfilment), signal{"fulfilled ", fulfilled}
	} else {
		at, by = placed.Add(w.config.AfterOrder), signal{"placed ", placed}
		at = latest(at, fulfilled, w.config.AfterFulfilment)
	}
	return latest(at, delivered, w.config.AfterDelivery), by
}

// signal is what says when the customer is asked.
type signal struct {
	what string
	at   time.Time
}

func (s signal) String() string { return s.what + stamp(s.at) }

// latest returns the later of at and wait after a parcel, if there was one: of
// an order in parcels the newest must have had its time too.
func latest(at, parcel time.Time, wait time.Duration) time.Time {
	if t := parcel.Add(wait); !parcel.IsZero() && t.After(at) {
		return t
	}
	return at
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
