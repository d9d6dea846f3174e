// Package product holds what is known about a shop's products and customers as a whole:
// how often things are bought again, by what customers do, how long the shop says that
// they last, and who comes back. It is pure: a Collector is shown every customer and gives
// a Snapshot, which the workers are handed. What customers do is always computed from all
// of them again; what the shop says is put into a snapshot as it is said. What follows
// from it is foresight's business.
package product

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/segment"
)

// Snapshot is what was known of one shop's products at one time. The nil
// Snapshot knows nothing. A Snapshot that is in use is not changed.
type Snapshot struct {
	Version   int                `json:"version,omitempty"` // see Outdated
	At        time.Time          `json:"at"`
	Sequence  customer.Cursor    `json:"sequence,omitzero"` // of the timeline, up to which the shop was listened to
	Customers int                `json:"customers"`         // how many it was computed from
	Products  map[string]Product `json:"products"`          // by product id
	More      int                `json:"more,omitempty"`    // products left out, of which least is known; see MaxProducts
	Shop      Rhythm             `json:"shop"`              // over all products

	// What is foreseen rests on these.
	Foresight foresight.Shop  `json:"foresight,omitzero"`  // over all products
	Lapse     foresight.Lapse `json:"lapse,omitzero"`      // zero: too little is known
	Worth     foresight.Worth `json:"worth,omitzero"`      // in days; zero: too little is known
	LearnedAt time.Time       `json:"learned_at,omitzero"` // when constants and Worth were

	Segments *segment.Snapshot `json:"segments,omitempty"` // nil: they were not computed
}

// version is that of the snapshots that are made. Those of version 0 have no sums, those of
// version 1 no segments, and those of version 2 nothing to show of products.
const version = 3

// Outdated reports whether the snapshot was made by a version of Homing that computed
// less: it should be computed again, and can be used until then.
func (s *Snapshot) Outdated() bool { return s != nil && s.Version < version }

// Product is one product.
type Product struct {
	SupplyDays int            `json:"supply_days,omitempty"` // as the shop says, of one piece
	Available  *bool          `json:"available,omitempty"`   // nil: the shop did not say
	Category   string         `json:"category,omitempty"`    // likewise
	Buyers     int            `json:"buyers,omitempty"`      // customers who bought it at all; 0: nobody counted
	Rhythm     Rhythm         `json:"rhythm,omitzero"`
	Sums       foresight.Sums `json:"sums,omitzero"`   // by all customers that have an id, at Snapshot.At
	Shown      *Shown         `json:"shown,omitempty"` // nil: the shop did not say what it is called

	// When the shop said so, ms: of two statements the later counts.
	SupplyAt    int64 `json:"supply_at,omitempty"`
	AvailableAt int64 `json:"available_at,omitempty"`
	CategoryAt  int64 `json:"category_at,omitempty"`
	ShownAt     int64 `json:"shown_at,omitempty"`
}

// Shown is what people see of a product, as the shop says. It is not changed.
type Shown struct {
	Name     string       `json:"name"`
	URL      string       `json:"url,omitempty"`
	ImageURL string       `json:"image_url,omitempty"`
	Price    events.Money `json:"price,omitzero"`
	Language string       `json:"language,omitempty"` // BCP 47, of the name and the page; empty: the shop did not say
}

// Rhythm says in which intervals customers buy the same thing again.
type Rhythm struct {
	Days      float64 `json:"days"`      // that one piece usually lasts
	Intervals int     `json:"intervals"` // how many it rests on
	Customers int     `json:"customers"` // of how many customers
}

// sums is what a rhythm of version 0 says: how long things last, and not how often they
// are bought again.
func (r Rhythm) sums() foresight.Sums {
	if r.Days <= 0 || r.Intervals <= 0 {
		return foresight.Sums{}
	}
	return foresight.Sums{Intervals: int64(r.Intervals), LnDays: int64(math.Round(1e6 * float64(r.Intervals) * math.Log(r.Days)))}
}

// Of returns what is known about a product, and whether anything is.
func (s *Snapshot) Of(id string) (Product, bool) {
	if s == nil {
		return Product{}, false
	}
	p, ok := s.Products[id]
	return p, ok
}

// Category returns the category that the shop has a product in; empty: it isn't known.
func (s *Snapshot) Category(id string) string {
	p, _ := s.Of(id)
	return p.Category
}

// Segmented returns what is known about the segments of customers; nil: nothing.
func (s *Snapshot) Segmented() *segment.Snapshot {
	if s == nil {
		return nil
	}
	return s.Segments
}

// Model returns the shop as foresight has it; of the nil Snapshot, a new shop.
func (s *Snapshot) Model() foresight.Model {
	if s == nil {
		return foresight.Shop{}.Model()
	}
	return s.Foresight.Model()
}

// Sums returns a product's sums at a time.
func (s *Snapshot) Sums(id string, at time.Time) foresight.Sums {
	p, _ := s.Of(id)
	return s.SumsOf(p, at)
}

// SumsOf is Sums of a product that was looked up.
func (s *Snapshot) SumsOf(p Product, at time.Time) foresight.Sums {
	if p.Sums == (foresight.Sums{}) {
		return p.Sums
	}
	return p.Sums.Later(at.Sub(s.At))
}

// ComesBack returns how likely customers come back by themselves; the zero Lapse does not
// know.
func (s *Snapshot) ComesBack() foresight.Lapse {
	if s == nil {
		return foresight.Lapse{}
	}
	return s.Lapse
}

// Expected returns how many more orders a customer who placed orders at these times is
// expected to place within some days from now on; false: too little is known to say.
func (s *Snapshot) Expected(orders []time.Time, now time.Time, days float64) (n float64, known bool) {
	if s == nil || s.Worth == (foresight.Worth{}) {
		return 0, false
	}
	of, ordered := foresight.RepeatOf(orders, now)
	if !ordered {
		return 0, false
	}
	n = s.Worth.Expected(of, days)
	return n, n >= 0 && !math.IsInf(n, 1)
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
			if news && (next.has(d.Product.ID) || p.said() && len(next.Products) < room) {
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
	if said.Category != "" && at >= p.CategoryAt {
		p.Category, p.CategoryAt, news = said.Category, at, true
	}
	if said.Name != "" && at >= p.ShownAt { // what has a name says all of it
		p.Shown = &Shown{Name: said.Name, URL: said.URL, ImageURL: said.ImageURL, Price: said.Price, Language: said.Language}
		p.ShownAt, news = at, true
	}
	return news
}

// said reports whether the shop said anything of the product that workers go by.
func (p Product) said() bool { return p.word() > 0 || p.Shown != nil }

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
	if s.Version == 0 {
		for id, p := range s.Products {
			p.Sums = p.Rhythm.sums()
			s.Products[id] = p
		}
		s.Foresight.Sums = s.Shop.sums()
	}
	return &s, nil
}
