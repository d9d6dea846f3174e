package workers

import (
	"homing/events"
	"homing/pkg/customer"
)

// Told returns the order that the event tells, if it is planned for as that event has
// it: a copy of an older one that comes late must not replace it, and nothing is
// planned for an order that was changed and never placed, or for a test.
func Told(in Input) (*events.Order, bool) {
	var o *events.Order
	changed := false
	switch d := in.Event.Data.(type) {
	case *events.OrderPlaced:
		o = &d.Order
	case *events.OrderUpdated:
		o, changed = &d.Order, true
	default:
		return nil, false
	}
	switch known, ok := in.Customer.Order(o.ID); {
	case !ok:
		return o, !changed && !in.Customer.IsTest(o.ID)
	case known.Test, changed && !known.WasPlaced():
		return nil, false
	default:
		// What an import says of it plans nothing, and must not keep the shop's own word
		// from doing so.
		return o, known.Told.Same(customer.StampOf(in.Event)) || known.Brought != 0 && !in.Event.Historical
	}
}
