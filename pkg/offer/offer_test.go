package offer_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"homing/pkg/offer"
)

const day = 24 * time.Hour

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAnOfferEndsWithTheCustomersDay(t *testing.T) {
	for _, c := range []struct {
		name, zone, bound string
		valid             time.Duration
		want              string // the instant from which on it is worth nothing, local
		last              string // the last day of which the email speaks
	}{
		{"three days", "Europe/London", "2025-06-10 09:15", 3 * day, "2025-06-14T00:00:00+01:00", "2025-06-13"},
		{"bound at the first instant of a day", "Europe/London", "2025-06-10 00:00", day, "2025-06-12T00:00:00+01:00", "2025-06-11"},
		{"bound at the last minute of a day", "Europe/London", "2025-06-10 23:59", day, "2025-06-12T00:00:00+01:00", "2025-06-11"},
		{"less than a day ends with the day on which it runs out", "Europe/London", "2025-06-10 09:00", 6 * time.Hour, "2025-06-11T00:00:00+01:00", "2025-06-10"},
		{"or with the next", "Europe/London", "2025-06-10 20:00", 6 * time.Hour, "2025-06-12T00:00:00+01:00", "2025-06-11"},
		{"a day and a half", "Europe/London", "2025-06-10 13:00", 36 * time.Hour, "2025-06-13T00:00:00+01:00", "2025-06-12"},
		{"over the night that has 23 hours", "Europe/London", "2025-03-29 23:30", day, "2025-03-31T00:00:00+01:00", "2025-03-30"},
		{"over the night that has 25 hours", "Europe/London", "2025-10-25 00:30", day, "2025-10-27T00:00:00Z", "2025-10-26"},
		{"over the end of a year", "America/New_York", "2025-12-30 18:00", 3 * day, "2026-01-03T00:00:00-05:00", "2026-01-02"},
		{"over 29 February", "Europe/London", "2028-02-28 12:00", 2 * day, "2028-03-02T00:00:00Z", "2028-03-01"},
		{"far east of the shop", "Pacific/Kiritimati", "2025-06-10 09:15", 3 * day, "2025-06-14T00:00:00+14:00", "2025-06-13"},
		// In Cairo clocks go from 24:00 to 01:00: the following day has no midnight.
		{"a day whose midnight does not exist", "Africa/Cairo", "2025-04-23 12:00", day, "2025-04-25T01:00:00+03:00", "2025-04-24"},
		// In Havana they go from 01:00 to 00:00: the following day has two.
		{"a day whose midnight comes twice", "America/Havana", "2025-10-31 12:00", day, "2025-11-02T00:00:00-04:00", "2025-11-01"},
		// In Asuncion they went from 24:00 to 23:00: the day itself has a 24th hour twice.
		{"a day whose last hour comes twice", "America/Asuncion", "2024-03-22 12:00", day, "2024-03-24T00:00:00-04:00", "2024-03-23"},
		// Samoa had no 30 December 2011.
		{"a day before one that never was", "Pacific/Apia", "2011-12-28 12:00", day, "2011-12-31T00:00:00+14:00", "2011-12-29"},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := zone(t, c.zone)
			bound, err := time.ParseInLocation("2006-01-02 15:04", c.bound, z)
			if err != nil {
				t.Fatal(err)
			}
			got := offer.Terms{Valid: c.valid}.Expiry(bound.UTC(), z)
			if got.Format(time.RFC3339) != c.want {
				t.Errorf("expires %s, want %s", got.Format(time.RFC3339), c.want)
			}
			if last := offer.LastGood(got, z).Format(time.DateOnly); last != c.last {
				t.Errorf("the email says %s, want %s", last, c.last)
			}
		})
	}
}

// In any zone and at any time: up to the expiry it is that day or an earlier
// one, and from then on never again.
func TestTheEndOfADayIsItsEnd(t *testing.T) {
	names := []string{"Europe/London", "America/New_York", "America/St_Johns", "America/Havana", "America/Asuncion", "Africa/Cairo",
		"Asia/Beirut", "Asia/Tehran", "Asia/Amman", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
		"America/Sao_Paulo", "Atlantic/Azores", "America/Scoresbysund", "UTC", "Pacific/Kiritimati", "Africa/Casablanca"}
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(names).Draw(t, "zone"))
		bound := time.Unix(rapid.Int64Range(time.Date(1987, 1, 1, 0, 0, 0, 0, time.UTC).Unix(),
			time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "bound"), 0).In(z)
		days := rapid.IntRange(0, 60).Draw(t, "days")
		end := offer.Terms{Valid: time.Duration(days) * day}.Expiry(bound, z)
		want := time.Date(bound.Year(), bound.Month(), bound.Day()+days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if got := offer.LastGood(end, z).Format(time.DateOnly); got > want {
			t.Fatalf("bound %v, %d days: the last day is %s, after %s", bound, days, got, want)
		}
		for ahead := time.Duration(0); ahead < 26*time.Hour; ahead += time.Minute {
			if got := end.Add(ahead).In(z).Format(time.DateOnly); got <= want {
				t.Fatalf("bound %v, %d days: expires %v, and %v later it is %s again", bound, days, end, ahead, got)
			}
		}
		if end.Before(bound) {
			t.Fatalf("bound %v, expires before that: %v", bound, end)
		}
	})
}

func TestMintedCodes(t *testing.T) {
	seen := map[string]bool{}
	counts := map[rune]int{}
	for i := range 20_000 {
		prefix := []string{"", "BDAY", "COMEBACK10-"}[i%3]
		code, err := offer.NewCode(prefix, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !offer.ValidCode(code) || seen[code] {
			t.Fatalf("%s: not a code, or there already", code)
		}
		seen[code] = true
		random, ok := strings.CutPrefix(code, strings.Trim(prefix, "-"))
		if !ok || strings.ContainsAny(random, "01IOLUAEiolu") {
			t.Fatalf("%s: hard to read, or without its prefix %q", code, prefix)
		}
		for _, r := range strings.ReplaceAll(random, "-", "") {
			counts[r]++
		}
	}
	if len(counts) != 28 {
		t.Errorf("%d different characters, want 28", len(counts))
	}
	for r, n := range counts { // 20,000 · 12 / 28 = 8571, with a standard deviation of 91
		if n < 8000 || n > 9100 {
			t.Errorf("%c comes %d times", r, n)
		}
	}
}

func TestNoCodeWithoutChance(t *testing.T) {
	if code, err := offer.NewCode("X", strings.NewReader("too few")); err == nil {
		t.Errorf("minted %s of seven bytes", code)
	}
}

func ExampleTerms_Expiry() {
	london, _ := time.LoadLocation("Europe/London")
	bound := time.Date(2025, 3, 28, 9, 15, 0, 0, london) // a Friday; clocks change on Sunday
	expires := offer.Terms{Valid: 3 * 24 * time.Hour}.Expiry(bound, london)
	fmt.Println("good until", offer.LastGood(expires, london).Format("Monday 2 January 15:04"))
	// Output: good until Monday 31 March 23:59
}
