package rehearsal_test

import (
	"testing"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/rehearsal"
)

// rehearsed makes a rehearsal of a made-up shop with the configuration of an example.
func rehearsed(tb testing.TB, shop rehearsal.Synthetic, cores int) *rehearsal.Rehearsal {
	tb.Helper()
	c := config.Example()
	r, err := rehearsal.New(rehearsal.Options{Config: &c, Secret: "a secret that only tests use, 32+ bytes", Cores: cores})
	if err != nil {
		tb.Fatal(err)
	}
	err = shop.Each(func(e events.Event) error {
		body, err := events.Encode(e)
		if err != nil {
			return err
		}
		return r.Add("main", e.Type, body)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// small is a twentieth of the shop that speed is measured with.
func small() rehearsal.Synthetic {
	s := rehearsal.SyntheticShop(1)
	s.Orders, s.Lines, s.Customers, s.Products = s.Orders/20, s.Lines/20, s.Customers/20, s.Products/20
	return s
}

func BenchmarkAYearOfASmallShop(b *testing.B) {
	for b.Loop() {
		r := rehearsed(b, small(), 1)
		got, err := r.Live(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(got.Outcomes)), "outcomes")
	}
}

func BenchmarkAYear(b *testing.B) {
	for b.Loop() {
		r := rehearsed(b, rehearsal.SyntheticShop(1), 0)
		got, err := r.Live(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(got.Outcomes)), "outcomes")
	}
}
