// Package foresight says when a product runs out, how likely it is bought again, who
// stays away, and what a customer will be worth. It rests on sums over a shop's customers
// that are computed every night, and is pure: it knows neither records nor snapshots.
package foresight

import (
	"math"
	"time"
)

// Bounds of what counts as buying the same thing again.
const (
	together = 24 * time.Hour       // what is bought within a day, or in one hour on two invoices, was bought at once
	tooLong  = 730 * 24 * time.Hour // who comes back later has another reason
	perPair  = 10                   // intervals of one customer that count for a product: the latest
)

// unit is what logarithms are counted in: whole numbers add up to the same in any order.
const unit = 1e6

// Sums are what is known of how often something is bought again, and after how long: a
// product, by all customers; a customer, over all products; or a shop, over both. The sums
// of two are those of both together.
type Sums struct {
	Pairs     int64 `json:"pairs,omitempty"`     // of a customer and a product that they bought at all
	Again     int64 `json:"again,omitempty"`     // how often one was bought again
	Exposure  int64 `json:"exposure,omitempty"`  // hours since the first purchase, of all pairs
	Intervals int64 `json:"intervals,omitempty"` // from one purchase to the next
	LnDays    int64 `json:"ln_days,omitempty"`   // Σ ln(days) of the intervals, in millionths
	LnPieces  int64 `json:"ln_pieces,omitempty"` // Σ ln(pieces bought at their beginning), in millionths
}

// Plus returns the sums of both.
func (s Sums) Plus(o Sums) Sums {
	return Sums{s.Pairs + o.Pairs, s.Again + o.Again, s.Exposure + o.Exposure, s.Intervals + o.Intervals, s.LnDays + o.LnDays, s.LnPieces + o.LnPieces}
}

// Less returns the sums without those of a part.
func (s Sums) Less(o Sums) Sums {
	if o.Pairs > s.Pairs || o.Again > s.Again || o.Exposure > s.Exposure || o.Intervals > s.Intervals {
		return Sums{} // the part was not counted yet
	}
	return s.Plus(Sums{-o.Pairs, -o.Again, -o.Exposure, -o.Intervals, -o.LnDays, -o.LnPieces})
}

// Later returns the sums some time later, if nobody buys anything.
func (s Sums) Later(d time.Duration) Sums {
	s.Exposure = max(s.Exposure+s.Pairs*int64(d/time.Hour), 0)
	return s
}

// interval adds one interval.
func (s *Sums) interval(i Interval) {
	s.Intervals++
	s.LnDays += fixed(i.lnDays)
	s.LnPieces += fixed(i.lnPieces)
}

// days is the Σ ln(days of one piece), where twice the pieces last 2^exponent times as long.
func (s Sums) days(exponent float64) float64 {
	return (float64(s.LnDays) - exponent*float64(s.LnPieces)) / unit
}

func fixed(x float64) int64 { return int64(math.Round(x * unit)) }

// Buy is a purchase of some pieces of a product.
type Buy struct {
	At     time.Time
	Pieces int
}

// Interval is for how long what was bought at once lasted, up to the next purchase.
type Interval struct {
	Days   float64
	Pieces int

	lnDays, lnPieces float64 // their logarithms
}

func intervalOf(days float64, pieces int) Interval {
	return Interval{days, pieces, math.Log(days), lnPieces(pieces)}
}

// lnPieces is the logarithm of a number of pieces. Most are small.
func lnPieces(n int) float64 {
	if n < len(logarithms) {
		return logarithms[max(n, 1)]
	}
	return math.Log(float64(n))
}

var logarithms = func() (ln [256]float64) {
	for n := 1; n < len(ln); n++ {
		ln[n] = math.Log(float64(n))
	}
	return ln
}()

// Pair is what one customer did with one product.
type Pair struct {
	Buys      []Buy      // what was bought at once as one, the oldest first
	Intervals []Interval // the oldest first; those that are too long are left out
}

// PairOf returns what purchases of one product amount to; they are sorted by time, the
// oldest first. It takes buys over.
func PairOf(buys []Buy) Pair {
	p := Pair{Buys: buys[:0:len(buys)]}
	for _, b := range buys {
		last := len(p.Buys) - 1
		if last >= 0 && b.At.Sub(p.Buys[last].At) < together {
			p.Buys[last].Pieces += b.Pieces
			continue
		}
		if last >= 0 {
			if gap := b.At.Sub(p.Buys[last].At); gap <= tooLong {
				if p.Intervals == nil {
					p.Intervals = make([]Interval, 0, len(buys)-1)
				}
				p.Intervals = append(p.Intervals, intervalOf(gap.Hours()/24, p.Buys[last].Pieces))
			}
		}
		p.Buys = append(p.Buys, b)
	}
	return p
}

// Again is how often the customer bought the product again.
func (p Pair) Again() int { return max(len(p.Buys)-1, 0) }

// First is when the customer first bought the product.
func (p Pair) First() time.Time {
	if len(p.Buys) == 0 {
		return time.Time{}
	}
	return p.Buys[0].At
}

// Exposure is how many whole hours have passed at a time since a first purchase.
func Exposure(first, at time.Time) int64 { return max(int64(at.Sub(first)/time.Hour), 0) }

// Sums returns the pair's sums at a time. Of very many intervals the latest count: one who
// orders for an office every week does not set everybody's rhythm.
func (p Pair) Sums(at time.Time) Sums {
	if len(p.Buys) == 0 {
		return Sums{}
	}
	s := Sums{Pairs: 1, Again: int64(p.Again()), Exposure: Exposure(p.First(), at)}
	for _, i := range p.Intervals[max(len(p.Intervals)-perPair, 0):] {
		s.interval(i)
	}
	return s
}
