package gate

import "homing/pkg/touch"

// wanted: the worker itself may no longer want to send it.
func wanted(c *Case) touch.Verdict {
	return c.Wanted()
}
