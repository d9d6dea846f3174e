package gate

import (
	"fmt"

	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// expiry: an email that comes too late to make sense is not sent.
func expiry(c *Case) touch.Verdict {
	if end := c.Touch.Due.Add(c.Step.Expires); c.Now.After(end) {
		return touch.DropFor(reason.Expired, fmt.Sprintf("due %s, worth sending for %s", stamp(c.Touch.Due), localtime.FormatDuration(c.Step.Expires)))
	}
	return touch.Verdict{}
}
