package gate

import (
	"fmt"
	"slices"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/touch"
)

// Quiet says when no marketing mail is sent, by the customer's clock.
type Quiet struct {
	From, To localtime.Clock // To is the first minute after it, perhaps of the next day; the same as From: never
	Days     []time.Weekday  // on which mail is sent; none: on all
	Spread   time.Duration   // over which what waited leaves
}

// quiet: no marketing mail at night, nor on days that the store keeps free. What
// counts is what the clock on the customer's wall shows: when an hour comes
// twice, both are quiet; when it is skipped, neither.
func quiet(c *Case) touch.Verdict {
	local := c.Now.In(c.zone())
	if !c.marketing() || !c.Policy.Quiet.is(local) {
		return touch.Verdict{}
	}
	why := fmt.Sprintf("quiet from %s to %s", c.Policy.Quiet.From, c.Policy.Quiet.To)
	if !c.Policy.Quiet.sends(local.Weekday()) {
		why = "no mail on a " + local.Weekday().String()
	}
	return c.later(c.Now, touch.QuietHours, fmt.Sprintf("it is %s in %s: %s", localtime.ClockOf(local), c.zone(), why))
}

// sends reports whether mail is sent on a day of the week.
func (q Quiet) sends(d time.Weekday) bool { return len(q.Days) == 0 || slices.Contains(q.Days, d) }

// is reports whether it is quiet when the clock shows a time.
func (q Quiet) is(local time.Time) bool {
	if !q.sends(local.Weekday()) {
		return true
	}
	return q.Holds(localtime.ClockOf(local))
}

// Holds reports whether a time of day is quiet, on any day.
func (q Quiet) Holds(at localtime.Clock) bool {
	if q.From <= q.To {
		return q.From <= at && at < q.To
	}
	return at >= q.From || at < q.To
}

// until returns the first instant from a time on at which it is quiet, or is not.
func (q Quiet) until(local time.Time, quiet bool) time.Time {
	for range maxEdges {
		if q.is(local) == quiet {
			break
		}
		local = q.edge(local)
	}
	return local
}

// maxEdges bounds the way to the end of quiet: a week has 21 edges, and some
// more when the clocks are changed.
const maxEdges = 50

// edge returns the next instant at which quiet may begin or end: when the clock
// shows From, To or midnight, or is changed. Between changes of the clocks, time
// that passes and time that is shown are the same.
func (q Quiet) edge(local time.Time) time.Time {
	const day = 24 * time.Hour
	shown := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	wait := day - shown
	for _, c := range []localtime.Clock{q.From, q.To} {
		if w := (time.Duration(c)*time.Minute - shown + day) % day; w > 0 {
			wait = min(wait, w)
		}
	}
	next := local.Add(wait)
	if _, change := local.ZoneBounds(); !change.IsZero() && change.Before(next) {
		return change
	}
	return next
}
