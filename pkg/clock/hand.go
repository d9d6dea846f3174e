package clock

import "time"

// A Hand is a clock that somebody moves: what rehearses a year has no time to wait for it.
// It is for one goroutine.
type Hand struct{ at time.Time }

// Move sets the clock. It is never set back.
func (h *Hand) Move(to time.Time) {
	if to.After(h.at) {
		h.at = to
	}
}

// Now returns what the clock shows.
func (h *Hand) Now() time.Time { return h.at }

// ByHand returns the scale of a clock that is moved by hand. Times that are not now are
// the same in both.
func ByHand(h *Hand) Scale { return Scale{hand: h} }
