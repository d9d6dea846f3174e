package gate

import (
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// erased: customers who asked to be forgotten get nothing.
func erased(c *Case) touch.Verdict {
	at, said := c.Customer.Erased.At, c.Touch.Caused
	if c.Customer.Gone() || at != 0 && !said.IsZero() && said.UnixMilli() <= at {
		return touch.DropFor(reason.Erased, "the customer was erased")
	}
	if r := c.Recipient; r != nil && r.Erased != 0 && said.UnixMilli() <= r.Erased {
		return touch.DropFor(reason.Erased, "who has the address was erased")
	}
	return touch.Verdict{}
}
