package localtime_test

import (
	"testing"
	"time"

	"homing/pkg/localtime"
)

func TestATimeOfTheWeekIsOnTheClocksOfItsZone(t *testing.T) {
	london, err := localtime.Load("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	var w localtime.WeekTime
	if err := w.UnmarshalText([]byte("mon 08:00")); err != nil || w.String() != "mon 08:00" {
		t.Fatal(w, err)
	}
	for after, want := range map[string]string{
		"2026-03-23T07:59:59Z": "2026-03-23T08:00:00Z",
		"2026-03-23T08:00:00Z": "2026-03-30T07:00:00Z", // the clocks go forward in between
		"2026-10-24T00:00:00Z": "2026-10-26T08:00:00Z", // and back
	} {
		at, _ := time.Parse(time.RFC3339, after)
		if got := w.Next(at, london).UTC().Format(time.RFC3339); got != want {
			t.Errorf("after %s it is %s, want %s", after, got, want)
		}
		if !w.Is(w.Next(at, london), london) || w.Is(at.Add(time.Minute), london) {
			t.Errorf("after %s: it is not told from other times", after)
		}
	}
	for _, bad := range []string{"", "mon", "monday 08:00", "mon 8:00", "mon 24:00", "08:00"} {
		if err := w.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken for %s", bad, w)
		}
	}
}
