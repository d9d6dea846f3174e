package foresight_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"homing/pkg/foresight"
)

func TestWhoComesBackIsLearned(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	want := foresight.Lapse{Level: 2, Silence: -0.9, Orders: 0.7}
	add := func(s *foresight.Silences) {
		for range 40_000 {
			silent, n := 1+700*r.Float64(), 1+int(6*r.Float64()*r.Float64())
			var orders []time.Time
			for i := range n {
				orders = append(orders, after(-90-silent-30*float64(i)))
			}
			if r.Float64() < want.Chance(silent, n) {
				orders = append(orders, after(-90*r.Float64()))
			}
			s.Add(orders)
		}
	}
	s := foresight.NewSilences(noon)
	add(s)
	got := s.Lapse()
	near(t, "level", got.Level, want.Level, 0.15)
	near(t, "silence", got.Silence, want.Silence, 0.03)
	near(t, "orders", got.Orders, want.Orders, 0.05)
	if !got.Known() || got.People != 40_000 {
		t.Errorf("%+v", got)
	}
	for _, n := range []int{1, 5} {
		days := got.Silent(0.2, n)
		near(t, "the chance after that silence", got.Chance(days, n), 0.2, 1e-9)
		if got.Chance(days+1, n) >= 0.2 || got.Chance(days, n+1) <= 0.2 {
			t.Error("it does not fall with silence, or rise with orders")
		}
	}
}

func TestOfTooFewNothingIsKnownOfWhoComesBack(t *testing.T) {
	few := foresight.NewSilences(noon)
	for i := range 200 {
		few.Add([]time.Time{after(-100 - float64(i)), after(-10 * float64(i%2))})
	}
	nobody := foresight.NewSilences(noon)
	for i := range 2000 {
		nobody.Add([]time.Time{after(-100 - float64(i%300))})
	}
	opened := foresight.NewSilences(noon)
	for i := range 2000 {
		opened.Add([]time.Time{after(-91 - float64(i%20)), after(-200 + 190*float64(i%2))})
	}
	for name, s := range map[string]*foresight.Silences{"few": few, "nobody came back": nobody, "the shop is young": opened} {
		if l := s.Lapse(); l.Known() || l.Silent(0.2, 3) != 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if (foresight.Lapse{}).Known() || (foresight.Lapse{}).Silent(0.3, 1) != 0 {
		t.Error("the zero Lapse knows something")
	}
}

// The formula has the same sign everywhere, and no value is out of range.
func TestChancesOfALapseAreChances(t *testing.T) {
	l := foresight.Lapse{Level: 3, Silence: -1, Orders: 1, People: 1}
	for _, days := range []float64{-1, 0, 1, 180, 1e6} {
		for _, n := range []int{-1, 0, 1, 1000} {
			if p := l.Chance(days, n); math.IsNaN(p) || p <= 0 || p >= 1 {
				t.Errorf("%v days, %d orders: %v", days, n, p)
			}
		}
	}
}
