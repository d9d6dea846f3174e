package foresight

import (
	"math"
	"slices"
	"time"
)

// Ahead is within what time a customer may come back by themselves.
const Ahead = 90 * 24 * time.Hour

// Lapse says how likely a customer orders within the next 90 days without anybody writing
// to them: a logistic on ln(days since the last order + 5) and ln(orders). The zero Lapse
// does not know.
type Lapse struct {
	Level   float64 `json:"level"`
	Silence float64 `json:"silence"` // of ln(days + 5); below 0
	Orders  float64 `json:"orders"`  // of ln(orders)
	People  int64   `json:"people"`  // whom it was learned from
}

const (
	silenceFrom = 5    // days that are added: a day more counts most at the beginning
	longSilence = 3650 // days; longer ones count as this
	manyOrders  = 1000

	enoughPeople  = 300 // to learn from,
	enoughOfBoth  = 30  // of those who came back, and of the others
	enoughSilence = 30  // days; what was seen of a shop that opened later says nothing of long silences
)

// Known reports whether it was learned from enough.
func (l Lapse) Known() bool { return l.People > 0 }

// Chance returns the chance that a customer of so many orders, whose last was so many days
// ago, orders within the next 90 days.
func (l Lapse) Chance(days float64, orders int) float64 {
	x := features(days, orders)
	p, _ := logit(l.Level + l.Silence*x[1] + l.Orders*x[2])
	return p
}

// Silent returns after how many days of silence the chance of a customer of so many orders
// is no larger than that; 0 where it never is.
func (l Lapse) Silent(chance float64, orders int) float64 {
	if !l.Known() || chance >= 1 {
		return 0
	}
	x := features(0, orders)
	eta := math.Log(chance / (1 - chance))
	days := math.Exp((eta-l.Level-l.Orders*x[2])/l.Silence) - silenceFrom
	return between(days, 0, longSilence)
}

func features(days float64, orders int) [3]float64 {
	return [3]float64{1, math.Log(max(days, 0) + silenceFrom), math.Log(float64(max(orders, 1)))}
}

// Silences are how long customers had been silent 90 days ago, and whether they have come
// back since.
type Silences struct {
	then, now time.Time
	cells     map[[2]uint16]band // days and orders
}

// NewSilences returns Silences as of a time that have seen nobody.
func NewSilences(now time.Time) *Silences {
	return &Silences{then: now.Add(-Ahead), now: now, cells: map[[2]uint16]band{}}
}

// Add counts a customer who placed orders at these times, in no order.
func (s *Silences) Add(orders []time.Time) {
	var last time.Time
	n, back := 0, false
	for _, at := range orders {
		switch {
		case at.After(s.now):
		case at.After(s.then):
			back = true
		default:
			if n++; at.After(last) {
				last = at
			}
		}
	}
	if n == 0 {
		return
	}
	days := min(s.then.Sub(last).Hours()/24, longSilence)
	k := [2]uint16{uint16(days), uint16(min(n, manyOrders))}
	b := s.cells[k]
	b.n++
	if back {
		b.hits++
	}
	s.cells[k] = b
}

// Join adds what was counted of others, as of the same time.
func (s *Silences) Join(o *Silences) {
	for k, b := range o.cells {
		s.cells[k] = s.cells[k].plus(b)
	}
}

// Lapse returns what was learned; of too few, the zero Lapse.
func (s *Silences) Lapse() Lapse {
	keys := make([][2]uint16, 0, len(s.cells))
	people, back, longest := int64(0), int64(0), uint16(0)
	for k, b := range s.cells {
		keys = append(keys, k)
		people, back, longest = people+b.n, back+b.hits, max(longest, k[0])
	}
	if people < enoughPeople || min(back, people-back) < enoughOfBoth || longest < enoughSilence {
		return Lapse{}
	}
	slices.SortFunc(keys, func(a, b [2]uint16) int { return slices.Compare(a[:], b[:]) })
	gs := make([]group, len(keys))
	for i, k := range keys {
		b := s.cells[k]
		gs[i] = group{features(float64(k[0]), int(k[1])), float64(b.n), float64(b.hits)}
	}
	w := fit(gs, logit, [3]float64{}, [3]float64{1e-3, 1e-3, 1e-3})
	if w[1] > -0.01 {
		return Lapse{} // there it is no sign of anything that somebody is silent
	}
	return Lapse{w[0], w[1], w[2], people}
}
