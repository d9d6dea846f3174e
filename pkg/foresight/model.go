package foresight

import (
	"math"
	"time"
)

// Constants are the numbers of the formulas that a shop's own customers may change.
type Constants struct {
	Exponent   float64 `json:"exponent"`    // twice the pieces last 2^Exponent times as long
	Known      float64 `json:"known"`       // for how many own intervals counts what is known of others
	OfCustomer float64 `json:"of_customer"` // how much of what sets a customer apart from the shop holds for one more product
	OfProduct  float64 `json:"of_product"`  // how much of what sets a product apart holds for one more customer
	Level      float64 `json:"level"`       // of the chance: see Model.Chance
	Slope      float64 `json:"slope"`
}

// priors are the constants of a shop that has too little of its own. They were found on
// some months of a gift wholesaler's orders.
var priors = Constants{Exponent: 0.1, Known: 4, OfCustomer: 1, OfProduct: 0.5, Level: 0, Slope: 1}

// What a new shop is taken for, and for how much that counts.
const (
	priorEvery  = 150.0 // days until one product is bought again by one customer, were they to go on for ever
	priorDays   = 45.0  // days from a purchase to the next, where there is a next
	priorAgain  = 10.0  // repurchases that the prior counts for
	priorCounts = 1.0   // intervals that the prior counts for

	early = 100 // repurchases that a shop must know of to be judged by its own
)

// For how many repurchases, or intervals, what is known of more than the one counts.
const (
	rateCounts     = 3.0 // of the shop, with a product or a customer
	pairCounts     = 1.0 // of both, with a pair
	productCounts  = 5.0 // intervals of the shop, with a product
	customerCounts = 20.0
)

// Shop is what is known of a shop as a whole.
type Shop struct {
	Sums
	Constants Constants `json:"constants,omitzero"` // zero: none of its own
}

// A Model is a shop as the formulas have it.
type Model struct {
	Constants
	Early bool  // the shop has too little of its own
	Again int64 // how many repurchases it rests on
	sums  Sums
	rate  float64 // repurchases of a pair a day
	mean  float64 // of ln(days of one piece)
}

// Model returns the shop as the formulas have it; of the zero Shop, the priors.
func (s Shop) Model() Model {
	m := Model{Constants: s.Constants, Early: s.Sums.Again < early, Again: s.Sums.Again, sums: s.Sums}
	if m.Constants == (Constants{}) {
		m.Constants = priors
	}
	m.rate = (float64(s.Sums.Again) + priorAgain) / (exposed(s.Sums) + priorAgain*priorEvery)
	m.mean = m.meanOf(s.Sums)
	return m
}

func (m Model) meanOf(s Sums) float64 {
	return (s.days(m.Exponent) + priorCounts*math.Log(priorDays)) / (float64(s.Intervals) + priorCounts)
}

// exposed is the exposure in days.
func exposed(s Sums) float64 { return float64(s.Exposure) / 24 }

// Usual returns the days that one piece usually lasts, by some sums; 0 where there are no
// intervals.
func (m Model) Usual(s Sums) float64 {
	if s.Intervals == 0 {
		return 0
	}
	return math.Exp(s.days(m.Exponent) / float64(s.Intervals))
}

// A Case is all that an answer about one customer and one product rests on.
type Case struct {
	Product  Sums // by all customers, now
	Customer Sums // over all products, now
	Pair     Pair // up to now
}

// Days returns for how many days some pieces last:
//
//	ln days = (Σ ln own intervals + 4·(c + ½(p − s))) / (n + 4) + exponent · ln pieces
//
// where all are of one piece; s is the shop's mean, and p and c are the product's and the
// customer's, shrunk to it by 5 and 20 intervals. 4, ½ and 1, the share of c − s, are
// constants of the shop. In a shop that is early the customer's own intervals count for s,
// too, and 1 is in the place of ½: it is to say no worse than what the product usually does.
func (m Model) Days(c Case, pieces int) float64 {
	return math.Exp(m.lnDays(c) + m.Exponent*lnPieces(pieces))
}

func (m Model) lnDays(c Case) float64 {
	if m.Early { // the customer may be most of what the shop has, and its usual days say little of a product
		m.mean, m.OfProduct = m.meanOf(m.sums.Plus(c.Customer)), 1
	}
	own := Sums{}
	for _, i := range c.Pair.Intervals {
		own.interval(i)
	}
	return (own.days(m.Exponent) + m.Known*m.others(c)) / (float64(own.Intervals) + m.Known)
}

// others is what the customer's other products and the product's other customers say.
func (m Model) others(c Case) float64 {
	return m.mean + m.OfCustomer*m.apart(c.Customer, customerCounts) + m.OfProduct*m.apart(c.Product, productCounts)
}

// apart is what sets some sums apart from the shop, in ln(days).
func (m Model) apart(s Sums, counts float64) float64 {
	return (s.days(m.Exponent)+counts*m.mean)/(float64(s.Intervals)+counts) - m.mean
}

// Chance returns the chance that the customer buys the product again within some time,
// from a moment on at which they have not since their last purchase:
//
//	r(x) = (R + 3) / (E + 3/r₀)                           of a product, or a customer
//	m = r(product) · r(customer) / r₀                     of the pair, before it did anything
//	rate = (own repurchases + 1) / (days since the first purchase + 1/m)
//	chance = 1 − e^(−e^level · (days · rate)^slope)
//
// with R repurchases in E days of exposure, and r₀ the shop's. Level is 0 and slope 1, or
// what makes the chances of the shop's own past come true.
func (m Model) Chance(c Case, at time.Time, within time.Duration) float64 {
	x := m.expected(c, at, within)
	return -math.Expm1(-math.Exp(m.Level + m.Slope*math.Log(x)))
}

// expected is how many purchases are expected within some time.
func (m Model) expected(c Case, at time.Time, within time.Duration) float64 {
	of := func(s Sums) float64 {
		return (float64(s.Again) + rateCounts) / (exposed(s) + rateCounts/m.rate)
	}
	before := of(c.Product) * of(c.Customer) / m.rate
	since := max(at.Sub(c.Pair.First()).Hours()/24, 0)
	return within.Hours() / 24 * (float64(c.Pair.Again()) + pairCounts) / (since + pairCounts/before)
}
