package reviewrequest

import (
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans the ask and the reminder of an order. What was placed brings what
// the email displays; a fulfilment and a delivery only bring a better time.
func (w worker) Plan(in workers.Input) []touch.Touch {
	order, placed, snapshot := subject(in)
	if order == "" {
		return nil
	}
	due, _ := w.asks(order, placed, &in.Customer)
	var out []touch.Touch
	for _, s := range w.steps() {
		if s.Name == Reminder {
			due = w.reminds(due, touch.Touch{Worker: Name, Step: Ask, Customer: in.Key, Occasion: touch.Token(order)}, &in.Customer)
		}
		if !in.Now.After(due.Add(worth)) {
			out = append(out, touch.Touch{Worker: Name, Step: s.Name, Customer: in.Key, Occasion: touch.Token(order), Due: due, Snapshot: snapshot})
		}
	}
	return out
}

// reminds returns when the reminder of an ask is due: after it was sent, or else
// after it will be, if it leaves in time. Wanted knows when it did.
func (w worker) reminds(due time.Time, ask touch.Touch, c *customer.Customer) time.Time {
	if k, ok := c.Claimed(customer.ClaimKey(ask.ID())); ok && k.State >= customer.Uncertain {
		due = time.UnixMilli(k.At).UTC()
	}
	return due.Add(w.config.ReminderAfter)
}

// subject returns the order that the event is about, when it was placed if the
// event says so, and what the emails will display; no order: nothing is planned.
func subject(in workers.Input) (order string, placed time.Time, s *touch.Snapshot) {
	switch d := in.Event.Data.(type) {
	case *events.OrderPlaced:
		stamp := customer.StampOf(in.Event)
		if known, ok := in.Customer.Order(d.Order.ID); ok && (known.Test || !known.Told.Same(stamp)) {
			return "", time.Time{}, nil // told again; that event plans, with its own items
		}
		items, more := touch.Items(d.Order.Items)
		placed = stamp.Time()
		return d.Order.ID, placed, &touch.Snapshot{Order: d.Order.ID, PlacedAt: placed, Items: items, More: more, Total: d.Order.Total}
	case *events.OrderFulfilled:
		return d.Order.ID, in.Event.Time, nil
	case *events.OrderDelivered:
		return d.Order.ID, in.Event.Time, nil
	}
	return "", time.Time{}, nil
}

// asks returns when the customer is asked about an order, by the best signal
// there is, and which that is. placed counts if the customer's record does not
// know any more when the order was placed.
func (w worker) asks(order string, placed time.Time, c *customer.Customer) (at time.Time, signal string) {
	if at, ok := c.PlacedAt(order); ok {
		placed = at
	}
	delivered, all := c.Reached(order, customer.Delivered)
	if all {
		return delivered.Add(w.config.AfterDelivery), "delivered " + stamp(delivered)
	}
	fulfilled, sent := c.Reached(order, customer.Fulfilled)
	if sent {
		at, signal = fulfilled.Add(w.config.AfterFulfilment), "fulfilled "+stamp(fulfilled)
	} else {
		at, signal = placed.Add(w.config.AfterOrder), "placed "+stamp(placed)
		at = latest(at, fulfilled, w.config.AfterFulfilment)
	}
	return latest(at, delivered, w.config.AfterDelivery), signal
}

// latest returns the later of at and wait after a parcel, if there was one: of
// an order in parcels the newest must have had its time too.
func latest(at, parcel time.Time, wait time.Duration) time.Time {
	if t := parcel.Add(wait); !parcel.IsZero() && t.After(at) {
		return t
	}
	return at
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
