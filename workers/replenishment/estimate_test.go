package replenishment

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"homing/pkg/product"
)

func known(days float64, customers int) product.Rhythm {
	return product.Rhythm{Days: days, Intervals: customers, Customers: customers}
}

func TestEstimate(t *testing.T) {
	for _, c := range []struct {
		name  string
		basis basis
		piece float64
		conf  Confidence
	}{
		{"the shop says it", basis{pieces: 1, said: 30, own: []float64{7, 7, 7}, shop: known(90, 900)}, 30, Certain},
		{"own intervals alone", basis{pieces: 1, own: []float64{20, 30}}, 25, Low},
		{"a holiday shifts nothing", basis{pieces: 1, own: []float64{30, 30, 200}}, 30, Fair},
		// p = 28, k = ½ + 1½·120/125 = 1.94: (4·31 + 1.94·28) / 5.94
		{"own and product", basis{pieces: 1, own: []float64{31, 31, 31, 31}, product: product.Product{Rhythm: known(28, 120)}}, 30.02, Fair},
		// p = (10·20 + 5·50) / 15 = 30, k = ½ + 1½·10/15 = 1.5: (1·60 + 1.5·30) / 2.5
		{"own, product and shop", basis{pieces: 1, own: []float64{60}, product: product.Product{Rhythm: known(20, 10)}, shop: known(50, 900)}, 42, Low},
		// k = ½: (2·14 + ½·60) / 2.5
		{"the shop alone says little", basis{pieces: 1, own: []float64{14, 14}, shop: known(60, 900)}, 23.2, Low},
		{"the product alone", basis{pieces: 1, product: product.Product{Rhythm: known(28, 60)}}, 28, Fair},
		{"six, regular", basis{pieces: 1, own: []float64{30, 31, 30, 29, 30, 31}}, 30, Good},
		{"six, irregular", basis{pieces: 1, own: []float64{10, 60, 30, 90, 20, 45}}, 37.5, Fair},
		{"nothing", basis{pieces: 1}, 0, Low},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.basis.estimate()
			if math.Abs(got.piece-c.piece) > 0.005 || got.confidence != c.conf {
				t.Errorf("%.3f d, %s; want %.3f d, %s", got.piece, got.confidence, c.piece, c.conf)
			}
		})
	}
}

func anyBasis(t *rapid.T) basis {
	days := rapid.Float64Range(0.5, 700)
	rhythm := func(label string) product.Rhythm {
		if rapid.Bool().Draw(t, label) {
			return known(days.Draw(t, label+" days"), rapid.IntRange(1, 500).Draw(t, label+" customers"))
		}
		return product.Rhythm{}
	}
	return basis{
		pieces: rapid.IntRange(1, 20).Draw(t, "pieces"), own: rapid.SliceOfN(days, 0, 12).Draw(t, "own"),
		product: product.Product{Rhythm: rhythm("product")}, shop: rhythm("shop"),
	}
}

// What is learned lies between the lowest and the highest that it rests on.
func TestAnEstimateIsBoundedByItsInputs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBasis(t)
		inputs := append([]float64{}, b.own...)
		for _, r := range []product.Rhythm{b.product.Rhythm, b.shop} {
			if r.Days > 0 {
				inputs = append(inputs, r.Days)
			}
		}
		low, high := math.Inf(1), 0.0
		for _, x := range inputs {
			low, high = min(low, x), max(high, x)
		}
		e := b.estimate()
		if len(inputs) == 0 {
			if e.piece != 0 {
				t.Fatalf("%v from nothing", e.piece)
			}
			return
		}
		if e.piece < low-1e-9 || e.piece > high+1e-9 {
			t.Fatalf("%v is not between %v and %v", e.piece, low, high)
		}
		if math.Abs(e.total-e.piece*float64(b.pieces)) > 1e-9 {
			t.Fatalf("%v of %d pieces, each %v", e.total, b.pieces, e.piece)
		}
	})
}

// It rises, or stays, when any of the intervals or medians does.
func TestAnEstimateIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBasis(t)
		before := b.estimate().piece
		more := rapid.Float64Range(0, 100).Draw(t, "more")
		c := b
		c.own = append([]float64{}, b.own...)
		switch which := rapid.IntRange(0, 2).Draw(t, "which"); {
		case which == 0 && len(c.own) > 0:
			c.own[rapid.IntRange(0, len(c.own)-1).Draw(t, "interval")] += more
		case which == 1 && c.product.Rhythm.Days > 0:
			c.product.Rhythm.Days += more
		case which == 2 && c.shop.Days > 0:
			c.shop.Days += more
		}
		if after := c.estimate().piece; after < before-1e-9 {
			t.Fatalf("%v became %v", before, after)
		}
	})
}

// More customers of the product bring an estimate nearer to the product's median.
func TestMoreCustomersCountMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBasis(t)
		b.product.Rhythm = known(30, rapid.IntRange(1, 400).Draw(t, "few"))
		b.shop = product.Rhythm{}
		c := b
		c.product.Rhythm.Customers += rapid.IntRange(0, 400).Draw(t, "more")
		if math.Abs(c.estimate().piece-30) > math.Abs(b.estimate().piece-30)+1e-9 {
			t.Fatalf("%v with %d, %v with %d", b.estimate().piece, b.product.Rhythm.Customers, c.estimate().piece, c.product.Rhythm.Customers)
		}
	})
}
