package gate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

func night() gate.Hours { return gate.Hours{QuietHours: gate.QuietHours{From: 21 * 60, To: 8 * 60}} }

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := localtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// at moves a case to a time that the clocks of a zone show.
func at(t interface{ Fatal(...any) }, c *gate.Case, local, name string) {
	when, err := time.ParseInLocation("2006-01-02 15:04", local, zone(t, name))
	if err != nil {
		t.Fatal(err)
	}
	c.Now, c.Touch.Due = when.UTC(), when.UTC().Add(-time.Hour)
}

func TestQuietHours(t *testing.T) {
	weekdays := gate.SendDays{1, 2, 3, 4, 5}
	for _, c := range []struct {
		name, now, zone string
		quiet           gate.Hours
		until           string // local; empty: sent
	}{
		{"by day", "2025-06-10 12:00", "Europe/London", night(), ""},
		{"the last minute of the day", "2025-06-10 20:59", "Europe/London", night(), ""},
		{"the first minute of quiet", "2025-06-10 21:00", "Europe/London", night(), "2025-06-11 08:00"},
		{"after midnight", "2025-06-11 00:00", "Europe/London", night(), "2025-06-11 08:00"},
		{"the last minute of quiet", "2025-06-11 07:59", "Europe/London", night(), "2025-06-11 08:00"},
		{"the first minute after it", "2025-06-11 08:00", "Europe/London", night(), ""},
		{"over New Year", "2025-12-31 23:00", "Europe/London", night(), "2026-01-01 08:00"},
		{"over 29 February", "2028-02-28 23:00", "Europe/London", night(), "2028-02-29 08:00"},
		{"a night of nine hours", "2025-03-29 23:00", "Europe/London", night(), "2025-03-30 08:00"},
		{"a night of twelve hours", "2025-10-25 22:00", "Europe/London", night(), "2025-10-26 08:00"},
		{"quiet at noon", "2025-06-10 12:30", "Europe/Madrid", gate.Hours{QuietHours: gate.QuietHours{From: 12 * 60, To: 14 * 60}}, "2025-06-10 14:00"},
		{"an end that is skipped", "2025-03-30 00:30", "Europe/London", gate.Hours{QuietHours: gate.QuietHours{From: 0, To: 90}}, "2025-03-30 02:00"},
		{"switched off", "2025-06-10 23:00", "Europe/London", gate.Hours{QuietHours: gate.QuietHours{From: 8 * 60, To: 8 * 60}}, ""},
		{"on Sunday", "2025-06-08 12:00", "Europe/London", gate.Hours{SendDays: weekdays}, "2025-06-09 00:00"},
		{"on Friday night, until Monday", "2025-06-06 22:00", "Europe/London", gate.Hours{QuietHours: gate.QuietHours{From: 21 * 60, To: 8 * 60}, SendDays: weekdays}, "2025-06-09 08:00"},
		{"on a working day", "2025-06-06 12:00", "Europe/London", gate.Hours{QuietHours: gate.QuietHours{From: 21 * 60, To: 8 * 60}, SendDays: weekdays}, ""},
		{"on Mondays alone", "2025-06-02 22:00", "Europe/London", gate.Hours{QuietHours: gate.QuietHours{From: 21 * 60, To: 8 * 60}, SendDays: gate.SendDays{1}}, "2025-06-09 08:00"},
		{"on a day that never was", "2011-12-29 12:00", "Pacific/Apia", gate.Hours{SendDays: gate.SendDays{5, 0}}, "2012-01-01 00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := passing()
			k.Policy.Hours = c.quiet
			k.Customer.TimeZone.Value = c.zone
			at(t, k, c.now, c.zone)
			v := gate.Judge(k)
			if c.until == "" {
				if v.Action != touch.Send {
					t.Fatalf("%+v", v)
				}
				return
			}
			if got := v.Until.In(zone(t, c.zone)).Format("2006-01-02 15:04"); got != c.until || v.Reason != reason.QuietHours {
				t.Errorf("%+v, want it held until %s", v, c.until)
			}
			k.Step.Class = touch.Transactional
			if v := gate.Judge(k); v.Action != touch.Send {
				t.Errorf("transactional email: %+v", v)
			}
		})
	}
}

