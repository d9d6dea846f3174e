package birthday

import (
	"errors"
	"time"

	"homing/pkg/localtime"
)

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
func (b birth) in(year int, leap LeapDay) localtime.Date {
	if b.month == time.February && b.day == 29 && leap == Feb28 && time.Date(year, time.February, 29, 0, 0, 0, 0, time.UTC).Day() != 29 {
		return localtime.Date{Year: year, Month: time.February, Day: 28}
	}
	return localtime.Date{Year: year, Month: b.month, Day: b.day}.Add(0) // 29 February of a year without one is 1 March
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
