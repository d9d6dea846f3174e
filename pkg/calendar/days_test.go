package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"homing/pkg/customer"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestADaysWorkIsDueByTheStoresClocks(t *testing.T) {
	for _, c := range []struct {
		name, zone, now string
		at              time.Duration
		want            string
	}{
		{"at midnight", "Europe/London", "2026-01-10T00:00:00Z", 0, "2026-01-10"},
		{"before its time it is yesterday's", "Europe/London", "2026-01-10T08:59:00Z", 9 * time.Hour, "2026-01-09"},
		{"from its time on it is today's", "Europe/London", "2026-01-10T09:00:00Z", 9 * time.Hour, "2026-01-10"},
		{"by the store's clocks", "America/New_York", "2026-01-10T13:59:00Z", 9 * time.Hour, "2026-01-09"},
		{"New Year, far east", "Pacific/Kiritimati", "2025-12-31T10:00:00Z", 0, "2026-01-01"},
		{"New Year, far west", "Pacific/Pago_Pago", "2026-01-01T10:59:00Z", 0, "2025-12-31"},
		{"on the day the clocks go forward", "Europe/London", "2026-03-29T08:00:00Z", 9 * time.Hour, "2026-03-29"},
		{"on the day they go back", "Europe/London", "2026-10-25T08:30:00Z", 9 * time.Hour, "2026-10-24"},
		{"a day that has no midnight", "Africa/Cairo", "2026-04-23T22:30:00Z", 0, "2026-04-24"},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			if got := dueDate(now, zone(t, c.zone), c.at).Format(time.DateOnly); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestWhichBirthdaysAreTold(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name, now  string
		lead       time.Duration
		born, last string // empty: not told
		year       int
	}{
		{"days ahead", "2026-06-01T00:07:00Z", 0, "--06-04", "2026-06-04", 2026},
		{"not weeks ahead", "2026-06-01T00:07:00Z", 0, "--06-06", "", 0},
		{"with a lead", "2026-06-01T00:07:00Z", 14 * day, "--06-18", "2026-06-18", 2026},
		{"today", "2026-06-01T00:07:00Z", 0, "--06-01", "2026-06-01", 2026},
		{"yesterday, where it may still be today", "2026-06-01T11:00:00Z", 0, "--05-31", "2026-05-31", 2026},
		{"yesterday, where it is over everywhere", "2026-06-01T12:00:00Z", 0, "--05-31", "", 0},
		{"across New Year", "2026-12-30T00:07:00Z", 0, "--01-01", "2027-01-01", 2027},
		{"the old year's", "2027-01-01T06:00:00Z", 0, "--12-31", "2026-12-31", 2026},
		{"29 February of a leap year", "2028-02-27T00:07:00Z", 0, "--02-29", "2028-02-29", 2028},
		{"of another year, as early as the 28th", "2026-02-24T21:00:00Z", 0, "--02-29", "2026-03-01", 2026},
		{"and as late as 1 March", "2026-03-01T23:00:00Z", 0, "--02-29", "2026-03-01", 2026},
		{"but no later", "2026-03-02T12:00:00Z", 0, "--02-29", "", 0},
		{"28 February next to it", "2026-02-27T00:07:00Z", 0, "--02-28", "2026-02-28", 2026},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			b, ok := Birthdays{c.lead}.days(now)[customer.DayOfBirth(c.born)]
			if got := b.last.Format(time.DateOnly); ok != (c.last != "") || ok && (got != c.last || b.year != c.year) {
				t.Errorf("%v %s of %d, want %q of %d", ok, got, b.year, c.last, c.year)
			}
		})
	}
}

// In whatever zone the store and the customer are, one sweep a day tells each
// birthday early enough.
func TestEveryBirthdayIsToldInTime(t *testing.T) {
	zones := []*time.Location{zone(t, "Pacific/Pago_Pago"), zone(t, "America/St_Johns"), zone(t, "Europe/London"),
		zone(t, "Asia/Kathmandu"), zone(t, "Australia/Lord_Howe"), zone(t, "Pacific/Kiritimati"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		store, theirs := rapid.SampledFrom(zones).Draw(t, "store"), rapid.SampledFrom(zones).Draw(t, "customer")
		lead := time.Duration(rapid.IntRange(0, 60).Draw(t, "lead")) * 24 * time.Hour
		date := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 366*4).Draw(t, "date"))
		begins := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, theirs)
		latest := begins.Add(-36*time.Hour - lead)
		// The store's last sweep that is in time, and the one that begins its day up
		// to an hour late.
		sweep := time.Date(latest.In(store).Year(), latest.In(store).Month(), latest.In(store).Day(), 0, 59, 0, 0, store)
		if sweep.After(latest) {
			sweep = time.Date(latest.In(store).Year(), latest.In(store).Month(), latest.In(store).Day()-1, 0, 59, 0, 0, store)
		}
		if b, ok := (Birthdays{lead}).days(sweep)[customer.DayOfYear(date)]; !ok || !b.last.Equal(date) || b.year != date.Year() {
			t.Fatalf("%s is not told at %v, and the next sweep is too late", date.Format(time.DateOnly), sweep)
		}
	})
}
