package installation

import (
	"context"
	"math"
	"time"

	"homing/pkg/programme"
	"homing/pkg/segment"
)

// Segments are what one person belongs to, and why.
type Segments struct {
	Store    string    `json:"store"`
	Customer string    `json:"customer"` // the id
	Token    string    `json:"token"`
	Is       []string  `json:"is"`                 // what was asked for is to them; see why.Match
	Erased   time.Time `json:"erased_at,omitzero"` // nothing else is told then
	Computed time.Time `json:"computed_at,omitzero"`

	Profile *SegmentProfile      `json:"profile,omitempty"`
	All     []segment.Membership `json:"segments,omitempty"` // those that there always are first
}

// SegmentProfile is what segments are made of. What is not known is left out.
type SegmentProfile struct {
	Group     segment.Group `json:"group"`
	Recency   int           `json:"recency,omitempty"` // scores from 1 to 5
	Frequency int           `json:"frequency,omitempty"`
	Money     int           `json:"money,omitempty"`
	CLV       segment.Level `json:"clv"`
	Churn     segment.Level `json:"churn"`
	Orders    int           `json:"orders"`
	LastOrder time.Time     `json:"last_order_at,omitzero"`
	Spent     string        `json:"spent,omitempty"`           // "12.95 EUR", of the orders in that currency
	Expected  *float64      `json:"expected_orders,omitempty"` // within segment.ValueDays
	Chance    *float64      `json:"chance,omitempty"`          // of an order within 90 days
	Language  string        `json:"language,omitempty"`
	Country   string        `json:"country,omitempty"`
	Tier      string        `json:"tier,omitempty"` // of the rewards programme
	Holdout   bool          `json:"holdout"`
}

// Segments returns what those belong to who answer to something, as Find has it. Where
// nothing was computed yet, its error is segment.ErrUnknown.
func (i *Installation) Segments(ctx context.Context, store, who string) ([]Segments, error) {
	found, err := i.Find(ctx, store, who)
	if err != nil {
		return nil, err
	}
	out := make([]Segments, len(found))
	for n, f := range found {
		if out[n], err = i.segmentsOf(ctx, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (i *Installation) segmentsOf(ctx context.Context, f Found) (Segments, error) {
	c := &f.Person.Customer
	out := Segments{Store: f.Key.Store, Customer: c.ID.Value, Token: f.Key.Token, Is: f.Is}
	if c.Gone() {
		out.Erased = c.Erased.Time()
		return out, nil
	}
	products, err := i.products(ctx, f.Key.Store)
	if err != nil {
		return out, err
	}
	m, err := (&programme.Person{Store: i.stores[f.Key.Store], Customer: c, Products: products}).Memberships(i.o.Scale.Now())
	if err != nil {
		return out, err
	}
	out.Computed, out.All = products.Segmented().At, m.All()
	out.Profile = &SegmentProfile{
		Group: m.Group, Recency: m.R, Frequency: m.F, Money: m.M, CLV: m.CLV, Churn: m.Churn, Orders: m.Orders, LastOrder: m.LastOrder,
		Expected: unlessUnknown(m.Expected), Chance: unlessUnknown(m.Chance), Language: m.Language, Country: m.Country, Tier: m.Tier(), Holdout: m.Holdout,
	}
	if m.Spent.Orders > 0 {
		out.Profile.Spent = m.Spent.Money.String()
	}
	return out, nil
}

func unlessUnknown(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}
