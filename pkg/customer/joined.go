package customer

import (
	"time"

	"homing/events"
)

// Joined returns when the customer said yes to marketing email for the first time, or for
// the first time after they had left; when that was, the zero time if they never had; and
// whether it is known. A yes without a time of its own tells nothing, but in the event
// with which the shop met them.
func (c *Customer) Joined() (at, left time.Time, known bool) {
	no := max(c.Stops[events.ScopeAll].At, c.Stops[events.ScopeEverything].At)
	before := false
	for _, n := range c.Notes { // newest first
		switch {
		case n.Kind != Agreed:
		case n.At > no:
			at, known = n.Time(), true
		default:
			before = true
		}
	}
	if oldest := c.KeptSince(Agreed); known && at.Equal(oldest) {
		return time.Time{}, time.Time{}, false // they may have joined before that
	}
	if known && before {
		left = time.UnixMilli(no).UTC()
	}
	return at, left, known
}

// toAgreed gives a record that was written before it had notes of every yes that of the
// latest one.
func (c *Customer) toAgreed() {
	if c.Opinion.Status == events.Subscribed && c.LastNoted(Agreed).IsZero() {
		c.remember(Note{Kind: Agreed, At: c.Opinion.At})
	}
}
