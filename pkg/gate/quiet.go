package gate

import (
	"fmt"
	"slices"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// QuietHours is the part of the customer's day in which no marketing email is sent.
type QuietHours struct {
	From   localtime.Clock `yaml:"from"`
	To     localtime.Clock `yaml:"to"`     // the first minute after it, maybe of the next day; the same as From: never quiet
	Spread time.Duration   `yaml:"spread"` // what waited is sent over this time, not all at once
}

// maxSpread is the longest spread: half a day.
const maxSpread = 12 * time.Hour

// SetDefault makes the nights quiet.
func (q *QuietHours) SetDefault() {
	*q = QuietHours{From: 21 * 60, To: 8 * 60, Spread: 30 * time.Minute}
}

// Validate reports a spread that is too long.
func (q QuietHours) Validate() error {
	if q.Spread <= maxSpread {
		return nil
	}
	return &problem.Problem{Key: "spread", Text: localtime.FormatDuration(q.Spread) + " is more than " + localtime.FormatDuration(maxSpread)}
}

// SendDays are the days of the customer's week on which marketing email is sent; none: all.
type SendDays []localtime.Weekday

// Validate reports a day that is listed twice.
func (s SendDays) Validate() error {
	var l problem.List
	for i, d := range s {
		if slices.Contains(s[:i], d) {
			l.Add(fmt.Sprintf("[%d]", i), "%s is listed twice", d)
		}
	}
	return l.Err()
}

// quiet: no marketing email at night, nor on days that the store keeps free. What
// counts is the clock on the customer's wall: when an hour comes twice, both are
// quiet; when it is skipped, nothing is.
func quiet(c *Case) touch.Verdict {
	local := c.Now.In(c.zone())
	if !c.marketing() || !c.Policy.Hours.are(local) {
		return touch.Verdict{}
	}
	why := fmt.Sprintf("quiet from %s to %s", c.Policy.QuietHours.From, c.Policy.QuietHours.To)
	if !c.Policy.Hours.sends(local.Weekday()) {
		why = "no marketing email on a " + local.Weekday().String()
	}
	return c.later(c.Now, reason.QuietHours, fmt.Sprintf("it is %s in %s: %s", localtime.ClockOf(local), c.zone(), why))
}

// sends reports whether marketing email is sent on a day of the week.
func (h Hours) sends(d time.Weekday) bool {
	return len(h.SendDays) == 0 || slices.Contains(h.SendDays, localtime.Weekday(d))
}

// are reports whether it is quiet when the clock shows a time.
func (h Hours) are(local time.Time) bool {
	return !h.sends(local.Weekday()) || h.QuietHours.Holds(localtime.ClockOf(local))
}

// Holds reports whether a time of day is quiet, on any day.
func (q QuietHours) Holds(at localtime.Clock) bool {
	if q.From <= q.To {
		return q.From <= at && at < q.To
	}
	return at >= q.From || at < q.To
}

// until returns the first instant, from a time on, at which it is quiet, or isn't.
func (h Hours) until(local time.Time, quiet bool) time.Time {
	for range maxEdges {
		if h.are(local) == quiet {
			break
		}
		local = h.edge(local)
	}
	return local
}

// maxEdges bounds the search for the end of quiet: a week has 21 edges, and a few
// more when the clocks change.
const maxEdges = 50

// edge returns the next instant at which quiet may begin or end: when the clock
// shows From, To or midnight, or changes. Between changes, the time that passes is
// the time that the clock shows.
func (h Hours) edge(local time.Time) time.Time {
	const day = 24 * time.Hour
	shown := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	wait := day - shown
	for _, c := range []localtime.Clock{h.QuietHours.From, h.QuietHours.To} {
		if w := (time.Duration(c)*time.Minute - shown + day) % day; w > 0 {
			wait = min(wait, w)
		}
	}
	next := local.Add(wait)
	if change := localtime.Change(local); !change.IsZero() && change.Before(next) {
		return change
	}
	return next
}
