package gate

import (
	"time"

	"homing/pkg/touch"
)

// sunset: who got a last mail and showed no sign of life since is left alone by
// marketing, whichever worker it comes from.
func sunset(c *Case) touch.Verdict {
	if !c.marketing() || !c.Policy.Sunset || !c.Customer.Asleep() {
		return touch.Verdict{}
	}
	return touch.DropFor(touch.Sunset, "no order and no answer since the last mail of "+stamp(time.UnixMilli(c.Customer.Sunset)))
}
