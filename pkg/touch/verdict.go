package touch

import (
	"time"

	"homing/pkg/reason"
)

// Action is what becomes of a touch that fell due.
type Action uint8

// The actions. The zero value is Send: a rule that has nothing against a touch
// returns the zero Verdict.
const (
	Send Action = iota
	Hold
	Drop
)

// A Verdict says what becomes of a touch, and why.
type Verdict struct {
	Action Action
	Reason reason.Reason // why not Send; empty for Send
	Until  time.Time     // Hold: the earliest time at which it may pass
	Moves  bool          // Hold: Until is the touch's right time now, and how late it is counts from there
	Zone   string        // Hold: where the clocks are that Until is a time of day on; empty: it is an instant
	Detail string        // the inputs of the decision, for a person; no address, no name
}

// Occasions says what people decided about the occasion of a touch that they made: the
// zero Verdict if it may leave, a hold while it is paused, a drop if it was called off.
type Occasions func(t Touch) Verdict

// HoldUntil returns the verdict that a touch is right, but later.
func HoldUntil(t time.Time, why reason.Reason, detail string) Verdict {
	return Verdict{Action: Hold, Reason: why, Until: t, Detail: detail}
}

// MoveTo returns the verdict that the right time of a touch is another by now
// than it was planned for: because a better signal came, or the configuration
// changed. It is worth sending for as long after that as after any other due time.
func MoveTo(t time.Time, detail string) Verdict {
	v := HoldUntil(t, reason.NotYet, detail)
	v.Moves = true
	return v
}

// DropFor returns the verdict that a touch is not to be sent.
func DropFor(why reason.Reason, detail string) Verdict {
	return Verdict{Action: Drop, Reason: why, Detail: detail}
}

// On returns the verdict with the zone on whose clocks Until was read.
func (v Verdict) On(z *time.Location) Verdict {
	v.Zone = z.String()
	return v
}
