// Package attribution says which emails have a part in an order, and splits what the order
// cost among their workers, by four models. It is pure. It says who was there before an
// order, and not what caused it: that is lift's business.
package attribution

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// A Model is a way to split an order among the emails that have a part in it.
type Model string

// The models.
const (
	First    Model = "first"    // all of it goes to the first email
	Last     Model = "last"     // all of it goes to the last one
	Linear   Model = "linear"   // each gets the same
	Decaying Model = "decaying" // each gets half of what one gets that is a half-life later
)

// Models lists the models.
func Models() []Model { return []Model{First, Last, Linear, Decaying} }

// None is who an order goes to in which no email has a part.
const None = "none"

// Windows say for how long an email may have a part in an order. In JSON they are in
// nanoseconds.
type Windows struct {
	AfterSending time.Duration `json:"after_sending"` // 0: being sent is not enough
	AfterClick   time.Duration `json:"after_click"`   // 0: clicks count for nothing
	HalfLife     time.Duration `json:"half_life"`     // of Decaying
}

// Longest is the longer window.
func (w Windows) Longest() time.Duration { return max(w.AfterSending, w.AfterClick) }

// An Email is one that a customer got. Times are ms.
type Email struct {
	Worker string
	Sent   int64
	Clicks []int64
}

// A Part is that of one email in an order.
type Part struct {
	Worker string
	At     int64 // ms: when it was last clicked before the order, or else when it was sent
}

// Parts returns the emails that have a part in an order that was placed at a time, ms: the
// earliest first.
func (w Windows) Parts(emails []Email, placed int64) []Part {
	var out []Part
	for _, e := range emails {
		at := int64(-1)
		if within(e.Sent, placed, w.AfterSending) {
			at = e.Sent
		}
		for _, c := range e.Clicks {
			if c > at && within(c, placed, w.AfterClick) {
				at = c
			}
		}
		if at >= 0 {
			out = append(out, Part{e.Worker, at})
		}
	}
	slices.SortFunc(out, func(a, b Part) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Worker, b.Worker)) })
	return out
}

func within(at, placed int64, window time.Duration) bool {
	return at <= placed && placed-at < window.Milliseconds()
}

// Split splits an amount in minor units among the workers of some parts, or gives it to
// None. What they get is always the amount, to the last unit.
func (w Windows) Split(m Model, minor int64, parts []Part) map[string]int64 {
	if len(parts) == 0 {
		return map[string]int64{None: minor}
	}
	switch m {
	case First:
		return map[string]int64{parts[0].Worker: minor}
	case Last:
		return map[string]int64{parts[len(parts)-1].Worker: minor}
	}
	weights := map[string]float64{}
	last := parts[len(parts)-1].At // only how far apart they are counts
	for _, p := range parts {
		weight := 1.0
		if m == Decaying && w.HalfLife > 0 {
			weight = math.Exp2(-float64(last-p.At) / float64(w.HalfLife.Milliseconds()))
		}
		weights[p.Worker] += weight
	}
	return split(minor, weights)
}

// split gives each its part of an amount, rounded down, and what is left, one unit each, to
// those whose parts were rounded down by most.
func split(minor int64, weights map[string]float64) map[string]int64 {
	names, all := slices.Sorted(maps.Keys(weights)), 0.0
	for _, name := range names {
		all += weights[name]
	}
	out, rest, lost := map[string]int64{}, minor, map[string]float64{}
	for _, name := range names {
		exact := float64(minor) * (weights[name] / all)
		n := min(int64(exact), rest)
		out[name], lost[name] = n, exact-float64(n)
		rest -= n
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(lost[b], lost[a]) })
	for i := 0; rest > 0; i++ {
		out[names[i%len(names)]]++
		rest--
	}
	return out
}
