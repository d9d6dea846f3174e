// Package recommend says what else a customer may like: what others bought who bought the
// same, and else what many bought lately. It is pure. A Collector is shown every customer
// in the nightly pass and gives a Snapshot, from which Pick chooses for one customer when
// an email is composed. It knows ids alone: what a product is called and whether it can be
// had is product's knowledge, and nobody else is asked.
package recommend

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Bounds of a snapshot and of computing it. With all of them reached a collector takes
// some 100 MB, computing takes about a second, and a snapshot is some 8 MB of JSON.
const (
	MaxProducts = 20_000 // that have partners: those that most customers bought
	MaxPartners = 20     // of each
	MaxPopular  = 200    // a customer may have bought many of them

	maxBasket  = 100       // products of one customer: the newest
	maxLines   = 4_000_000 // products of all customers together; of more customers, some are drawn
	maxTracked = 250_000   // products; the first ones seen
)

// Recent is how far back it is looked for what many buy.
const Recent = 90 * 24 * time.Hour

const version = 1

// A Snapshot is what goes with what in one shop, as of one time. The nil Snapshot knows
// nothing. It is not changed.
type Snapshot struct {
	Version   int        `json:"version"`
	At        time.Time  `json:"at"`
	Customers int        `json:"customers"` // how many bought something
	Drawn     int        `json:"drawn"`     // how many of them it was computed from
	IDs       []string   `json:"ids"`       // of products, ascending; the lists below have places in it
	With      []Partners `json:"with"`      // what goes with each, the best first; of the last ones there may be none
	Popular   []int32    `json:"popular"`   // what most customers bought lately, first that of most
}

// Partners are what goes with a product, flat: for each its place, how many customers
// bought both, and its score in thousandths.
type Partners []int32

// partner is one of them.
type partner struct {
	place    int32
	together int32
	score    float64
}

func (p Partners) len() int { return len(p) / 3 }

func (p Partners) at(i int) partner {
	return partner{p[3*i], p[3*i+1], float64(p[3*i+2]) / 1000}
}

// place returns where a product is in IDs.
func (s *Snapshot) place(id string) (int32, bool) {
	i, ok := slices.BinarySearch(s.IDs, id)
	return int32(i), ok
}

// with returns what goes with the product at a place.
func (s *Snapshot) with(place int32) Partners {
	if int(place) >= len(s.With) {
		return nil
	}
	return s.With[place]
}

// Encode returns the snapshot as it is published: JSON, the same for the same.
func (s *Snapshot) Encode() ([]byte, error) { return json.Marshal(s) }

// Decode reads a snapshot that was published. One of another version is nil: the next
// night computes it again, and until then nothing is recommended.
func Decode(data []byte) (*Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("recommendations: %w", err)
	}
	if s.Version != version {
		return nil, nil
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("recommendations: %w", err)
	}
	return &s, nil
}

// check finds places that are none, which would end a process that looks there.
func (s *Snapshot) check() error {
	good := func(place int32) bool { return place >= 0 && int(place) < len(s.IDs) }
	if len(s.With) > len(s.IDs) {
		return fmt.Errorf("%d products, and partners of %d", len(s.IDs), len(s.With))
	}
	for _, p := range s.With {
		for i := range p.len() {
			if !good(p.at(i).place) {
				return fmt.Errorf("there is no product %d", p.at(i).place)
			}
		}
	}
	for _, place := range s.Popular {
		if !good(place) {
			return fmt.Errorf("there is no product %d", place)
		}
	}
	return nil
}