// An hour that the clocks show twice is quiet twice.
func TestTheSecondOfTwoHoursIsQuietToo(t *testing.T) {
	k := passing()
	k.Policy.Hours, k.Customer.TimeZone.Value = gate.Hours{QuietHours: gate.QuietHours{From: 22 * 60, To: 90}}, "Europe/London"
	first := time.Date(2025, 10, 26, 0, 10, 0, 0, time.UTC) // 01:10, and again an hour later
	for i, want := range []string{"2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"} {
		k.Now = first.Add(time.Duration(i) * time.Hour)
		k.Touch.Due = k.Now
		if v := gate.Judge(k); v.Until.Format(time.RFC3339) != want {
			t.Errorf("at %v held until %v, want %s", k.Now, v.Until, want)
		}
	}
}

// Go names no later change than that morning for a zone that follows a rule, as those
// in compact files do.
func TestTheNightOverNewYearAfterALeapYear(t *testing.T) {
	data, err := os.ReadFile("../localtime/testdata/Europe-Berlin-slim")
	if err != nil {
		t.Fatal(err)
	}
	z, err := time.LoadLocationFromTZData("Europe/Berlin", data)
	if err != nil {
		t.Fatal(err)
	}
	k := passing()
	k.Policy.Hours, k.Policy.Zone, k.Customer.TimeZone.Value = night(), z, ""
	k.Now = time.Date(2028, 12, 31, 22, 0, 0, 0, z)
	k.Touch.Due = k.Now
	if v := gate.Judge(k); !v.Until.Equal(time.Date(2029, 1, 1, 8, 0, 0, 0, z)) {
		t.Errorf("%+v", v)
	}
}

