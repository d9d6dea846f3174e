package birthday

import (
	"testing"
	"time"

	"homing/pkg/localtime"
)

var zones = []string{
	"UTC", "Europe/London", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
	"Africa/Cairo", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca",
}

func load(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := localtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func date(y int, m time.Month, d int) localtime.Date {
	return localtime.Date{Year: y, Month: m, Day: d}
}

func TestTheBirthdayOfAYear(t *testing.T) {
	for _, c := range []struct {
		born string
		year int
		leap LeapDay
		want string
	}{
		{"1990-06-10", 2025, Feb28, "2025-06-10"},
		{"--06-10", 2025, Feb28, "2025-06-10"},
		{"1988-02-29", 2024, Feb28, "2024-02-29"},
		{"1988-02-29", 2024, Mar01, "2024-02-29"},
		{"1988-02-29", 2025, Feb28, "2025-02-28"},
		{"--02-29", 2025, Mar01, "2025-03-01"},
		{"--02-29", 2100, Feb28, "2100-02-28"},
		{"--02-28", 2025, Mar01, "2025-02-28"},
	} {
		b, ok := parse(c.born)
		if got := b.in(c.year, c.leap).String(); !ok || got != c.want {
			t.Errorf("%s in %d, %s: %s, want %s", c.born, c.year, c.leap, got, c.want)
		}
	}
	for _, s := range []string{"", "1990", "--13-01", "--02-30", "June 10"} {
		if _, ok := parse(s); ok {
			t.Errorf("%q is a birthday", s)
		}
	}
}

func TestALeapDayIsReadAsItIsWritten(t *testing.T) {
	var l LeapDay
	if err := l.UnmarshalText([]byte("mar-01")); err != nil || l != Mar01 {
		t.Errorf("%v, %v", l, err)
	}
	if err := l.UnmarshalText([]byte("feb-29")); err == nil {
		t.Error("feb-29 is no day of other years")
	}
}
