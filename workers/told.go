package workers

import (
	"homing/events"
	"homing/pkg/customer"
)

// Told returns the order that the event tells, if it is planned for as that event has
// it: a copy of an older one that comes late must not replace it, and nothing is
// planned for an order that was changed and never placed, or for a test.
func Told(in Input) (*events.Order, bool) {
	o := events.OrderTold(in.Event.Data)
	if o == nil {
		return nil, false
	}
	_, changed := in.Event.Data.(*events.OrderUpdated)
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
