package localtime_test

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"homing/pkg/localtime"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := localtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func date(y int, m time.Month, d int) localtime.Date {
	return localtime.Date{Year: y, Month: m, Day: d}
}

func TestATimeOfDayWhenTheClocksChange(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		d          localtime.Date
		at         localtime.Clock
		want       string
	}{
		{"an ordinary day", "Europe/London", date(2025, 6, 10), 9 * 60, "2025-06-10T09:00:00+01:00"},
		{"the morning after", "Europe/London", date(2025, 3, 30), 9 * 60, "2025-03-30T09:00:00+01:00"},
		{"skipped", "Europe/London", date(2025, 3, 30), 90, "2025-03-30T02:00:00+01:00"},
		{"twice: the first", "Europe/London", date(2025, 10, 26), 90, "2025-10-26T01:30:00+01:00"},
		{"twice, of half an hour", "Australia/Lord_Howe", date(2025, 4, 6), 105, "2025-04-06T01:45:00+11:00"},
		{"a midnight that is skipped", "Africa/Cairo", date(2025, 4, 25), 0, "2025-04-25T01:00:00+03:00"},
		{"a midnight that comes twice", "America/Havana", date(2025, 11, 2), 0, "2025-11-02T00:00:00-04:00"},
		{"a day that is skipped", "Pacific/Apia", date(2011, 12, 30), 9 * 60, "2011-12-31T00:00:00+14:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.d.At(c.at, zone(t, c.zone)).Format(time.RFC3339); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestTheEndOfADay(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		d          localtime.Date
		want       string
	}{
		{"an ordinary day", "Europe/London", date(2025, 6, 10), "2025-06-11T00:00:00+01:00"},
		{"of 23 hours", "Europe/London", date(2025, 3, 30), "2025-03-31T00:00:00+01:00"},
		{"before a midnight that is skipped", "Africa/Cairo", date(2025, 4, 24), "2025-04-25T01:00:00+03:00"},
		{"before a midnight that comes twice, both of the day after", "America/Havana", date(2025, 11, 1), "2025-11-02T00:00:00-04:00"},
		{"whose last hour comes twice", "America/Asuncion", date(2024, 3, 23), "2024-03-24T00:00:00-04:00"},
		{"that comes back for an hour after midnight", "America/St_Johns", date(2010, 11, 6), "2010-11-07T00:00:00-03:30"},
		{"before one that never was", "Pacific/Apia", date(2011, 12, 29), "2011-12-31T00:00:00+14:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.d.End(zone(t, c.zone)).Format(time.RFC3339); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestDatesRollOver(t *testing.T) {
	for _, c := range []struct {
		d    localtime.Date
		days int
		want string
	}{
		{date(2025, 12, 31), 1, "2026-01-01"}, {date(2028, 2, 28), 1, "2028-02-29"}, {date(2025, 2, 29), 0, "2025-03-01"},
		{date(2024, 2, 29), 365, "2025-02-28"}, {date(2100, 2, 28), 1, "2100-03-01"}, {date(2025, 3, 1), -1, "2025-02-28"},
	} {
		if got := c.d.Add(c.days); got.String() != c.want || c.d.Until(got) != c.days && c.days != 0 {
			t.Errorf("%v and %d days: %v, want %s", c.d, c.days, got, c.want)
		}
	}
}

// allZones lists every zone of the database that Go brings along.
func allZones(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	var out []string
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			out = append(out, f.Name)
		}
	}
	if len(out) < 500 {
		t.Fatalf("%d zones", len(out))
	}
	return out
}

// distinct lists every zone whose clocks differ from the others' in some years.
func distinct(t *testing.T, from, to int) map[string]offsets {
	seen, out := map[string]bool{}, map[string]offsets{}
	names := allZones(t)
	slices.Sort(names)
	for _, name := range names {
		if o := changes(t, name, from, to); !seen[o.key] {
			seen[o.key], out[name] = true, o
		}
	}
	return out
}

// wall is what the clocks show, as if that were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// In all zones and on all days of ten years, and of two odd ones before.
func TestEveryDayOfEveryZone(t *testing.T) {
	t.Parallel()
	for _, years := range [][2]int{{2010, 2012}, {2025, 2035}} {
		for name, o := range distinct(t, years[0], years[1]) {
			z := zone(t, name)
			for d := date(years[0], 1, 1); d.Year < years[1]; d = d.Add(1) {
				checkAt(t, d, localtime.Clock(d.Day*47%(24*60)), z, nil)
			}
			for _, change := range o.at {
				for d, i := localtime.DateOf(change).Add(-1), 0; i < 3; d, i = d.Add(1), i+1 {
					for c := localtime.Clock(0); c < 24*60; c += 45 {
						checkAt(t, d, c, z, &change)
					}
					checkEnd(t, d, z)
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

// checkAt wants the first instant at which the clocks show the time, or, when
// they never do, that at which they go past it.
func checkAt(t *testing.T, d localtime.Date, c localtime.Clock, z *time.Location, change *time.Time) {
	t.Helper()
	at, want := d.At(c, z), time.Date(d.Year, d.Month, d.Day, 0, int(c), 0, 0, time.UTC)
	if got := wall(at); !got.Equal(want) && (got.Before(want) || !wall(at.Add(-time.Second)).Before(want)) {
		t.Errorf("%s: %v %v is %v", z, d, c, at)
	}
	if change == nil {
		return
	}
	for before := 30 * time.Minute; before <= 2*time.Hour; before += 30 * time.Minute {
		if wall(at.Add(-before)).Equal(want) {
			t.Errorf("%s: %v %v is %v, which is %v after the first time", z, d, c, at, before)
		}
	}
}

// checkEnd wants that the date is shown just before its end, and never after.
func checkEnd(t *testing.T, d localtime.Date, z *time.Location) {
	t.Helper()
	end := d.End(z)
	if last := localtime.DateOf(end.Add(-time.Nanosecond)); d.Until(last) > 0 {
		t.Errorf("%s: %v ends %v, and the day before that is %v", z, d, end, last)
	}
	for after := time.Duration(0); after <= 3*time.Hour; after += 15 * time.Minute {
		if d.Until(localtime.DateOf(end.Add(after))) <= 0 {
			t.Errorf("%s: %v ends %v, and comes back %v later", z, d, end, after)
		}
	}
}
