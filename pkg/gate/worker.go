package gate

import (
	"fmt"

	"homing/pkg/reason"
	"homing/pkg/touch"
)

// live: a worker that is off sends nothing, and neither does a step it no longer has.
func live(c *Case) touch.Verdict {
	switch {
	case c.Off:
		return touch.DropFor(reason.WorkerOff, c.Touch.Worker+" is off")
	case !c.Listed:
		return touch.DropFor(reason.StepRemoved, fmt.Sprintf("%s has no step %s", c.Touch.Worker, c.Touch.Step))
	}
	return touch.Verdict{}
}
