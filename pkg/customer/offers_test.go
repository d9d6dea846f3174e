package customer_test

import (
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

// Redis had lost the first binding when the second was made, and the customer was
// erased and came back in between.
func TestTheOfferThatWasBoundLastStands(t *testing.T) {
	bound := func(minute int, code string) events.Event {
		return event(minute, &events.OfferIssued{Touch: "w.s.t.o", Code: code, Percent: 10})
	}
	first, second, gone := bound(1, "A"), bound(3, "B"), erased(2)
	for _, es := range [][]events.Event{
		{first, second}, {second, first}, {first, second, gone}, {first, gone, second}, {gone, second, first}, {second, first, gone},
	} {
		c := fold(es)
		if o, ok := c.OfferOf(customer.ClaimKey("w.s.t.o")); !ok || o.Code != "B" {
			t.Errorf("%v: offer %+v", es, o)
		}
	}
}
