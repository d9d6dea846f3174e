package gate

import (
	"fmt"

	"homing/pkg/touch"
)

// live: a worker that is off sends nothing, nor does a step that is no more.
func live(c *Case) touch.Verdict {
	switch {
	case c.Off:
		return touch.DropFor(touch.WorkerOff, c.Touch.Worker+" is off")
	case !c.Listed:
		return touch.DropFor(touch.StepRemoved, fmt.Sprintf("%s has no step %s", c.Touch.Worker, c.Touch.Step))
	}
	return touch.Verdict{}
}

// wanted: the worker itself may have changed its mind.
func wanted(c *Case) touch.Verdict {
	return c.Wanted()
}

// expiry: what is too late to make sense is not sent.
func expiry(c *Case) touch.Verdict {
	if end := c.Touch.Due.Add(c.Step.Expires); c.Now.After(end) {
		return touch.DropFor(touch.Expired, fmt.Sprintf("due %s, worth sending for %s", stamp(c.Touch.Due), c.Step.Expires))
	}
	return touch.Verdict{}
}

// shadow: all rules passed, but the worker is only being tried.
func shadow(c *Case) touch.Verdict {
	if c.Shadow {
		return touch.DropFor(touch.Shadow, "it would have been sent; the worker's status is shadow")
	}
	return touch.Verdict{}
}
