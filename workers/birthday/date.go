package birthday

import (
	"errors"
	"fmt"
	"time"
)

// A date is a day of the calendar, without a zone.
type date struct {
	year  int
	month time.Month
	day   int
}

// dateOf returns the date that t shows, in its own zone.
func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

func (d date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day) }

// add returns the date some days later.
func (d date) add(days int) date {
	return dateOf(time.Date(d.year, d.month, d.day+days, 12, 0, 0, 0, time.UTC))
}

// until returns how many days there are from d to o.
func (d date) until(o date) int {
	noon := func(d date) time.Time { return time.Date(d.year, d.month, d.day, 12, 0, 0, 0, time.UTC) }
	return int(noon(o).Sub(noon(d)) / (24 * time.Hour))
}

// at returns the instant at which the clocks of a zone show a time on that date.
// What they show twice, as when summer ends, is the first of the two; what they
// never show, as when summer begins, is the instant at which they are changed.
func (d date) at(c Clock, zone *time.Location) time.Time {
	t := time.Date(d.year, d.month, d.day, int(c)/60, int(c)%60, 0, 0, zone)
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

func (d date) utc(c Clock) time.Time {
	return time.Date(d.year, d.month, d.day, int(c)/60, int(c)%60, 0, 0, time.UTC)
}

// wall returns what the clocks show at t, as if that were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// A Clock is a time of day in minutes after midnight, written "09:00".
type Clock int

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText returns the time of day as it is written in the configuration.
func (c Clock) MarshalText() ([]byte, error) {
	return []byte(c.String()), nil
}

// UnmarshalText reads "09:00".
func (c *Clock) UnmarshalText(text []byte) error {
	t, err := time.Parse("15:04", string(text))
	if err != nil || len(text) != len("15:04") {
		return fmt.Errorf("%q is not a time of day; write 00:00 to 23:59, as in \"09:00\"", text)
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}

// LeapDay says when those born on 29 February have their birthday in other years.
type LeapDay string

// The two days that are possible.
const (
	Feb28 LeapDay = "feb-28"
	Mar01 LeapDay = "mar-01"
)

// UnmarshalText reads "feb-28" or "mar-01".
func (l *LeapDay) UnmarshalText(text []byte) error {
	switch v := LeapDay(text); v {
	case Feb28, Mar01:
		*l = v
		return nil
	}
	return errors.New("write feb-28 or mar-01: when those born on 29 February are greeted in other years")
}

// in returns the birthday of a year.
func (b birth) in(year int, leap LeapDay) date {
	if b.month == time.February && b.day == 29 && leap == Feb28 && time.Date(year, time.February, 29, 0, 0, 0, 0, time.UTC).Day() != 29 {
		return date{year, time.February, 28}
	}
	return date{year, b.month, b.day}.add(0) // 29 February of a year without one is 1 March
}

// A birth is the day and month somebody was born.
type birth struct {
	month time.Month
	day   int
}

// parse reads a birthday as the customer has it: "1990-02-29" or "--02-29".
func parse(s string) (birth, bool) {
	if len(s) < len("-01-02") {
		return birth{}, false
	}
	t, err := time.Parse("2006-01-02", "2000"+s[len(s)-len("-01-02"):]) // a leap year
	return birth{t.Month(), t.Day()}, err == nil
}
