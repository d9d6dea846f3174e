// Package product holds what is known about a shop's products as a whole: how long
// they last, by what customers do, and what the shop says of them. It is pure:
// a Collector is shown every customer and gives a Snapshot, which the workers
// are handed. What customers do is always computed from all of them again; what
// the shop says is put into a snapshot as it is said.
package product

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// Snapshot is what was known of one shop's products at one time. The nil
// Snapshot knows nothing. A Snapshot that is in use is not changed.
type Snapshot struct {
	At        time.Time          `json:"at"`
	Sequence  customer.Cursor    `json:"sequence,omitzero"` // of the timeline, up to which the shop was listened to
	Customers int                `json:"customers"`         // how many it was computed from
	Products  map[string]Product `json:"products"`          // by product id
	More      int                `json:"more,omitempty"`    // products left out, of which least is known; see MaxProducts
	Shop      Rhythm             `json:"shop"`              // over all products
}

// Product is one product.
type Product struct {
	SupplyDays int    `json:"supply_days,omitempty"` // as the shop says, of one piece
	Available  *bool  `json:"available,omitempty"`   // nil: the shop did not say
	Buyers     int    `json:"buyers,omitempty"`      // customers who bought it at all; 0: nobody counted
	Rhythm     Rhythm `json:"rhythm,omitzero"`

	// When the shop said so, ms: of two statements the later counts.
	SupplyAt    int64 `json:"supply_at,omitempty"`
	AvailableAt int64 `json:"available_at,omitempty"`
}

// Rhythm says in which intervals customers buy the same thing again.
type Rhythm struct {
	Days      float64 `json:"days"`      // median, of one piece
	Intervals int     `json:"intervals"` // how many it rests on
	Customers int     `json:"customers"` // of how many customers
}

// Of returns what is known about a product, and whether anything is.
func (s *Snapshot) Of(id string) (Product, bool) {
	if s == nil {
		return Product{}, false
	}
	p, ok := s.Products[id]
	return p, ok
}

// OfShop returns the rhythm over all products.
func (s *Snapshot) OfShop() Rhythm {
	if s == nil {
		return Rhythm{}
	}
	return s.Shop
}

// Unavailable reports whether the shop said that the product cannot be bought.
func (p Product) Unavailable() bool { return p.Available != nil && !*p.Available }

// Hear returns the snapshot with what the shop said since, up to some place on the
// timeline. s itself stays as it is.
func (s *Snapshot) Hear(said []events.Event, upTo customer.Cursor) *Snapshot {
	next := Snapshot{}
	if s != nil {
		next = *s
	}
	next.Products = maps.Clone(next.Products)
	if next.Products == nil {
		next.Products = map[string]Product{}
	}
	for _, e := range said {
		if d, ok := e.Data.(*events.ProductUpdated); ok {
			p := next.Products[d.Product.ID]
			news, room := p.hear(&d.Product, e.Time.UnixMilli()), MaxProducts
			if p.Unavailable() {
				room = maxTracked // until the statistics are computed again
			}
			if news && (len(next.Products) < room || next.has(d.Product.ID)) {
				next.Products[d.Product.ID] = p
			}
		}
	}
	next.Sequence = next.Sequence.Join(upTo)
	return &next
}

func (s *Snapshot) has(id string) bool { _, ok := s.Products[id]; return ok }

// hear takes over what the shop says; what it does not mention stays. It reports
// whether anything was news.
func (p *Product) hear(said *events.Product, at int64) bool {
	news := false
	if said.SupplyDays > 0 && at >= p.SupplyAt {
		p.SupplyDays, p.SupplyAt, news = said.SupplyDays, at, true
	}
	if said.Available != nil && at >= p.AvailableAt {
		yes := *said.Available
		p.Available, p.AvailableAt, news = &yes, at, true
	}
	return news
}

// said reports whether the shop said anything of the product.
func (p Product) said() bool { return p.word() > 0 }

// word is how much the shop's word on a product weighs: what it said nothing about
// can be bought, so that it can is the least.
func (p Product) word() int {
	switch {
	case p.Unavailable():
		return 2
	case p.SupplyDays > 0 || p.Available != nil:
		return 1
	}
	return 0
}

// Encode returns the snapshot as it is published: JSON, the same for the same.
func (s *Snapshot) Encode() ([]byte, error) { return json.Marshal(s) }

// Decode reads a snapshot that was published.
func Decode(data []byte) (*Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("product statistics: %w", err)
	}
	return &s, nil
}
