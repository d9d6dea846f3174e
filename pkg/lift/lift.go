// Package lift says what emails add: it compares customers who get them with a control
// group of the same kind who do not. It is pure. How people come to be in one of the two,
// and what counts of theirs, is numbers' business.
package lift

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// An Arm is one of the two groups, as sums. Each person is in it once.
type Arm struct {
	People  int64          `json:"people"`
	Ordered int64          `json:"ordered"`         // at least once
	Spent   map[string]Sum `json:"spent,omitempty"` // by currency
}

// A Sum is of what people spent in one currency, in minor units; those who spent nothing
// are 0.
type Sum struct {
	Total   int64   `json:"total"`
	Squares float64 `json:"squares"` // of what each spent
}

// Add adds a person, with what they spent by currency.
func (a *Arm) Add(ordered bool, spent map[string]int64) {
	a.People++
	if ordered {
		a.Ordered++
	}
	for currency, minor := range spent {
		if a.Spent == nil {
			a.Spent = map[string]Sum{}
		}
		s := a.Spent[currency]
		a.Spent[currency] = Sum{s.Total + minor, s.Squares + float64(minor)*float64(minor)}
	}
}

// Rate is the share of the people who ordered; 0 of nobody.
func (a *Arm) Rate() float64 {
	if a.People == 0 {
		return 0
	}
	return float64(a.Ordered) / float64(a.People)
}

// spending returns the mean of what the people spent, and its variance.
func (a *Arm) spending(currency string) (mean, variance float64) {
	n, s := float64(a.People), a.Spent[currency]
	if n < 2 {
		return 0, 0
	}
	mean = float64(s.Total) / n
	return mean, max(s.Squares-n*mean*mean, 0) / (n - 1)
}

// An Interval is where something is.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Holds reports whether a number is in it.
func (i Interval) Holds(x float64) bool { return i.Low <= x && x <= i.High }

// An Effect is the difference between the people who are emailed and the control group.
type Effect struct {
	Emailed    float64 `json:"emailed"` // the rate, or the mean
	Control    float64 `json:"control"`
	Difference float64 `json:"difference"` // Emailed - Control
	// Once has the difference with a confidence of 95 % for somebody who looks once, at a
	// time that they chose beforehand.
	Once Interval `json:"once"`
	// Always has it with a confidence of 95 % on all nights together: nobody is misled who
	// looks every night and stops when it looks good.
	Always  Interval `json:"always"`
	Verdict Verdict  `json:"verdict"`
}

// A Verdict is what can be said of an effect.
type Verdict string

// The verdicts.
const (
	TooEarly Verdict = "too_early" // to say
	More     Verdict = "more"      // people who are emailed order more often
	Less     Verdict = "less"      // they order less often
	Alike    Verdict = "alike"     // if there is a difference, it is within a tenth of the control group's rate
)

const (
	alpha = 0.05
	// enough is how many people of an arm must have ordered, and how many must not have,
	// before anything is said: with fewer, neither interval is what it says.
	enough = 10
	// enoughSpent is how many must have ordered before it is said what was spent: amounts
	// differ by much more.
	enoughSpent = 50
	// expected is for how large an effect Always is narrowest, in standard deviations of a
	// person's outcome. It is chosen beforehand, and right or wrong, Always holds: of a
	// tenth who order it is 1.8 in a hundred.
	expected = 0.06
	// same is within which part of the control group's rate a difference is none.
	same = 0.1
)

// Conversion compares the shares of people who ordered.
func Conversion(emailed, control Arm) Effect {
	p, q := emailed.Rate(), control.Rate()
	e := Effect{Emailed: p, Control: q, Difference: p - q, Once: Interval{-1, 1}, Always: Interval{-1, 1}, Verdict: TooEarly}
	if emailed.People == 0 || control.People == 0 {
		return e
	}
	e.Once = newcombe(emailed, control)
	for _, a := range []Arm{emailed, control} {
		if a.Ordered < enough || a.People-a.Ordered < enough {
			return e
		}
	}
	n, m := float64(emailed.People), float64(control.People)
	all := (p*n + q*m) / (n + m)
	half := always(p*(1-p)/n+q*(1-q)/m, all*(1-all))
	e.Always = Interval{max(e.Difference-half, -1), min(e.Difference+half, 1)}
	switch a := e.Always; {
	case a.Low > 0:
		e.Verdict = More
	case a.High < 0:
		e.Verdict = Less
	case a.Low >= -same*q && a.High <= same*q:
		e.Verdict = Alike
	}
	return e
}

