package localtime_test

import (
	"testing"
	"time"

	"homing/pkg/localtime"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "0": 0, "0d": 0, "90s": 90 * time.Second, "16h": 16 * time.Hour, "7d": 168 * time.Hour,
		"1d12h": 36 * time.Hour, "1d0s": 24 * time.Hour, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute,
	} {
		got, err := localtime.ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
		back, err := localtime.ParseDuration(localtime.FormatDuration(want))
		if err != nil || back != want {
			t.Errorf("%q: formatted as %q", text, localtime.FormatDuration(want))
		}
	}
	for _, text := range []string{"", "7", "d", "-1h", "-7d", "1.5d", "1h1d", "1d1d", "40000d", "36500d1s", "7 d", "99999999999d", "week"} {
		if got, err := localtime.ParseDuration(text); err == nil {
			t.Errorf("%q: accepted as %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{
		7 * 24 * time.Hour: "7d", 36 * time.Hour: "1d12h", 16 * time.Hour: "16h", 30 * time.Minute: "30m", 0: "0s", time.Second / 2: "500ms",
	} {
		if got := localtime.FormatDuration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestAgesAreWrittenInTheirLargestUnit(t *testing.T) {
	for seconds, want := range map[time.Duration]string{-3: "0s", 59: "59s", 60: "1 min", 3599: "59 min", 7200: "2 h", 86400: "24 h", 200_000: "2 days"} {
		if got := localtime.Age(seconds * time.Second); got != want {
			t.Errorf("%v s: %s, want %s", int(seconds), got, want)
		}
	}
}

func TestDurationsAreWrittenInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 seconds", 90 * time.Second: "1 minute 30 seconds", time.Hour: "1 hour", 36 * time.Hour: "1 day 12 hours", 14 * 24 * time.Hour: "14 days",
	} {
		if got := localtime.InWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
