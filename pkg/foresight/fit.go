package foresight

import "math"

// group is some cases that are alike: what is known of them, how many they are, and in
// how many it happened.
type group struct {
	x       [3]float64
	n, hits float64
}

// A link leads from a sum of weighted features to a chance, and says how fast that rises.
type link func(eta float64) (p, slope float64)

// logit is the link of a logistic regression.
func logit(eta float64) (p, slope float64) {
	p = 1 / (1 + math.Exp(-eta))
	return p, p * (1 - p)
}

// cloglog is the link of something that happens at a rate of e^eta.
func cloglog(eta float64) (p, slope float64) {
	rate := math.Exp(min(eta, 30))
	return -math.Expm1(-rate), rate * math.Exp(-rate)
}

// Bounds of fit.
const (
	steps    = 100
	nearly   = 1e-9 // a step so small is the last
	farthest = 2.0  // a step of one weight; larger ones overshoot
)

// fit returns the weights of the features that make what happened most likely, by Fisher
// scoring, each pulled to a prior by so much precision.
func fit(gs []group, f link, prior, precision [3]float64) [3]float64 {
	w := prior
	for range steps {
		var a [3][3]float64
		var b [3]float64
		for i := range w {
			a[i][i] = precision[i]
			b[i] = precision[i] * (prior[i] - w[i])
		}
		for _, g := range gs {
			p, slope := f(w[0]*g.x[0] + w[1]*g.x[1] + w[2]*g.x[2])
			p = min(max(p, 1e-12), 1-1e-12)
			score, weight := (g.hits-g.n*p)*slope/(p*(1-p)), g.n*slope*slope/(p*(1-p))
			for i := range w {
				b[i] += score * g.x[i]
				for j := range w {
					a[i][j] += weight * g.x[i] * g.x[j]
				}
			}
		}
		step, most := solve(a, b), 0.0
		for i := range w {
			step[i] = min(max(step[i], -farthest), farthest)
			w[i] += step[i]
			most = max(most, math.Abs(step[i]))
		}
		if most < nearly {
			break
		}
	}
	return w
}

// solve returns x with a·x = b, of a symmetric positive matrix; a feature of which nothing
// is known stays 0.
func solve(a [3][3]float64, b [3]float64) (x [3]float64) {
	for i := range b {
		if a[i][i] < 1e-12 {
			continue
		}
		for j := i + 1; j < len(b); j++ {
			f := a[j][i] / a[i][i]
			for k := range b {
				a[j][k] -= f * a[i][k]
			}
			b[j] -= f * b[i]
		}
	}
	for i := len(b) - 1; i >= 0; i-- {
		if a[i][i] < 1e-12 {
			continue
		}
		x[i] = b[i]
		for j := i + 1; j < len(b); j++ {
			x[i] -= a[i][j] * x[j]
		}
		x[i] /= a[i][i]
	}
	return x
}
