package suggest

import (
	"strings"
	"testing"
)

func TestNearestFindsWhatWasMeant(t *testing.T) {
	known := []string{"name", "url", "time_zone", "thank-you", "Customer", "a"}
	for _, tc := range []struct{ word, want string }{
		{"nme", "name"},
		{"urll", "url"},
		{"ur", "url"},
		{"custmer", "Customer"},
		{"CUSTOMER", "Customer"},
		{"tmie_zone", "time_zone"},
		{"thankyou", "thank-you"},
		{"b", ""}, // as near to "a" as to nothing
		{"", ""},
		{"win-back", ""},
		{strings.Repeat("name", 1000), ""},
	} {
		if got := Nearest(tc.word, known); got != tc.want {
			t.Errorf("%.20q: %q, not %q", tc.word, got, tc.want)
		}
	}
	if got := Nearest("name", nil); got != "" {
		t.Errorf("among nothing: %q", got)
	}
}

func TestDistanceCountsASwapAsOne(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1},
		{"abc", "abcd", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("%q, %q: %d, not %d", tc.a, tc.b, got, tc.want)
		}
		if got := distance(tc.b, tc.a); got != tc.want {
			t.Errorf("%q, %q: %d, not %d", tc.b, tc.a, got, tc.want)
		}
	}
}
