package workers

import (
	"slices"
	"time"

	"homing/pkg/reason"
	"homing/pkg/touch"
)

// lookAgain is how long a step waits for an earlier one before it is asked again.
const lookAgain = time.Hour

// Place returns the place of a step in a series; -1: there is no such step.
func Place(steps []StepConfig, name string) int {
	return slices.IndexFunc(steps, func(s StepConfig) bool { return s.StepName() == name })
}

// InTurn holds a step back while an earlier one of its series may still go out:
// nobody is to get the last word first because a cap held the first one. The
// steps' times count from began, expires is for steps that name none themselves,
// and settled says whether a step has its outcome, whatever it was. A step whose
// time is over without one was never planned, and is not waited for.
func InTurn(steps []StepConfig, step string, began time.Time, expires time.Duration, settled func(step string) bool, now time.Time) touch.Verdict {
	for _, s := range steps[:max(0, Place(steps, step))] {
		end := began.Add(s.After).Add(s.Step(touch.Marketing, expires).Expires)
		if settled(s.StepName()) || now.After(end) {
			continue
		}
		until := now.Add(lookAgain)
		if end = end.Add(time.Second); end.Before(until) {
			until = end
		}
		return touch.HoldUntil(until, reason.NotYet, s.StepName()+" comes first, and has no outcome yet")
	}
	return touch.Verdict{}
}
