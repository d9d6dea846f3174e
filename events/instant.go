package events

import (
	"strings"
	"time"
)

// How far ahead of the receiver's clock a time may be, and how old.
const maxAhead = 5 * time.Minute

// timeString reads what a time is written in. Seconds since 1970 do not become a time
// by being put in quotes.
func (r *reader) timeString() []byte {
	if r.peek() == '"' {
		return r.quoted()
	}
	if got := r.describe(); r.err == nil {
		r.fail(ReasonWrongKind, `%s is not a time; send one as a string, like "2026-03-01T09:30:00Z"`, got)
	}
	return nil
}

// moment reads a time (RFC 3339).
func (r *reader) moment() *time.Time {
	b := r.timeString()
	if r.err != nil {
		return nil
	}
	t, problem := r.instant(string(b))
	if problem != "" {
		r.fail(ReasonBadTime, "%s %s", quote(string(b)), problem)
	}
	return &t
}

// until reads a time that may be ahead, as the end of a pause is.
func (r *reader) until() *time.Time {
	b := r.timeString()
	if r.err != nil {
		return nil
	}
	latest := r.latest
	r.latest = lastTime
	t, problem := r.instant(string(b))
	r.latest = latest
	if problem != "" {
		r.fail(ReasonBadTime, "%s %s", quote(string(b)), problem)
	}
	return &t
}

var lastTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// instant reads a time. One that is further ahead than clocks go wrong becomes
// the time of receipt, for it would win over all that happens until then.
func (r *rules) instant(s string) (t time.Time, problem string) {
	t, problem = parseTime(s)
	if problem != "" {
		return time.Time{}, problem
	}
	t = t.UTC().Truncate(time.Millisecond)
	if r.trusted {
		return t, ""
	}
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, "is not between 1970 and 9999"
	}
	if t.After(r.latest) {
		t = r.receipt
	}
	return t, ""
}

// parseTime reads a time of RFC 3339, in each spelling that it allows: t and z in
// lower case, a space for the T, fractions of any length, -00:00, and a leap second,
// which is the first of the next minute, as clocks without leap seconds have it. What
// is nearly one is refused in words of its own.
func parseTime(s string) (t time.Time, problem string) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, ""
	}
	if len(s) < len("2026-03-01T09:30:00") {
		return time.Time{}, nearlyATime(s)
	}
	b := []byte(s)
	if b[10] == 't' || b[10] == ' ' {
		b[10] = 'T'
	}
	if last := &b[len(b)-1]; *last == 'z' {
		*last = 'Z'
	}
	leap := string(b[16:19]) == ":60"
	if leap {
		copy(b[16:], ":59")
	}
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return time.Time{}, nearlyATime(string(b))
	}
	if leap {
		t = t.Add(time.Second)
	}
	return t, ""
}

const notATime = `is not a time of RFC 3339, like "2026-03-01T09:30:00Z"`

// nearlyATime says what keeps s from being a time.
func nearlyATime(s string) string {
	parses := func(layout string) bool { _, err := time.Parse(layout, s); return err == nil }
	switch {
	case s != "" && strings.Trim(s, "0123456789.") == "":
		return `is a number; send a time of RFC 3339, like "2026-03-01T09:30:00Z"`
	case parses(time.DateOnly):
		return `has no time of day; send one like "2026-03-01T09:30:00Z"`
	case parses("2006-01-02T15:04:05"), parses("2006-01-02T15:04"), parses("2006-01-02 15:04"):
		return `does not say in which time zone; end it with Z for UTC, or with the offset, like "2026-03-01T09:30:00+01:00"`
	case parses("2006-01-02T15:04:05Z0700"), parses("2006-01-02T15:04:05Z07"):
		return `has an offset that is not hours:minutes; write it like "2026-03-01T09:30:00+01:00"`
	case parses("2006-01-02T15:04Z07:00"):
		return `has no seconds; write it like "2026-03-01T09:30:00Z"`
	}
	return notATime
}
