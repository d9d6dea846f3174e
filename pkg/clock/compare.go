package clock

import "time"

// Odd is a difference of two machines' clocks that is worth a word, and Wrong one with
// which no email leaves: it would leave too early, or a claim end too soon.
const (
	Odd   = 2 * time.Second
	Wrong = 5 * time.Second
)

// Ahead returns how far our clock is ahead of another one, or behind if it is negative, at
// least: theirs is what the other one showed at a moment between asked and answered. All are
// compared as wall clocks, since one of them may have been set.
func Ahead(asked, answered, theirs time.Time) time.Duration {
	took := answered.Sub(asked) // by the clock that nobody sets
	asked = asked.Round(0)
	from, to := asked.Sub(theirs), asked.Add(took).Sub(theirs)
	switch {
	case from > 0:
		return from
	case to < 0:
		return to
	}
	return 0
}
