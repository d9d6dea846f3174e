package customer

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"homing/events"
)

// MaxAdjustments is how many adjustments are kept of one customer: the newest.
const MaxAdjustments = 400

// AdjustmentKind says where an adjustment comes from. They are stored by number: new ones
// are added at the end.
type AdjustmentKind uint8

// The kinds of adjustments.
const (
	ByShop    AdjustmentKind = iota // the shop said so: points.adjusted
	ForReward                       // a code was bound to the customer, who paid for it: offer.issued
)

// Adjustment is one entry in the ledger of a customer's points that does not follow from
// anything else that is known about them. What orders, reviews and birthdays bring follows
// from those.
type Adjustment struct {
	Kind   AdjustmentKind
	Key    uint64 // ByShop: About its id; ForReward: of the touch
	At     int64  // ms: when it was said last
	Points int    // below 0: they were taken, or spent
}

// Time returns when it was made.
func (a Adjustment) Time() time.Time { return time.UnixMilli(a.At).UTC() }

// adjusted folds an adjustment of the shop's.
func (c *Customer) adjusted(d *events.PointsAdjusted, s Stamp) bool {
	return c.adjust(Adjustment{ByShop, About(d.Adjustment.ID), s.At, d.Adjustment.Points})
}

// adjust keeps an adjustment and reports whether that is news. Of what has one key that
// which was said last counts, and of one time the one with more points: so all orders of
// the same statements lead to the same. Beyond the bound those go that were made first,
// by their own times: a time of a key only grows, so none of them comes back.
func (c *Customer) adjust(a Adjustment) bool {
	i := slices.IndexFunc(c.Adjustments, func(x Adjustment) bool { return x.Kind == a.Kind && x.Key == a.Key })
	if i >= 0 {
		if old := c.Adjustments[i]; cmp.Or(cmp.Compare(a.At, old.At), cmp.Compare(a.Points, old.Points)) <= 0 {
			return false
		}
		c.Adjustments = slices.Delete(c.Adjustments, i, i+1)
	}
	i, _ = slices.BinarySearchFunc(c.Adjustments, a, newestAdjustmentFirst)
	if i == MaxAdjustments {
		return false
	}
	c.Adjustments = slices.Insert(c.Adjustments, i, a)
	c.Adjustments = c.Adjustments[:min(len(c.Adjustments), MaxAdjustments)]
	return true
}

func newestAdjustmentFirst(a, b Adjustment) int {
	return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
}

// appendAdjustments writes kind, key, how long before the one before, and points, of each.
func appendAdjustments(b []byte, all []Adjustment) []byte {
	last := int64(0)
	for _, a := range all {
		b = putUint48(append(b, byte(a.Kind)), a.Key)
		b = binary.AppendVarint(binary.AppendVarint(b, last-a.At), int64(a.Points))
		last = a.At
	}
	return b
}

func (r *reader) adjustments() (out []Adjustment) {
	last := int64(0)
	for r.rest != "" && !r.bad {
		a := Adjustment{Kind: AdjustmentKind(r.byte())}
		if s := r.bytes(6); s != "" {
			a.Key = uint48(view(s))
		}
		a.At = last - r.varint()
		a.Points = int(r.varint())
		last = a.At
		out = append(out, a)
	}
	return out
}

// PaidFor returns how many points the customer paid for the code of an offer.
func (c *Customer) PaidFor(o Offer) int {
	for _, a := range c.Adjustments {
		if a.Kind == ForReward && a.Key == forReward(o.Touch) {
			return -a.Points
		}
	}
	return 0
}

// forReward is the key of what was paid for the code of a touch.
func forReward(touch uint64) uint64 { return touch & (1<<48 - 1) }

// born notes in which year a birthday was told.
func (c *Customer) born(d *events.CustomerBirthday, s Stamp) bool {
	return c.remember(Note{Kind: Birthday, About: uint64(cmp.Or(d.Year, s.Time().Year())), At: s.At})
}
