package gate

import (
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// erased: customers who asked to be forgotten get nothing.
func erased(c *Case) touch.Verdict {
	at := c.Customer.Erased.At
	if said := c.Touch.Caused; c.Customer.Gone() || at != 0 && !said.IsZero() && said.UnixMilli() <= at {
		return touch.DropFor(reason.Erased, "the customer was erased")
	}
	return touch.Verdict{}
}
