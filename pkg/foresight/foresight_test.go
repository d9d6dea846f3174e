package foresight_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"homing/pkg/foresight"
)

var noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

func after(days float64) time.Time { return noon.Add(time.Duration(days * 24 * float64(time.Hour))) }

// bought is a pair that bought some pieces on some days.
func bought(pieces int, on ...float64) foresight.Pair {
	var bs []foresight.Buy
	for _, d := range on {
		bs = append(bs, foresight.Buy{At: after(d), Pieces: pieces})
	}
	return foresight.PairOf(bs)
}

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > by {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestWhatIsBoughtAtOnceIsOnePurchase(t *testing.T) {
	for _, c := range []struct {
		name  string
		on    []float64
		again int
		want  []foresight.Interval
	}{
		{"never", nil, 0, nil},
		{"once", []float64{3}, 0, nil},
		{"on two invoices of the same hour", []float64{0, 0.02}, 0, nil},
		{"and again", []float64{0, 0.02, 30}, 1, []foresight.Interval{{Days: 30, Pieces: 4}}},
		{"a day apart", []float64{0, 1}, 1, []foresight.Interval{{Days: 1, Pieces: 2}}},
		{"a pause of years is no interval", []float64{0, 731, 761}, 2, []foresight.Interval{{Days: 30, Pieces: 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := bought(2, c.on...)
			if d := cmp.Diff(c.want, p.Intervals, cmpopts.IgnoreUnexported(foresight.Interval{})); d != "" || p.Again() != c.again {
				t.Errorf("bought again %d times, want %d; -want +got:\n%s", p.Again(), c.again, d)
			}
		})
	}
}

// The formulas, by hand.
func TestTheFormulas(t *testing.T) {
	shop := foresight.Shop{Sums: foresight.Sums{Pairs: 1000, Again: 990, Exposure: 24 * 198_500, Intervals: 998, LnDays: 1e6 * 998 * 4, LnPieces: 0},
		Constants: foresight.Constants{Exponent: 0.1, Known: 4, OfCustomer: 1, OfProduct: 0.5, Slope: 1}}
	m := shop.Model()
	s := (998*4 + math.Log(45)) / 999
	r0 := 1000.0 / 200_000 // with the priors: (990 + 10) / (198500 + 1500)
	tea := foresight.Sums{Pairs: 10, Again: 7, Exposure: 24 * 400, Intervals: 5, LnDays: 1e6 * 5 * 3}
	ann := foresight.Sums{Pairs: 3, Again: 2, Exposure: 24 * 100, Intervals: 20, LnDays: 1e6 * 20 * 5}
	c := foresight.Case{Product: tea, Customer: ann, Pair: bought(2, -60, -30, 0)}

	p, of := (5*3+5*s)/10, (20*5+20*s)/40
	own := 2 * (math.Log(30) - 0.1*math.Log(2))
	ln := (own+4*(of+0.5*(p-s)))/(2+4) + 0.1*math.Log(3)
	near(t, "days of three pieces", m.Days(c, 3), math.Exp(ln), 1e-4)

	rp, rc := (7+3)/(400+3/r0), (2+3)/(100+3/r0)
	rate := (2 + 1) / (85 + 1/(rp*rc/r0))
	near(t, "chance", m.Chance(c, after(25), 14*24*time.Hour), 1-math.Exp(-14*rate), 1e-9)
}

func TestANewShopIsTakenForAUsualOne(t *testing.T) {
	m := foresight.Shop{}.Model()
	if !m.Early || m.Again != 0 {
		t.Errorf("%+v", m)
	}
	near(t, "bought once", m.Days(foresight.Case{Pair: bought(1, 0)}, 1), 45, 1e-9)
	if p := m.Chance(foresight.Case{Pair: bought(1, 0)}, after(40), 14*24*time.Hour); p > 0.1 {
		t.Errorf("what was bought once is bought again with %.2f", p)
	}
	often := bought(1, 0, 30, 60)
	if p := m.Chance(foresight.Case{Customer: often.Sums(after(85)), Pair: often}, after(85), 14*24*time.Hour); p < 0.15 {
		t.Errorf("what is bought every month is bought again with %.2f", p)
	}
	// Ten intervals of a product say more than what is usual: no worse than its median.
	var tea foresight.Sums
	for range 10 {
		tea = tea.Plus(bought(1, 0, 12).Sums(after(12)))
	}
	m = foresight.Shop{Sums: tea}.Model()
	near(t, "a product of twelve days", m.Days(foresight.Case{Product: tea, Pair: bought(1, 0)}, 1), 12, 3)
}

// Sums are the same whatever the order in which pairs come, and those of a part can be
// taken out again.
func TestSumsAddUpInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pair := rapid.Custom(func(t *rapid.T) foresight.Pair {
			var on []float64
			at := 0.0
			for _, d := range rapid.SliceOfN(rapid.Float64Range(0, 800), 1, 14).Draw(t, "gaps") {
				at += d
				on = append(on, at-5000)
			}
			return bought(rapid.IntRange(1, 500).Draw(t, "pieces"), on...)
		})
		pairs := rapid.SliceOfN(pair, 1, 6).Draw(t, "pairs")
		add := func(ps []foresight.Pair) (s foresight.Sums) {
			for _, p := range ps {
				s = s.Plus(p.Sums(noon))
			}
			return s
		}
		all := add(pairs)
		if again := add(rapid.Permutation(pairs).Draw(t, "order")); again != all {
			t.Fatalf("%+v and %+v", all, again)
		}
		if rest := all.Less(pairs[0].Sums(noon)); rest != add(pairs[1:]) {
			t.Fatalf("without the first: %+v, want %+v", rest, add(pairs[1:]))
		}
	})
}

