// Package product holds what is known of a shop's products as a whole: how long
// they last, by what customers do, and what the shop says of them. It is pure;
// the nightly sweep computes a snapshot and the workers are handed it.
package product

import "time"

// Snapshot is what was known of one shop's products at one time. The nil
// Snapshot knows nothing.
type Snapshot struct {
	At       time.Time          `json:"at"`
	Products map[string]Product `json:"products"` // by product id
	Shop     Rhythm             `json:"shop"`     // over all products
}

// Product is one product.
type Product struct {
	SupplyDays int    `json:"supply_days,omitempty"` // as the shop says, of one piece
	Available  *bool  `json:"available,omitempty"`   // nil: the shop did not say
	Rhythm     Rhythm `json:"rhythm,omitzero"`
}

// Rhythm says in which intervals customers buy the same thing again.
type Rhythm struct {
	Days      float64 `json:"days"`      // median, of one piece
	Intervals int     `json:"intervals"` // how many it rests on
	Customers int     `json:"customers"` // of how many customers
}

// Of returns what is known of a product, and whether anything is.
func (s *Snapshot) Of(id string) (Product, bool) {
	if s == nil {
		return Product{}, false
	}
	p, ok := s.Products[id]
	return p, ok
}
