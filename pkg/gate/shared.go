package gate

import (
	"fmt"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// shared: no marketing email goes to an address that more ids have than one person
// has, as where a shop gives all its walk-in customers one: nobody could say whose no,
// or whose purchase, counts for it. Nor does one that asks whose the address is.
func shared(c *Case) touch.Verdict {
	if !c.marketing() && !c.Step.Asks || !c.Shared {
		return touch.Verdict{}
	}
	return touch.DropFor(reason.SharedAddress, fmt.Sprintf("more than %d customers have the address", customer.MaxPerson))
}