func TestTheChanceFallsWhileNothingIsBoughtAndRisesWithEachPurchase(t *testing.T) {
	m := foresight.Shop{}.Model()
	soon := 14 * 24 * time.Hour
	rapid.Check(t, func(t *rapid.T) {
		first, at := rapid.Float64Range(0, 300).Draw(t, "until the second"), rapid.Float64Range(1, 300).Draw(t, "since then")
		once, twice := bought(1, 0), bought(1, 0, first+1)
		of := func(p foresight.Pair, at float64) float64 {
			return m.Chance(foresight.Case{Customer: p.Sums(after(at)), Pair: p}, after(at), soon)
		}
		now, later := of(twice, first+1+at), of(twice, first+2+at)
		if later > now || of(once, first+1+at) > now || now <= 0 || now >= 1 {
			t.Fatalf("%v, a day later %v, without the second purchase %v", now, later, of(once, first+1+at))
		}
	})
}

// shopOf lets customers of a made-up shop buy: what lasts longer the more pieces it is.
func shopOf(r *rand.Rand, customers int, exponent float64) []map[string]foresight.Pair {
	var out []map[string]foresight.Pair
	for range customers {
		mine := map[string]foresight.Pair{}
		for _, id := range []string{"tea", "oil", "soap"} {
			var bs []foresight.Buy
			for at := -400 * r.Float64(); at < 0; {
				n := 1 + r.IntN(6)
				bs = append(bs, foresight.Buy{At: after(at), Pieces: n})
				at += map[string]float64{"tea": 20, "oil": 40, "soap": 80}[id] * math.Pow(float64(n), exponent) * math.Exp(0.2*r.NormFloat64())
				if r.Float64() < 0.2 {
					break
				}
			}
			mine[id] = foresight.PairOf(bs)
		}
		out = append(out, mine)
	}
	return out
}

func sumsOf(lives []map[string]foresight.Pair) (foresight.Shop, func(string) foresight.Sums) {
	var shop foresight.Shop
	products := map[string]foresight.Sums{}
	for _, l := range lives {
		for id, p := range l {
			products[id] = products[id].Plus(p.Sums(noon))
			shop.Sums = shop.Plus(p.Sums(noon))
		}
	}
	return shop, func(id string) foresight.Sums { return products[id] }
}

func TestConstantsAreLearnedFromTheShop(t *testing.T) {
	for _, exponent := range []float64{0, 0.8} {
		all := shopOf(rand.New(rand.NewPCG(1, 2)), 800, exponent)
		shop, products := sumsOf(all)
		for range 3 { // a month each
			l := foresight.NewLives(noon, shop, products)
			for _, c := range all {
				l.Add(maps.All(c))
			}
			shop.Constants = l.Constants()
		}
		c := shop.Constants
		near(t, "exponent", c.Exponent, exponent, 0.08)
		if c.OfProduct < 0.8 || c.OfProduct > 1.2 {
			t.Errorf("what sets products apart hardly counts: %+v", c)
		}
		m := shop.Model()
		near(t, "three pieces of tea", m.Days(foresight.Case{Product: products("tea"), Pair: bought(3, 0)}, 3), 20*math.Pow(3, exponent), 4)
		if m.Early {
			t.Error("it is early")
		}
	}
	if c := foresight.NewLives(noon, foresight.Shop{}, func(string) foresight.Sums { return foresight.Sums{} }).Constants(); c != (foresight.Constants{}) {
		t.Errorf("learned from nobody: %+v", c)
	}
}

// Chances come true, in each band: those of the past, and those of customers that nothing
// was learned from.
func TestChancesComeTrue(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	learned, others := shopOf(r, 1500, 0.5), shopOf(r, 1500, 0.5)
	shop, products := sumsOf(learned)
	for range 3 {
		l := foresight.NewLives(noon, shop, products)
		for _, c := range learned {
			l.Add(maps.All(c))
		}
		shop.Constants = l.Constants()
	}
	m, soon := shop.Model(), 14*24*time.Hour
	stated, happened, n := 0.0, 0.0, 0.0
	for _, c := range others {
		for id, p := range c {
			for i := range p.Buys {
				k := foresight.Case{Product: products(id), Pair: foresight.Pair{Buys: p.Buys[:i+1], Intervals: p.Intervals[:i]}}
				for of, q := range c {
					if of == id {
						continue
					}
					var before []foresight.Buy
					for _, b := range q.Buys {
						if !b.At.After(p.Buys[i].At) {
							before = append(before, b)
						}
					}
					k.Customer = k.Customer.Plus(foresight.PairOf(before).Sums(p.Buys[i].At))
				}
				k.Customer = k.Customer.Plus(k.Pair.Sums(p.Buys[i].At))
				lasts := time.Duration(24 * float64(time.Hour) * m.Days(k, p.Buys[i].Pieces))
				due := p.Buys[i].At.Add(max(lasts-5*24*time.Hour, lasts/2))
				k.Customer = k.Customer.Later(due.Sub(p.Buys[i].At))
				if due.Add(soon).After(noon) || i+1 < len(p.Buys) && p.Buys[i+1].At.Before(due) {
					continue
				}
				n++
				stated += m.Chance(k, due, soon)
				if i+1 < len(p.Buys) && p.Buys[i+1].At.Before(due.Add(soon)) {
					happened++
				}
			}
		}
	}
	t.Logf("%.0f chances, stated %.3f, happened %.3f", n, stated/n, happened/n)
	near(t, "stated", stated/n, happened/n, 0.04)
}
