package gate

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Frequency lists the caps, sorted by their length. All of them hold.
type Frequency []Window

// Window is one frequency cap: at most Limit emails in any Length of time.
type Window struct {
	Limit  int           `yaml:"limit"`
	Length time.Duration `yaml:"window"`
}

// SetDefault allows one email a day, three a week and eight a month.
func (f *Frequency) SetDefault() {
	const day = 24 * time.Hour // 16 hours leave room for the hour to wander
	*f = Frequency{{1, 16 * time.Hour}, {3, 7 * day}, {8, 30 * day}}
}

// Validate reports caps that are incomplete, not sorted, or could never be reached.
func (f Frequency) Validate() error {
	var l problem.List
	for i, w := range f {
		at := fmt.Sprintf("[%d]", i)
		switch {
		case w.Limit < 1:
			l.Add(at+".limit", "%d is too few; write 1 or more", w.Limit)
		case w.Limit > customer.MaxClaims:
			l.Add(at+".limit", "%d is more than the %d emails that are remembered of a customer, and could never be reached; "+
				"remove the entry", w.Limit, customer.MaxClaims)
		}
		if w.Length <= 0 {
			l.Add(at+".window", "is missing or 0s; write for example 7d")
		}
		if i == 0 {
			continue
		}
		before := f[i-1]
		if w.Length > 0 && w.Length <= before.Length {
			l.Add(at+".window", "%s does not come after %s; sort the list by window, each longer than the one before",
				localtime.FormatDuration(w.Length), localtime.FormatDuration(before.Length))
		} else if w.Limit < before.Limit {
			l.Add(at+".limit", "%d in %s is less than %d in %s, which could never be reached; raise it or remove the other",
				w.Limit, localtime.FormatDuration(w.Length), before.Limit, localtime.FormatDuration(before.Length))
		}
	}
	return l.Err()
}

// frequency: no more emails than the caps allow in any stretch of their length.
// Transactional email counts, and is never held.
func frequency(c *Case) touch.Verdict {
	if !c.marketing() {
		return touch.Verdict{}
	}
	this := c.Touch.ClaimKey()
	var until time.Time
	var why Window
	for _, w := range c.windows() {
		if at := w.roomAt(c.recipient().Claims, c.Now, this); at.After(until) {
			until, why = at, w
		}
	}
	if at := c.dayRoomAt(c.recipient().Claims, c.Now, this); at.After(until) && at.After(c.Now) {
		return c.later(at, reason.FrequencyCap, fmt.Sprintf("the %d of %s used", c.Policy.PerDay, c.date(c.Now)))
	}
	if !until.After(c.Now) {
		return touch.Verdict{}
	}
	return c.later(until, reason.FrequencyCap, c.used(why))
}

// room reports whether all caps have room for one more email at a time, in
// addition to some claims. A claim of the touch this does not count against it.
func (c *Case) room(claims []customer.Claim, at time.Time, this uint64) bool {
	return !c.dayRoomAt(claims, at, this).After(at) && !slices.ContainsFunc(c.windows(), func(w Window) bool {
		return w.roomAt(claims, at, this).After(at)
	})
}

// Used returns the claims that use up the window now, newest first, as claims are. A claim of the touch this, if not 0, does not count against it.
func (w Window) Used(claims []customer.Claim, now time.Time, this uint64) []customer.Claim {
	var out []customer.Claim
	for k := range w.used(claims, now, this) {
		out = append(out, *k)
	}
	return out
}

// used goes through what Used returns.
func (w Window) used(claims []customer.Claim, now time.Time, this uint64) iter.Seq[*customer.Claim] {
	return func(yield func(*customer.Claim) bool) {
		for i := range claims {
			k := &claims[i]
			if !k.Spends() || k.Touch == this {
				continue
			}
			if !time.UnixMilli(k.At).Add(w.Length).After(now) || !yield(k) {
				return
			}
		}
	}
}

// roomAt returns the earliest time at which the window has room for one more
// email: now, or when enough of those in it have left it.
func (w Window) roomAt(claims []customer.Claim, now time.Time, this uint64) time.Time {
	n, last := 0, int64(0)
	for k := range w.used(claims, now, this) {
		if n++; n == w.Limit {
			last = k.At
		}
	}
	if n < w.Limit {
		return now
	}
	return time.UnixMilli(last).Add(w.Length)
}

// RoomAt returns the earliest time at which the window has room for one more email.
func (w Window) RoomAt(claims []customer.Claim, now time.Time) time.Time {
	return w.roomAt(claims, now, 0)
}

// told is how many emails a detail lists.
const told = 4

// used says how full a window is, and which emails filled it when.
func (c *Case) used(w Window) string {
	var when []string
	mails := w.Used(c.recipient().Claims, c.Now, c.Touch.ClaimKey())
	for _, k := range mails[:min(len(mails), told)] {
		when = append(when, Moment(time.UnixMilli(k.At), c.zone()))
	}
	if more := len(mails) - told; more > 0 {
		when = append(when, fmt.Sprintf("%d more", more))
	}
	says := fmt.Sprintf("%d of %d in %s used: %s", len(mails), w.Limit, Length(w.Length), strings.Join(when, ", "))
	if !slices.Contains(c.Policy.Frequency, w) {
		says = "the customer wants fewer emails: " + says
	}
	return says
}

// zone is the zone of the customer's clock.
func (c *Case) zone() *time.Location { return c.Customer.Location(cmp.Or(c.Policy.Zone, time.UTC)) }

func (c *Case) moment(t time.Time) string { return Moment(t, c.zone()) + " " + c.zone().String() }

// Moment writes a time the way details do: "Tue 10 Jun 09:12".
func Moment(t time.Time, zone *time.Location) string { return t.In(zone).Format("Mon 2 Jan 15:04") }

// Length writes the length of a window: "16 h", "7 d".
func Length(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return fmt.Sprintf("%d d", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return d.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
