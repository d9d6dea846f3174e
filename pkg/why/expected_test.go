package why_test

import (
	"bytes"
	"strings"
	"testing"

	"homing/pkg/foresight"
	"homing/pkg/product"
	"homing/pkg/why"
	"homing/workers/thankyou"
)

// An agent sees how many more orders to expect, and within which time; where too little is
// known, nothing.
func TestOrdersToExpectAreSaid(t *testing.T) {
	worth := foresight.Worth{R: 0.243, Alpha: 30.9, A: 0.793, B: 2.426} // CDNOW's, in days
	for _, c := range []struct {
		name   string
		orders []float64 // days ago
		known  *product.Snapshot
		want   string
	}{
		{"often, lately", []float64{200, 160, 120, 80, 40, 2}, &product.Snapshot{Worth: worth}, "6 orders, the last on Sun 2025-06-08 12:00; about 5.3 more expected in the next year\n"},
		{"long ago", []float64{1500, 1480, 1460, 1440}, &product.Snapshot{Worth: worth}, "4 orders, the last on Thu 2021-07-01 12:00; hardly any more expected in the next year\n"},
		{"never", nil, &product.Snapshot{Worth: worth}, "0 orders\n"},
		{"too little is known", []float64{2}, &product.Snapshot{}, "1 order, the last on Sun 2025-06-08 12:00\n"},
		{"nothing is known", []float64{2}, nil, "1 order, the last on Sun 2025-06-08 12:00\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := begin(t, thankyou.Kind)
			l.in.Products = c.known
			for i, days := range c.orders {
				l.happens(24*days, string(rune('a'+i)), order(string(rune('1'+i))))
			}
			r := why.Tell(l.in)
			var b bytes.Buffer
			if err := why.Text(&b, r); err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(b.String(), "\n  orders ")
			if got = strings.TrimLeft(got, " "); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %.120s\nwant %s", got, c.want)
			}
			if said := r.Profile.Expected; (said != nil) != strings.Contains(c.want, "expected") || said != nil && said.Days != 365 {
				t.Errorf("%+v", said)
			}
		})
	}
}
