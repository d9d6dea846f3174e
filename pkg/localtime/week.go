package localtime

import (
	"fmt"
	"strings"
	"time"
)

// A WeekTime is a time of day on one day of the week, written "mon 08:00".
type WeekTime struct {
	Day   Weekday
	Clock Clock
}

func (w WeekTime) String() string { return w.Day.String() + " " + w.Clock.String() }

// MarshalText returns the time as it is written in the configuration.
func (w WeekTime) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads "mon 08:00".
func (w *WeekTime) UnmarshalText(text []byte) error {
	day, clock, _ := strings.Cut(string(text), " ")
	if w.Day.UnmarshalText([]byte(day)) != nil || w.Clock.UnmarshalText([]byte(clock)) != nil {
		return fmt.Errorf("%q is not a time of the week; write one of %s, and a time, as in \"mon 08:00\"", text, strings.Join(weekdays, ", "))
	}
	return nil
}

// Next returns the first such time in a zone that is after an instant.
func (w WeekTime) Next(after time.Time, zone *time.Location) time.Time {
	date := DateOf(after.In(zone))
	for range 15 { // a day that a zone left out has none
		at := date.At(w.Clock, zone)
		if at.After(after) && at.In(zone).Weekday() == time.Weekday(w.Day) {
			return at
		}
		date = date.Add(1)
	}
	return after.AddDate(0, 0, 7) // no zone leaves out the same day of two weeks
}

// Is reports whether an instant is such a time in a zone.
func (w WeekTime) Is(t time.Time, zone *time.Location) bool {
	return w.Next(t.Add(-time.Nanosecond), zone).Equal(t)
}
