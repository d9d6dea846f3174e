// Package segment says which groups a customer belongs to: by how recently, how often and
// for how much they ordered, compared with the store's other customers, by what is
// foreseen of them, and by whatever else an expression of the configuration asks about
// them. It is pure: a Collector is shown every customer at night and gives a Snapshot;
// Set.Of looks at one customer by it. Whether anything is sent is the gate's business.
package segment

import (
	"errors"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// ErrUnknown says that it isn't known to which segments a customer belongs: nothing was
// computed yet, or by a version of Homing that computed less. It is neither a yes nor a no.
var ErrUnknown = errors.New("the segments of the store were not computed yet")

// A Snapshot is what one night found out about a store's customers: where the fifths and
// thirds of them begin, and how many are in which segment.
type Snapshot struct {
	Version   int       `json:"version"` // see Known
	At        time.Time `json:"at"`
	Customers int       `json:"customers"`       // that have an id
	Buyers    int       `json:"buyers"`          // of these, with an order that counts
	Share     float64   `json:"share,omitempty"` // of the customers it was computed from, if not from all; see maxRows

	Recency   Fifths                   `json:"recency"`   // last orders, ms
	Frequency Fifths                   `json:"frequency"` // orders
	Money     map[string]Fifths        `json:"money,omitempty"`
	Value     map[string]Thirds[int64] `json:"value,omitempty"` // expected of a customer within ValueDays, in minor units, by currency
	Chance    Thirds[float64]          `json:"chance"`          // of an order within the next 90 days
	Lapse     foresight.Lapse          `json:"lapse,omitzero"`  // zero: too little is known
	Worth     foresight.Worth          `json:"worth,omitzero"`  // likewise
	Counts    map[string]int           `json:"counts,omitempty"`
	Asked     map[string]string        `json:"asked,omitempty"` // the expression that a count is of
}

// version is that of the snapshots that are made.
const version = 1

// Known reports whether the snapshot can be gone by.
func (s *Snapshot) Known() bool { return s != nil && s.Version == version }

// ValueDays is how far ahead it is foreseen what a customer is worth.
const ValueDays = 365

// Fifths are where the second to the fifth of five groups of one size begin.
type Fifths [4]int64

// Thirds are where the second and the third of three groups of one size begin.
type Thirds[V int64 | float64] [2]V

// begins puts into cuts where the later groups of one size begin: at a value that belongs
// to the later group, if late, or else to the earlier one. Those of one value are in one
// group, so the groups of many equal values are of different sizes.
func begins[V int64 | float64](all []V, late bool, cuts []V) {
	if len(all) == 0 {
		return
	}
	slices.Sort(all)
	groups := len(cuts) + 1
	for i := range cuts {
		at := len(all) * (i + 1) / groups
		if !late {
			at = max((len(all)*(i+1)+groups-1)/groups-1, 0)
		}
		cuts[i] = all[at]
	}
}

// from returns the group of a value, counted from 1, where a cut belongs to the later one.
func from[V int64 | float64](cuts []V, v V) int {
	n := 1
	for _, c := range cuts {
		if v >= c {
			n++
		}
	}
	return n
}

// above returns the group of a value, where a cut belongs to the earlier one.
func above[V int64 | float64](cuts []V, v V) int {
	n := 1
	for _, c := range cuts {
		if v > c {
			n++
		}
	}
	return n
}

// recency scores a last order: of those at one time all have the better score.
func (s *Snapshot) recency(last int64) int { return from(s.Recency[:], last) }

// frequency scores a number of orders: those with one, mostly more than a fifth, have 1.
func (s *Snapshot) frequency(orders int64) int { return above(s.Frequency[:], orders) }

// money scores what was spent in a currency; 0: nobody's is known.
func (s *Snapshot) money(m customer.Spending) int {
	cuts, ok := s.Money[m.Currency]
	if !ok {
		return 0
	}
	return above(cuts[:], m.Minor)
}

// value says in which third what a customer is expected to be worth is.
func (s *Snapshot) value(currency string, minor int64) Level {
	cuts, ok := s.Value[currency]
	if !ok {
		return Unknown
	}
	return [...]Level{Low, Mid, High}[above(cuts[:], minor)-1]
}

// risk says in which third the chance of an order is: where it is low, the risk is high.
func (s *Snapshot) risk(chance float64) Level {
	return [...]Level{High, Mid, Low}[from(s.Chance[:], chance)-1]
}
