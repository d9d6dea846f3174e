package product

import (
	"slices"
	"time"

	"homing/pkg/customer"
)

// Bounds of what counts as buying the same thing again.
const (
	together = 24 * time.Hour       // what is bought within a day was bought at once
	tooLong  = 730 * 24 * time.Hour // who comes back later has another reason
)

// Intervals returns for how many days one piece lasted a customer, of each
// purchase that was followed by another, the latest first: the time from one
// purchase to the next, divided by the pieces bought before it. ps are the
// customer's purchases of one product, newest first.
func Intervals(ps []customer.Purchase) []float64 {
	var out []float64
	var from time.Time
	pieces := 0
	for i := len(ps) - 1; i >= 0; i-- {
		p := ps[i]
		if pieces > 0 && p.Placed.Sub(from) < together {
			pieces += p.Quantity
			continue
		}
		if gap := p.Placed.Sub(from); pieces > 0 && gap <= tooLong {
			out = append(out, days(gap)/float64(pieces))
		}
		from, pieces = p.Placed, p.Quantity
	}
	slices.Reverse(out)
	return out
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

// Median returns the middle of some numbers, or the mean of the two in the
// middle; 0 of none. It is what half of them lie below, whatever the others do.
func Median(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(xs))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
