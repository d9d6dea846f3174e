package gate

import "homing/pkg/touch"

// wanted: the worker itself may have changed its mind.
func wanted(c *Case) touch.Verdict {
	return c.Wanted()
}
