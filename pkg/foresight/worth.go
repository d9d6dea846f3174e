package foresight

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/optimize"
)

// Worth is the BG/NBD model of how often customers order until they stay away for good:
// Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24
// (2005). A customer orders at a rate that is drawn from a gamma distribution (R, Alpha),
// and leaves after an order with a chance that is drawn from a beta distribution (A, B).
//
// Its chance that a customer is still there is not offered: of everybody with one order
// it is 1. Lapse says who stays away.
type Worth struct {
	R     float64 `json:"r"`
	Alpha float64 `json:"alpha"` // in the unit of time of what it was fitted to
	A     float64 `json:"a"`
	B     float64 `json:"b"`
}

// Repeat is what the model needs of a customer, in any one unit of time.
type Repeat struct {
	Orders float64 // after the first one
	Last   float64 // when the last of these was, since the first one; 0: there is none
	Age    float64 // for how long the customer is known: since the first one
}

// LogLikelihood returns the logarithm of how likely the customers are under the model.
func (w Worth) LogLikelihood(rs []Repeat) float64 {
	sum, heads := 0.0, map[float64]float64{}
	for _, r := range rs {
		head, known := heads[r.Orders]
		if !known {
			head = w.head(r.Orders)
			heads[r.Orders] = head
		}
		sum += head + w.tail(r)
	}
	return sum
}

// head is what so many orders add to the likelihood, whenever they were placed: many
// customers have as many, and it takes longest.
func (w Worth) head(x float64) float64 {
	return gamma(w.R+x) - gamma(w.R) + w.R*math.Log(w.Alpha) +
		gamma(w.A+w.B) + gamma(w.B+x) - gamma(w.B) - gamma(w.A+w.B+x)
}

// tail is what it adds when they were.
func (w Worth) tail(c Repeat) float64 {
	x := c.Orders
	there := -(w.R + x) * math.Log(w.Alpha+c.Age)
	if x == 0 {
		return there
	}
	left := math.Log(w.A) - math.Log(w.B+x-1) - (w.R+x)*math.Log(w.Alpha+c.Last)
	most := max(there, left)
	return most + math.Log(math.Exp(there-most)+math.Exp(left-most))
}

func gamma(x float64) float64 {
	g, _ := math.Lgamma(x)
	return g
}

// FitWorth returns the model under which the customers are most likely.
func FitWorth(rs []Repeat) (Worth, error) {
	of := func(x []float64) Worth {
		return Worth{math.Exp(x[0]), math.Exp(x[1]), math.Exp(x[2]), math.Exp(x[3])}
	}
	age := 0.0
	for _, r := range rs {
		age += r.Age / float64(len(rs))
	}
	if age <= 0 {
		return Worth{}, fmt.Errorf("fitting orders: nobody of %d is known for any time", len(rs))
	}
	p := optimize.Problem{Func: func(x []float64) float64 {
		for _, v := range x {
			if math.Abs(v) > 15 {
				return math.Inf(1)
			}
		}
		return -of(x).LogLikelihood(rs)
	}}
	res, err := optimize.Minimize(p, []float64{0, math.Log(age / 4), 0, 1}, nil, &optimize.NelderMead{})
	if err != nil {
		return Worth{}, fmt.Errorf("fitting orders: %w", err)
	}
	return of(res.X), nil
}

// RepeatOf returns what the model needs of a customer who placed orders at these times, in
// days; those of one day are one. false: nobody placed any by then.
func RepeatOf(orders []time.Time, now time.Time) (Repeat, bool) {
	if len(orders) == 1 && !orders[0].After(now) { // as of most customers
		return Repeat{Age: now.Sub(orders[0]).Hours() / 24}, true
	}
	orders = slices.DeleteFunc(slices.Clone(orders), func(at time.Time) bool { return at.After(now) })
	if len(orders) == 0 {
		return Repeat{}, false
	}
	slices.SortFunc(orders, time.Time.Compare)
	first, last := orders[0], orders[0]
	r := Repeat{Age: now.Sub(first).Hours() / 24}
	for _, at := range orders[1:] {
		if at.Sub(last) >= together {
			r.Orders++
			last = at
		}
	}
	r.Last = last.Sub(first).Hours() / 24
	return r, true
}

// enoughRepeats is how many customers it takes to learn the model from, and enoughBack how
// many of them must have ordered again.
const enoughRepeats, enoughBack = 300, 50

// WorthOf returns the model of some customers; of too few, or where none fits, the zero
// Worth.
func WorthOf(rs []Repeat) Worth {
	back := 0
	for _, r := range rs {
		if r.Orders > 0 {
			back++
		}
	}
	if len(rs) < enoughRepeats || back < enoughBack {
		return Worth{}
	}
	slices.SortFunc(rs, func(a, b Repeat) int {
		return cmp.Or(cmp.Compare(a.Age, b.Age), cmp.Compare(a.Orders, b.Orders), cmp.Compare(a.Last, b.Last))
	})
	w, err := FitWorth(rs)
	if err != nil {
		return Worth{} // a shop in which nobody ever leaves, or all do at once
	}
	return w
}

// Expected returns how many orders the customer is expected to place within some time from
// now on, in the unit of the model.
func (w Worth) Expected(c Repeat, within float64) float64 {
	if within <= 0 {
		return 0
	}
	a := w.A
	if math.Abs(a-1) < 1e-6 {
		a = 1 + 1e-6 // the formula has no value at 1, and the same on both sides of it
	}
	x, all := c.Orders, w.Alpha+c.Age
	z := within / (all + within)
	n := (a + w.B + x - 1) / (a - 1) *
		(1 - math.Pow(all/(all+within), w.R+x)*hypergeometric(w.R+x, w.B+x, a+w.B+x-1, z))
	if x == 0 {
		return n
	}
	return n / (1 + a/(w.B+x-1)*math.Pow(all/(w.Alpha+c.Last), w.R+x))
}

// hypergeometric returns ₂F₁(a, b; c; z) for 0 ≤ z < 1, by its series.
func hypergeometric(a, b, c, z float64) float64 {
	sum, term := 1.0, 1.0
	for n := 0.0; n < 1e6; n++ {
		term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z
		sum += term
		if math.Abs(term) < 1e-12*math.Abs(sum) {
			break
		}
	}
	return sum
}
