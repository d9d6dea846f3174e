package customer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"homing/events"
)

// Offer is a code that was bound to the customer, for the email of one touch.
type Offer struct {
	Touch   uint64 // ClaimKey of the touch id
	Code    string
	Percent int
	Amount  events.Money
	At      int64 // ms: when it was bound
	Expires int64 // ms: from when on it is worth nothing; 0: never
}

// OfferOf returns the offer that is bound to a touch.
func (c *Customer) OfferOf(touch uint64) (Offer, bool) {
	i := slices.IndexFunc(c.Offers, func(o Offer) bool { return o.Touch == touch })
	if i < 0 {
		return Offer{}, false
	}
	return c.Offers[i], true
}

// Redeemed returns when the customer placed an order with the code, or added it to
// one, at or after the offer was bound; the zero time if never. Case does not matter.
func (c *Customer) Redeemed(o Offer) time.Time {
	_, at := c.RedeemedWith(o)
	return at
}

// RedeemedWith is Redeemed, and returns the order.
func (c *Customer) RedeemedWith(o Offer) (*Order, time.Time) {
	for i := len(c.Orders) - 1; i >= 0; i-- {
		e := &c.Orders[i]
		if e.Told.At >= o.At && !e.Test && slices.Contains(e.Coupons, coupon(o.Code)) {
			if e.Age >= o.At {
				return e, e.PlacedAt()
			}
			return e, e.Told.Time()
		}
	}
	return nil, time.Time{}
}

// Bind takes an offer over and reports whether it did. A touch has one offer, the
// one that was bound last: if there are two, Redis had lost the first when the
// email was made. (The first would not do: an erasure between the two, folded in
// after them, would leave none.)
func (c *Customer) Bind(o Offer) bool {
	if i := slices.IndexFunc(c.Offers, func(x Offer) bool { return x.Touch == o.Touch }); i >= 0 {
		old := c.Offers[i]
		if cmp.Or(cmp.Compare(old.At, o.At), compareTerms(old, o)) >= 0 {
			return false
		}
		c.Offers = slices.Delete(c.Offers, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(c.Offers, o, newestOfferFirst)
	if i == MaxOffers {
		return false
	}
	c.Offers = slices.Insert(c.Offers, i, o)
	c.Offers = c.Offers[:min(len(c.Offers), MaxOffers)]
	return true
}

func newestOfferFirst(a, b Offer) int {
	return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Touch, b.Touch), compareTerms(a, b))
}

func compareTerms(a, b Offer) int {
	return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Percent, b.Percent), cmp.Compare(a.Amount.Minor, b.Amount.Minor),
		cmp.Compare(a.Amount.Currency, b.Amount.Currency), cmp.Compare(a.Expires, b.Expires))
}

func (c *Customer) offered(d *events.OfferIssued, s Stamp) bool {
	if c.Erased.At != 0 && s.At <= c.Erased.At {
		return false
	}
	o := Offer{Touch: ClaimKey(d.Touch), Code: d.Code, Percent: d.Percent, Amount: d.Amount, At: s.At}
	if d.ExpiresAt != nil {
		o.Expires = d.ExpiresAt.UnixMilli()
	}
	changed := c.Bind(o)
	if d.Points > 0 {
		changed = c.adjust(Adjustment{ForReward, forReward(o.Touch), s.At, -d.Points}) || changed
	}
	return changed
}

// coupon returns what a code is known by among those of an order.
func coupon(code string) uint64 { return hash48(strings.ToUpper(strings.TrimSpace(code))) }

func coupons(codes []string) []uint64 {
	var out []uint64
	for _, s := range codes[:min(len(codes), MaxCoupons)] {
		out = append(out, coupon(s))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
