package foresight_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"homing/pkg/foresight"
)

// cdnow are 2,357 customers of CDNOW whose first order was in the first quarter of 1997,
// and what they ordered in 39 weeks: facts that Fader and Hardie published with their paper
// (brucehardie.com/notes/004), as counts of customers who did the same. In weeks.
func cdnow(t *testing.T) (out []foresight.Repeat) {
	t.Helper()
	data, err := os.ReadFile("testdata/cdnow.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var x, last, age float64
		var n int
		if strings.HasPrefix(line, "#") {
			continue
		}
		if _, err := fmt.Sscan(line, &x, &last, &age, &n); err != nil {
			t.Fatal(err)
		}
		// The paper's data are weeks with two decimals.
		weeks := func(days float64) float64 { return math.Round(100*days/7) / 100 }
		for range n {
			out = append(out, foresight.Repeat{Orders: x, Last: weeks(last), Age: weeks(age)})
		}
	}
	return out
}

// The fit of Fader, Hardie and Lee (2005), Table 2 and section 4.
func TestTheFitOfCDNOWIsThePublishedOne(t *testing.T) {
	rs := cdnow(t)
	if len(rs) != 2357 {
		t.Fatalf("%d customers", len(rs))
	}
	w, err := foresight.FitWorth(rs)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v, log-likelihood %.2f", w, w.LogLikelihood(rs))
	near(t, "r", w.R, 0.243, 0.0005)
	near(t, "alpha", w.Alpha, 4.414, 0.002)
	near(t, "a", w.A, 0.793, 0.002)
	near(t, "b", w.B, 2.426, 0.006)
	near(t, "log-likelihood", w.LogLikelihood(rs), -9582.4, 0.05)
	// Their example: two orders after the first, the last after 30.43 of 38.86 weeks.
	near(t, "orders within 39 weeks", w.Expected(foresight.Repeat{Orders: 2, Last: 30.43, Age: 38.86}, 39), 1.226, 0.005)
	if n := w.Expected(foresight.Repeat{}, 0); n != 0 {
		t.Errorf("%v orders in no time", n)
	}
}

// What is expected is what happens: the derivative of nothing, but the second half of the
// customers' time by the first.
func TestExpectedOrdersGrowWithTime(t *testing.T) {
	w := foresight.Worth{R: 0.243, Alpha: 4.414, A: 0.793, B: 2.426}
	for _, c := range []foresight.Repeat{{Age: 39}, {Orders: 1, Last: 2, Age: 39}, {Orders: 20, Last: 38, Age: 39}} {
		before := 0.0
		for _, weeks := range []float64{1, 10, 52, 520} {
			n := w.Expected(c, weeks)
			if n <= before || math.IsNaN(n) || n > weeks*(w.R+c.Orders)/(w.Alpha+c.Age) {
				t.Errorf("%+v within %v weeks: %v", c, weeks, n)
			}
			before = n
		}
	}
	at1 := foresight.Worth{R: 0.243, Alpha: 4.414, A: 1, B: 2.426}
	near(t, "a of 1", at1.Expected(foresight.Repeat{Orders: 2, Last: 30, Age: 39}, 39), (func() float64 {
		at1.A = 1.0001
		return at1.Expected(foresight.Repeat{Orders: 2, Last: 30, Age: 39}, 39)
	})(), 1e-3)
}

func TestOrdersOfADayAreOneRepeat(t *testing.T) {
	got, ok := foresight.RepeatOf([]time.Time{after(-10), after(-40), after(-40.1), after(3)}, noon)
	if !ok || got.Orders != 1 || math.Abs(got.Last-30.1) > 1e-9 || math.Abs(got.Age-40.1) > 1e-9 {
		t.Errorf("%+v", got)
	}
	if _, ok := foresight.RepeatOf([]time.Time{after(1)}, noon); ok {
		t.Error("who orders later has ordered")
	}
	if w := foresight.WorthOf(nil); w != (foresight.Worth{}) {
		t.Errorf("of nobody: %+v", w)
	}
	if _, err := foresight.FitWorth(nil); err == nil {
		t.Error("a fit to nobody")
	}
}
