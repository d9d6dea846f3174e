package gate

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// sunset: customers who got a last email and have shown no sign of life since get no
// marketing any more, whichever worker it comes from.
func sunset(c *Case) touch.Verdict {
	if !c.marketing() || !c.Policy.Sunset {
		return touch.Verdict{}
	}
	for _, who := range []*customer.Customer{c.Customer, c.recipient()} {
		if who.Asleep() {
			return touch.DropFor(reason.Sunset, "no order and no answer since the last email, of "+stamp(time.UnixMilli(who.Sunset)))
		}
	}
	return touch.Verdict{}
}
