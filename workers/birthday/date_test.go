package birthday

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var zones = []string{
	"UTC", "Europe/London", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
	"Africa/Cairo", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca",
}

func load(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestATimeOfDayWhenTheClocksAreChanged(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		d          date
		at         Clock
		want       string
	}{
		{"an ordinary day", "Europe/London", date{2025, 6, 10}, 9 * 60, "2025-06-10T09:00:00+01:00"},
		{"the morning after", "Europe/London", date{2025, 3, 30}, 9 * 60, "2025-03-30T09:00:00+01:00"},
		{"skipped", "Europe/London", date{2025, 3, 30}, 90, "2025-03-30T02:00:00+01:00"},
		{"twice: the first", "Europe/London", date{2025, 10, 26}, 90, "2025-10-26T01:30:00+01:00"},
		{"twice, of half an hour", "Australia/Lord_Howe", date{2025, 4, 6}, 105, "2025-04-06T01:45:00+11:00"},
		{"a midnight that is skipped", "Africa/Cairo", date{2025, 4, 25}, 0, "2025-04-25T01:00:00+03:00"},
		{"a midnight that comes twice", "America/Havana", date{2025, 11, 2}, 0, "2025-11-02T00:00:00-04:00"},
		{"a day that is skipped", "Pacific/Apia", date{2011, 12, 30}, 9 * 60, "2011-12-31T00:00:00+14:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.d.at(c.at, load(t, c.zone)).Format(time.RFC3339); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// The instant is the first at which the clocks show the time or a later one, on
// any day in any zone.
func TestATimeOfDayIsTheFirstInstantThatShowsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := load(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		d := date{rapid.IntRange(2000, 2035).Draw(t, "year"), time.January, 1}.add(rapid.IntRange(0, 365).Draw(t, "day"))
		clock := Clock(rapid.IntRange(0, 24*60-1).Draw(t, "clock"))
		got := d.at(clock, zone)
		if wall(got.In(zone)).Before(d.utc(clock)) {
			t.Fatalf("%v shows less than %v %v", got, d, clock)
		}
		// Nothing in the 3 hours before shows it: no change of clocks is larger, but
		// for those of a whole day.
		for before := time.Minute; before <= 3*time.Hour; before += time.Minute {
			if w := wall(got.Add(-before).In(zone)); !w.Before(d.utc(clock)) && dateOf(w) == d {
				t.Fatalf("%v shows %v %v already", got.Add(-before), d, clock)
			}
		}
	})
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

func TestAClockIsReadAsItIsWritten(t *testing.T) {
	var c Clock
	if err := c.UnmarshalText([]byte("08:05")); err != nil || c != 8*60+5 {
		t.Errorf("%v, %v", c, err)
	}
	if text, err := c.MarshalText(); err != nil || string(text) != "08:05" {
		t.Errorf("%s, %v", text, err)
	}
	for _, s := range []string{"", "9:00", "24:00", "09:00:00", "nine"} {
		if err := c.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is a time of day", s)
		}
	}
	var l LeapDay
	if err := l.UnmarshalText([]byte("mar-01")); err != nil || l != Mar01 {
		t.Errorf("%v, %v", l, err)
	}
	if err := l.UnmarshalText([]byte("feb-29")); err == nil {
		t.Error("feb-29 is no day of other years")
	}
}
