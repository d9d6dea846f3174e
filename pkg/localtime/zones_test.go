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
	at, end := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).In(z), time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC)
	for !at.IsZero() && at.Before(end) {
		_, offset := at.Zone()
		out.key += fmt.Sprint(at.Unix(), offset, ";")
		if _, at = at.ZoneBounds(); !at.IsZero() && at.Before(end) {
			out.at = append(out.at, at)
		}
	}
	return out
}

func TestAnUnknownZone(t *testing.T) {
	for range 2 {
		if z, err := localtime.Load("Europe/Nowhere"); err == nil {
			t.Errorf("loaded %v", z)
		}
	}
}
