package gate

import (
	"math/bits"
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// capSpread is how long touches are spread over when the caps have room for all of
// them at the same time.
const capSpread = time.Minute

// later holds a touch until from, or until the quiet hours that from falls into are
// over. Touches are spread, each by a time of its own, but never so far that a
// touch would expire or run into the next quiet hours. One that would come too late
// is dropped at once.
func (c *Case) later(from time.Time, why reason.Reason, detail string) touch.Verdict {
	open, end := c.Policy.Hours.until(from.In(c.zone()), false), c.Touch.Due.Add(c.Step.Expires)
	if open.After(end) {
		return touch.DropFor(reason.Expired, detail+"; next slot only "+c.moment(open)+", too late")
	}
	spread := capSpread
	if open.After(from) {
		spread = c.Policy.QuietHours.Spread
	}
	spread = min(spread, end.Sub(open), c.Policy.Hours.until(open, true).Sub(open))
	until := open.Add(share(c.Touch.ID(), spread)).UTC()
	v := touch.HoldUntil(until, why, detail+"; next slot "+c.moment(until))
	if open.After(from) {
		v = v.On(c.zone())
	}
	return v
}

// share returns a touch's own part of a spread: 0 or more, less than all of it, and
// always the same.
func share(id string, spread time.Duration) time.Duration {
	part, _ := bits.Mul64(customer.ClaimKey(id), uint64(max(0, spread)))
	return time.Duration(part).Truncate(time.Millisecond)
}
