package attribution_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/pkg/attribution"
)

const hour, day = int64(time.Hour / time.Millisecond), 24 * hour

var week = attribution.Windows{AfterSending: 7 * 24 * time.Hour, AfterClick: 30 * 24 * time.Hour, HalfLife: 7 * 24 * time.Hour}

func TestAnEmailHasAPartWithinItsWindow(t *testing.T) {
	const placed = 100 * day
	for _, c := range []struct {
		name  string
		email attribution.Email
		at    int64 // -1: none
	}{
		{"sent just now", attribution.Email{Sent: placed}, placed},
		{"sent within the window", attribution.Email{Sent: placed - 7*day + 1}, placed - 7*day + 1},
		{"sent a window ago", attribution.Email{Sent: placed - 7*day}, -1},
		{"sent after the order", attribution.Email{Sent: placed + 1}, -1},
		{"clicked, which counts for longer", attribution.Email{Sent: placed - 20*day, Clicks: []int64{placed - 19*day}}, placed - 19*day},
		{"clicked twice, before and after the order", attribution.Email{Sent: placed - day, Clicks: []int64{placed - hour, placed + hour}}, placed - hour},
		{"clicked only after the order", attribution.Email{Sent: placed - day, Clicks: []int64{placed + hour}}, placed - day},
		{"clicked too long ago", attribution.Email{Sent: placed - 40*day, Clicks: []int64{placed - 30*day}}, -1},
	} {
		c.email.Worker = "w"
		var want []attribution.Part
		if c.at >= 0 {
			want = []attribution.Part{{Worker: "w", At: c.at}}
		}
		if d := cmp.Diff(want, week.Parts([]attribution.Email{c.email}, placed)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestTheFourModels(t *testing.T) {
	parts := week.Parts([]attribution.Email{{Worker: "b", Sent: 99 * day}, {Worker: "a", Sent: 93*day + 1, Clicks: []int64{92 * day}}, {Worker: "b", Sent: 98 * day}}, 100*day)
	for m, want := range map[attribution.Model]map[string]int64{
		attribution.First:    {"a": 100},
		attribution.Last:     {"b": 100},
		attribution.Linear:   {"a": 33, "b": 67},
		attribution.Decaying: {"a": 22, "b": 78}, // 2^(-6/7) of 1, and 1 + 2^(-1/7)
	} {
		if d := cmp.Diff(want, week.Split(m, 100, parts)); d != "" {
			t.Errorf("%s (-want +got):\n%s", m, d)
		}
		if d := cmp.Diff(map[string]int64{attribution.None: 7}, week.Split(m, 7, nil)); d != "" {
			t.Errorf("%s of nobody's (-want +got):\n%s", m, d)
		}
	}
}

// Whatever the emails, what workers get is what the order cost, and nobody gets less than
// nothing.
func TestNothingIsLostAndNothingCountsTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(0, 1e15)).Draw(t, "minor")
		var emails []attribution.Email
		for range rapid.IntRange(0, 12).Draw(t, "emails") {
			emails = append(emails, attribution.Email{
				Worker: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "worker"), Sent: rapid.Int64Range(0, 40*day).Draw(t, "sent"),
				Clicks: rapid.SliceOfN(rapid.Int64Range(0, 41*day), 0, 3).Draw(t, "clicks"),
			})
		}
		parts := week.Parts(emails, 40*day)
		for _, m := range attribution.Models() {
			sum := int64(0)
			for worker, n := range week.Split(m, minor, parts) {
				if sum += n; n < 0 || (worker == attribution.None) != (len(parts) == 0) {
					t.Fatalf("%s: %s gets %d of %d with %d parts", m, worker, n, minor, len(parts))
				}
			}
			if sum != minor {
				t.Fatalf("%s: %d of %d", m, sum, minor)
			}
		}
	})
}
