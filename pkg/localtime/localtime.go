// Package localtime is the arithmetic of dates and of the clocks on people's walls:
// days of a zone's calendar, which have 23, 24 or 25 hours, and times of day, which
// some nights skip and others show twice; and how they are written in the
// configuration. docs/time.md has its rules. It is pure, except that it reads the
// time zone database.
package localtime

import (
	"fmt"
	"time"
)

// A Date is a day of the calendar, without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the date that t shows, in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText writes what UnmarshalText reads.
func (d Date) MarshalText() ([]byte, error) {
	if d == (Date{}) {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads "2026-06-01", or nothing as the zero Date.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	switch {
	case len(text) == 0:
		*d = Date{}
	case err != nil:
		return fmt.Errorf("%q is not a date; write for example 2026-06-01", text)
	default:
		*d = DateOf(t)
	}
	return nil
}

// Add returns the date some days later. A date that does not exist rolls over:
// Add(0) of 29 February is 1 March in a year without one.
func (d Date) Add(days int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+days, 12, 0, 0, 0, time.UTC))
}

// Until returns how many days there are from d to o.
func (d Date) Until(o Date) int {
	return int(o.utc(0).Sub(d.utc(0)) / (24 * time.Hour))
}

// At returns the instant at which the clocks of a zone show a time on that date. Of
// a time that they show twice, as when summer ends, it is the first; of one that
// they never show, as when summer begins, it is the moment they change.
func (d Date) At(c Clock, zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, int(c)/60, int(c)%60, 0, 0, zone)
	start, end := t.ZoneBounds()
	switch shown := wall(t); {
	case shown.After(d.utc(c)): // skipped, and judged by the offset before
		return start
	case shown.Before(d.utc(c)): // skipped, and judged by the offset after
		return end
	case start.IsZero():
		return t
	}
	_, offset := start.Add(-1).Zone()
	if earlier := d.utc(c).Add(-time.Duration(offset) * time.Second); earlier.Before(start) {
		return earlier.In(zone)
	}
	return t
}

// End returns the instant at which the date is over for good in a zone: from
// then on no clock there shows it again. Where clocks go back over midnight, that
// is the second midnight; where midnight is skipped, the change.
func (d Date) End(zone *time.Location) time.Time {
	next := d.Add(1)
	noon := time.Date(next.Year, next.Month, next.Day, 12, 0, 0, 0, zone)
	midnight := func(at time.Time) time.Time {
		_, offset := at.Zone()
		return next.utc(0).Add(-time.Duration(offset) * time.Second)
	}
	end := midnight(noon)
	start, _ := noon.ZoneBounds()
	if start.IsZero() || end.After(start) {
		return end.In(zone)
	}
	if before := midnight(start.Add(-1).In(zone)); before.Before(start) {
		return before.In(zone)
	}
	return start
}

func (d Date) utc(c Clock) time.Time {
	return time.Date(d.Year, d.Month, d.Day, int(c)/60, int(c)%60, 0, 0, time.UTC)
}

// wall returns what the clocks show at t, as if that were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// Change returns the next instant after t at which the clocks of its zone change, or
// may: where a zone goes on by a rule, Go also names the end of a year. It is zero if
// none is known. On 31 December of a leap year Go says that the offset of such a zone
// ended that morning (findings/go-zone-bounds.sh); that is none.
func Change(t time.Time) time.Time {
	if _, end := t.ZoneBounds(); end.After(t) {
		return end
	}
	return time.Time{}
}

// DayStart is when the day of a time begins, on the clocks of its location.
func DayStart(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}