// Spending compares what people spent on average in one currency, in minor units. It has
// no verdict of its own: two chances to be right by chance are one too many.
func Spending(emailed, control Arm, currency string) (e Effect, known bool) {
	var v, w float64
	e.Emailed, v = emailed.spending(currency)
	e.Control, w = control.spending(currency)
	e.Difference = e.Emailed - e.Control
	n, m := float64(emailed.People), float64(control.People)
	if n < 2 || m < 2 || v+w == 0 || min(emailed.Ordered, control.Ordered) < enoughSpent {
		return e, false
	}
	// Welch's interval.
	a, b := v/n, w/m
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: (a + b) * (a + b) / (a*a/(n-1) + b*b/(m-1))}.Quantile(1 - alpha/2)
	half := t * math.Sqrt(a+b)
	e.Once = Interval{e.Difference - half, e.Difference + half}
	half = always(a+b, ((n-1)*v+(m-1)*w)/(n+m-2))
	e.Always = Interval{e.Difference - half, e.Difference + half}
	return e, true
}

// always is half the width of an interval that holds on all nights: the confidence sequence
// of a normal mixture. Robbins, Statistical methods related to the law of the iterated
// logarithm (1970); Johari, Koomen, Pekelis, Walsh, Peeking at A/B tests (KDD 2017); that it
// does with estimated variances: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, Time-uniform
// central limit theory and asymptotic confidence sequences (2024). The difference has the
// variance v, and one person's outcome the variance of.
func always(v, of float64) float64 {
	t := expected * expected * of
	if v <= 0 || t <= 0 {
		return math.Inf(1)
	}
	return math.Sqrt(v * (v + t) / t * (2*math.Log(1/alpha) + math.Log((v+t)/v)))
}

var z = distuv.UnitNormal.Quantile(1 - alpha/2)

// Wilson returns the interval of a share, of k out of n, with a confidence of 95 %: Wilson,
// JASA 22 (1927). Of none out of none it is all.
func Wilson(k, n int64) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	p, m := float64(k)/float64(n), float64(n)
	middle, half := p+z*z/(2*m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Interval{max((middle-half)/(1+z*z/m), 0), min((middle+half)/(1+z*z/m), 1)}
}

// newcombe is the interval of a difference of two shares: Newcombe, Statistics in Medicine 17
// (1998), method 10. It holds where one group is small, as control groups are.
func newcombe(emailed, control Arm) Interval {
	p, q := emailed.Rate(), control.Rate()
	a, b := Wilson(emailed.Ordered, emailed.People), Wilson(control.Ordered, control.People)
	return Interval{p - q - math.Hypot(p-a.Low, b.High-q), p - q + math.Hypot(a.High-p, q-b.Low)}
}

// NetPromoter returns the net promoter score, -100 to 100, of answers by score, and its
// interval with a confidence of 95 %: that of Wald, adjusted by three answers more (Rocks,
// Interval estimation for the net promoter score, The American Statistician 70, 2016).
func NetPromoter(scores [11]int) (score float64, of Interval, answers int) {
	var promoters, detractors float64
	for s, n := range scores {
		answers += n
		switch {
		case s >= 9:
			promoters += float64(n)
		case s <= 6:
			detractors += float64(n)
		}
	}
	if answers == 0 {
		return 0, Interval{-100, 100}, 0
	}
	score = 100 * (promoters - detractors) / float64(answers)
	n := float64(answers) + 3
	p, d := (promoters+0.75)/n, (detractors+0.75)/n
	half := z * math.Sqrt((p+d-(p-d)*(p-d))/n)
	return score, Interval{100 * max(p-d-half, -1), 100 * min(p-d+half, 1)}, answers
}

// Needed returns how many people each of two groups of one size needs to see, four times
// out of five, that a share of p becomes one of q, when somebody looks once.
func Needed(p, q float64) int64 {
	d := p - q
	if d == 0 {
		return math.MaxInt64
	}
	power := distuv.UnitNormal.Quantile(0.8)
	return int64(math.Ceil((z + power) * (z + power) * (p*(1-p) + q*(1-q)) / (d * d)))
}
