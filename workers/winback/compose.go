package winback

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/product"
	"homing/pkg/touch"
	"homing/workers"
)

// Compose shows what of the last order can still be bought, and decides on the offer.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	place := workers.Place(w.config.Steps, t.Step)
	if place < 0 || t.Snapshot == nil {
		return workers.Wording{}
	}
	e := episodeOf(in.Customer, t, w.config.Steps[place].After)
	v := workers.Wording{
		Orders: in.Customer.OrderCount(), Offer: w.config.Steps[place].Offer.Terms(),
		Detail: "lapsed " + e.lapsed.UTC().Format("2006-01-02 15:04 MST") + "; " + chance(in),
	}
	if gone := unavailable(t.Snapshot.Items, in.Products); len(gone) > 0 {
		v.Items = slices.DeleteFunc(slices.Clone(t.Snapshot.Items), func(it events.Item) bool { return slices.Contains(gone, it.ProductID) })
		v.Detail += workers.LeftOut(gone)
	}
	if v.Offer == nil {
		return v
	}
	if p, known := comesBack(in); known && p > w.config.OfferMaxChance {
		v.Offer = nil
		v.Detail += "; sent without its offer, which is for those who are at most " + share(w.config.OfferMaxChance) + " likely to (offer_max_chance)"
		return v
	}
	for _, s := range w.config.Steps[:place] {
		if smaller := s.Offer.Terms(); smaller != nil && bigger(v.Offer, smaller) && !e.missed(s.StepName(), in.Now) {
			v.Offer = smaller
			v.Detail += "; the offer of " + s.StepName() + " was not missed yet"
			return v
		}
	}
	return v
}

// unavailable returns the products that cannot be bought any more.
func unavailable(items []events.Item, known *product.Snapshot) (gone []string) {
	for _, it := range items {
		if p, _ := known.Of(it.ProductID); p.Unavailable() {
			gone = append(gone, it.ProductID)
		}
	}
	return gone
}

// missed reports whether the customer was sent the offer of a step, and let it
// run out. An email of which nobody knows whether it arrived was not missed, nor
// one that went out without an offer because they had had enough of them.
func (e episode) missed(step string, now time.Time) bool {
	k, ok := e.claim(step)
	if !ok || k.State != customer.Sent {
		return false
	}
	o, bound := e.customer.OfferOf(k.Touch)
	return bound && now.UnixMilli() >= o.Expires && e.customer.Redeemed(o).IsZero()
}

// bigger reports whether an offer is worth more than another, as far as they can
// be compared; a share and an amount cannot, and then it is taken to be.
func bigger(a, b *offer.Terms) bool {
	switch {
	case a.Percent > 0 && b.Percent > 0:
		return a.Percent > b.Percent
	case a.Percent == 0 && b.Percent == 0 && a.Amount.Currency == b.Amount.Currency:
		return a.Amount.Minor > b.Amount.Minor
	}
	return true
}
