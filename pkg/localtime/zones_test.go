package localtime_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"homing/pkg/localtime"
)

// TestACountryHasAZoneWhereAllItsClocksAgree derives the table from that of the
// time zone database once more.
func TestACountryHasAZoneWhereAllItsClocksAgree(t *testing.T) {
	text, err := os.ReadFile("testdata/zone.tab")
	if err != nil {
		t.Fatal(err)
	}
	want, split := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(string(text)) {
		code, zone, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		if want[code] == "" {
			want[code] = zone
		} else if changes(t, zone, 2025, 2036).key != changes(t, want[code], 2025, 2036).key {
			split[code] = true
		}
	}
	if len(want) < 240 {
		t.Fatalf("zone.tab has %d countries", len(want))
	}
	for code, zone := range want {
		if split[code] {
			zone = ""
		}
		if got := localtime.OfCountry(code); got != zone {
			t.Errorf("%s: %q, want %q", code, got, zone)
		}
	}
	for _, code := range []string{"", "US", "EU", "de", "Germany"} {
		if got := localtime.OfCountry(code); got != "" {
			t.Errorf("%q has the zone %s", code, got)
		}
	}
}

// offsets are the changes of a zone's clocks within some years.
type offsets struct {
	at  []time.Time
	key string // the same for zones whose clocks always agree
}

func changes(t *testing.T, name string, from, to int) offsets {
	t.Helper()
	z, err := localtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	var out offsets
	at, end, last := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).In(z), time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC), 0
	for at.Before(end) {
		_, offset := at.Zone()
		if out.key == "" || offset != last {
			out.key += fmt.Sprint(at.Unix(), offset, ";")
			out.at = append(out.at, at)
		}
		last = offset
		next := localtime.Change(at)
		if next.IsZero() {
			next = at.AddDate(0, 0, 1)
		}
		at = next
	}
	out.at = out.at[1:]
	return out
}

// Where Go's time package follows a rule, as in compact files of zones, it is wrong
// about the last day of a leap year.
func TestTheNextChangeIsAhead(t *testing.T) {
	data, err := os.ReadFile("testdata/Europe-Berlin-slim")
	if err != nil {
		t.Fatal(err)
	}
	z, err := time.LoadLocationFromTZData("Europe/Berlin", data)
	if err != nil {
		t.Fatal(err)
	}
	for at := time.Date(2028, 1, 1, 0, 0, 0, 0, z); at.Year() < 2030; at = at.Add(time.Hour) {
		change := localtime.Change(at)
		if !change.IsZero() && !change.After(at) {
			t.Fatalf("at %v the next change is %v", at, change)
		}
		_, now := at.Zone()
		if _, later := at.Add(time.Hour).Zone(); now != later && !change.Equal(at.Add(time.Hour)) {
			t.Errorf("before a change, at %v, the next is %v", at, change)
		}
	}
	for name := range map[string]bool{"UTC": true, "Asia/Tokyo": true} {
		if z, err := localtime.Load(name); err != nil || !localtime.Change(time.Date(2028, 12, 31, 12, 0, 0, 0, time.UTC).In(z)).IsZero() {
			t.Errorf("%s changes its clocks: %v", name, err)
		}
	}
}

func TestAnUnknownZone(t *testing.T) {
	for range 2 {
		if z, err := localtime.Load("Europe/Nowhere"); err == nil {
			t.Errorf("loaded %v", z)
		}
	}
}
