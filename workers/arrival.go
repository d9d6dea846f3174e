package workers

import (
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Arrival says how long after an order arrived a customer is asked about it, by the best
// that is known: the delivery, or else that it left the shop, or else that it was placed.
type Arrival struct{ AfterDelivery, AfterFulfilment, AfterOrder time.Duration }

// Of returns when the customer is asked about an order, and by which signal. placed counts
// if their record does not know the order any more.
func (a Arrival) Of(order string, placed time.Time, c *customer.Customer) (at time.Time, by Signal) {
	if o, ok := c.Order(order); ok {
		return a.OfOrder(o)
	}
	return a.right(Since(order, placed, c), func(k customer.Kind) (time.Time, bool) { return c.Reached(order, k) })
}

// OfOrder is Of for an order that is kept in detail.
func (a Arrival) OfOrder(o *customer.Order) (at time.Time, by Signal) {
	return a.right(o.Since(), o.Reached)
}

func (a Arrival) right(placed time.Time, reached func(customer.Kind) (last time.Time, all bool)) (at time.Time, by Signal) {
	delivered, all := reached(customer.Delivered)
	if all {
		return delivered.Add(a.AfterDelivery), Signal{"delivered ", delivered}
	}
	fulfilled, sent := reached(customer.Fulfilled)
	if sent {
		at, by = fulfilled.Add(a.AfterFulfilment), Signal{"fulfilled ", fulfilled}
	} else {
		at, by = placed.Add(a.AfterOrder), Signal{"placed ", placed}
		at = latest(at, fulfilled, a.AfterFulfilment)
	}
	return latest(at, delivered, a.AfterDelivery), by
}

// A Signal is what says when the customer is asked.
type Signal struct {
	what string
	at   time.Time
}

// String says it for the detail of a fact.
func (s Signal) String() string { return s.what + s.at.UTC().Format("2006-01-02 15:04 MST") }

// latest returns the later of at and wait after a parcel, if there was one: of
// an order in parcels the newest must have had its time too.
func latest(at, parcel time.Time, wait time.Duration) time.Time {
	if t := parcel.Add(wait); !parcel.IsZero() && t.After(at) {
		return t
	}
	return at
}

// Since returns since when an order stands. placed counts if the customer's record
// does not know any more.
func Since(order string, placed time.Time, c *customer.Customer) time.Time {
	if at, ok := c.Since(order); ok {
		return at
	}
	return placed
}

// Arriving returns the order whose arrival the event is about, when it was placed if the
// event says so, and what emails about it will display: a fulfilment and a delivery only
// bring a better time. No order: nothing is planned.
func Arriving(in Input) (order string, placed time.Time, s *touch.Snapshot) {
	switch d := in.Event.Data.(type) {
	case *events.OrderFulfilled:
		order, placed = d.Order.ID, in.Event.Time
	case *events.OrderDelivered:
		order, placed = d.Order.ID, in.Event.Time
	default:
		o, ok := Told(in)
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

// Standing drops what is about an order that does not stand any more.
func Standing(t touch.Touch, in Input) touch.Verdict {
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
