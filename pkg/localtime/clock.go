package localtime

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Clock is a time of day in minutes after midnight, written "09:00".
type Clock int

// ClockOf returns the time of day that t shows, in its own zone.
func ClockOf(t time.Time) Clock { return Clock(t.Hour()*60 + t.Minute()) }

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText returns the time of day as the configuration has it.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads "09:00".
func (c *Clock) UnmarshalText(text []byte) error {
	t, err := time.Parse("15:04", string(text))
	if err != nil || len(text) != len("15:04") {
		return fmt.Errorf("%q is not a time of day; write 00:00 to 23:59, as in \"09:00\"", text)
	}
	*c = ClockOf(t)
	return nil
}

// A Weekday is a day of the week, written "mon".
type Weekday time.Weekday

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (d Weekday) String() string { return weekdays[d] }

// MarshalText returns the day as it is written in the configuration.
func (d Weekday) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "mon".
func (d *Weekday) UnmarshalText(text []byte) error {
	i := slices.Index(weekdays, string(text))
	if i < 0 {
		return fmt.Errorf("%q is not a day of the week; write one of %s", text, strings.Join(weekdays, ", "))
	}
	*d = Weekday(i)
	return nil
}
