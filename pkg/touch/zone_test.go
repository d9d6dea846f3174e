package touch

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"homing/pkg/localtime"
)

// vancouver returns the zone by the rules of 2025, in which it has winter time, and by
// those that are used, in which it stays at -07.
func vancouver(t *testing.T) (old, now *time.Location) {
	t.Helper()
	data, err := os.ReadFile("testdata/America-Vancouver-2025c")
	if err != nil {
		t.Fatal(err)
	}
	if old, err = time.LoadLocationFromTZData("America/Vancouver", data); err != nil {
		t.Fatal(err)
	}
	if now, err = localtime.Load("America/Vancouver"); err != nil {
		t.Fatal(err)
	}
	return old, now
}

func TestATouchKeepsItsTimeOfDayWhenTheRulesChange(t *testing.T) {
	old, now := vancouver(t)
	for _, c := range []struct {
		planned time.Time
		want    string
	}{
		{time.Date(2026, 12, 24, 9, 0, 0, 0, old), "2026-12-24T09:00:00-07:00"},
		{time.Date(2026, 12, 24, 8, 12, 34, 567e6, old), "2026-12-24T08:12:34.567-07:00"},
		{time.Date(2026, 12, 24, 0, 0, 0, 0, old), "2026-12-24T00:00:00-07:00"},
		{time.Date(2026, 7, 1, 9, 0, 0, 0, old), ""}, // the same by both
		{time.Date(2025, 11, 2, 1, 30, 0, 0, old), ""},
		{time.Date(2025, 11, 2, 1, 30, 0, 0, old).Add(time.Hour), ""}, // the second 01:30 of that night
	} {
		for _, held := range []time.Duration{0, 2 * time.Hour} {
			body, err := json.Marshal(Touch{Zone: "America/Vancouver", Due: c.planned.Add(-held), Wake: c.planned})
			if err != nil {
				t.Fatal(err)
			}
			var was Touch
			if err := json.Unmarshal(body, &was); err != nil {
				t.Fatal(err)
			}
			is, moved := was.Today()
			if moved != (c.want != "") || !moved && !is.Wake.Equal(c.planned) {
				t.Errorf("%v moved: %v, to %v", c.planned, moved, is.Wake)
			}
			if got := is.Wake.In(now).Format(time.RFC3339Nano); moved && got != c.want {
				t.Errorf("%v is %s, want %s", c.planned, got, c.want)
			}
			if is.Due.Equal(is.Wake) != (held == 0) {
				t.Errorf("due %v, and wakes %v", is.Due, is.Wake)
			}
			if again, moved := is.In().Today(); moved {
				t.Errorf("%v moved twice, to %v", is.Wake, again.Wake)
			}
		}
	}
}

func TestAnInstantStays(t *testing.T) {
	at := time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC)
	for _, zone := range []string{"", "Europe/Nowhere", "UTC"} {
		was := Touch{Zone: zone, Due: at, Wake: at}
		if is, moved := was.Today(); moved || !is.In().Wake.Equal(at) {
			t.Errorf("%q: moved to %v", zone, is.Wake)
		}
	}
}