func TestWhoseClockCounts(t *testing.T) {
	for _, c := range []struct {
		name, zone, country string
		want                reason.Reason // at 12:00 in UTC
	}{
		{"the store's: 21:00 in Tokyo", "", "", reason.QuietHours},
		{"the country's: 14:00 in Germany", "", "DE", ""},
		{"the customer's: 08:00 in New York", "America/New_York", "JP", ""},
		{"the customer's: 05:00 in Los Angeles", "America/Los_Angeles", "DE", reason.QuietHours},
		{"the store's, where the country has several", "", "US", reason.QuietHours},
		{"the store's, where the country is unknown", "", "Freedonia", reason.QuietHours},
	} {
		k := passing()
		k.Policy.Hours, k.Policy.Zone = night(), zone(t, "Asia/Tokyo")
		k.Customer.TimeZone.Value, k.Customer.Country.Value = c.zone, c.country
		if v := gate.Judge(k); v.Reason != c.want {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestWhatWaitedLeavesOneByOne(t *testing.T) {
	seen := map[time.Time]int{}
	for i := range 1000 {
		k := passing()
		k.Policy.Hours = night()
		k.Policy.QuietHours.Spread = 30 * time.Minute
		at(t, k, "2025-06-10 23:00", "UTC")
		k.Touch.Occasion = fmt.Sprint(i)
		first, again := gate.Judge(k), gate.Judge(k)
		if !first.Until.Equal(again.Until) {
			t.Fatalf("%v and then %v", first.Until, again.Until)
		}
		after := first.Until.Sub(time.Date(2025, 6, 11, 8, 0, 0, 0, time.UTC))
		if after < 0 || after >= 30*time.Minute {
			t.Fatalf("leaves %v after the end of quiet", after)
		}
		seen[first.Until.Truncate(time.Minute)]++
	}
	for minute, n := range seen { // 33 a minute, with a standard deviation of 6
		if n > 60 {
			t.Errorf("%d of 1000 leave at %v", n, minute)
		}
	}
	if len(seen) != 30 {
		t.Errorf("they leave in %d minutes of 30", len(seen))
	}
}

func TestTheSpreadNeverCostsAnEmail(t *testing.T) {
	k := passing()
	k.Policy.Hours = night()
	k.Policy.QuietHours.Spread = 6 * time.Hour
	at(t, k, "2025-06-10 23:00", "UTC")
	k.Step.Expires = k.Now.Add(9*time.Hour + 10*time.Minute).Sub(k.Touch.Due)
	for i := range 100 {
		k.Touch.Occasion = fmt.Sprint(i)
		if v := gate.Judge(k); v.Action != touch.Hold || v.Until.After(k.Touch.Due.Add(k.Step.Expires)) {
			t.Fatalf("%+v, worth it until %v", v, k.Touch.Due.Add(k.Step.Expires))
		}
	}
	k.Step.Expires -= 11 * time.Minute
	if v := gate.Judge(k); v.Reason != reason.Expired || !strings.Contains(v.Detail, "too late") {
		t.Errorf("quiet until it is not worth it any more: %+v", v)
	}
	// A day on which email is sent for ten minutes only.
	k = passing()
	k.Policy.Hours = gate.Hours{QuietHours: gate.QuietHours{From: 8*60 + 10, To: 8 * 60, Spread: time.Hour}}
	for i := range 100 {
		k.Touch.Occasion = fmt.Sprint(i)
		if v := gate.Judge(k); localtime.ClockOf(v.Until) < 8*60 || localtime.ClockOf(v.Until) >= 8*60+10 {
			t.Fatalf("held until %v, which is quiet", v.Until)
		}
	}
}

// What a cap holds does not wake up in the night to be held once more.
func TestACapHoldsOverTheQuietHours(t *testing.T) {
	k := passing()
	k.Policy.Hours = night()
	sentAgo(k, 4*time.Hour) // at 08:00; the cap has room at midnight
	if v := gate.Judge(k); v.Reason != reason.FrequencyCap || !v.Until.Equal(time.Date(2025, 6, 11, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", v)
	}
}

// zones lists the zones of the time zone database.
func zones(t testing.TB) []string {
	text, err := os.ReadFile("../localtime/testdata/zone.tab")
	if err != nil {
		t.Fatal(err)
	}
	out := []string{"UTC"}
	for line := range strings.Lines(string(text)) {
		if _, zone, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			out = append(out, zone)
		}
	}
	return out
}

// In any zone and at any time of ten years, of which more than its share lies at
// changes of the clocks: what is held is held to the first minute that is not
// quiet by the clock on the wall.
func TestNobodyIsMailedInTheQuietHoursOfAnyZone(t *testing.T) {
	t.Parallel()
	all := zones(t)
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(all).Draw(t, "zone"))
		clock := rapid.Custom(func(t *rapid.T) localtime.Clock {
			return localtime.Clock(15 * rapid.IntRange(0, 24*4-1).Draw(t, "quarters"))
		})
		q := gate.Hours{QuietHours: gate.QuietHours{From: clock.Draw(t, "from"), To: clock.Draw(t, "to")}}
		q.SendDays = rapid.SliceOfNDistinct(rapid.SampledFrom(gate.SendDays{0, 1, 2, 3, 4, 5, 6}), 0, 3, rapid.ID).Draw(t, "days")
		now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 10*365*24*60).Draw(t, "minute")) * time.Minute)
		if _, change := now.In(z).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "at a change") {
			now = change.Add(time.Duration(rapid.IntRange(-30*60, 3*60).Draw(t, "minutes after it")) * time.Minute).UTC()
		}
		k := passing()
		k.Now, k.Touch.Due, k.Policy.Hours, k.Customer.TimeZone.Value = now, now, q, z.String()
		v := gate.Judge(k)
		isQuiet := func(at time.Time) bool { // the model: what the customer would say
			local := at.In(z)
			sends := len(q.SendDays) == 0
			for _, d := range q.SendDays {
				sends = sends || time.Weekday(d) == local.Weekday()
			}
			c := localtime.Clock(local.Hour()*60 + local.Minute())
			switch {
			case !sends:
				return true
			case q.QuietHours.From < q.QuietHours.To:
				return c >= q.QuietHours.From && c < q.QuietHours.To
			case q.QuietHours.From > q.QuietHours.To:
				return c >= q.QuietHours.From || c < q.QuietHours.To
			}
			return false
		}
		want := now
		for isQuiet(want) {
			want = want.Truncate(time.Minute).Add(time.Minute)
		}
		switch {
		case want.Equal(now) && v.Action != touch.Send:
			t.Fatalf("held by day: %+v", v)
		case !want.Equal(now) && (v.Reason != reason.QuietHours || !v.Until.Equal(want)):
			t.Fatalf("at %v: %+v, want %v", now.In(z), v, want.In(z))
		}
	})
}
