package gate

import (
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// shadow: all rules passed, but the worker is only being tried out.
func shadow(c *Case) touch.Verdict {
	if c.Shadow {
		return touch.DropFor(reason.Shadow, "it would have been sent; the worker's status is shadow")
	}
	return touch.Verdict{}
}
