package numbers

import (
	"cmp"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// offers is shown which offers were issued, and finds out what became of them.
type offers struct {
	now      time.Time
	zone     *time.Location
	from     string // the first month that is looked at
	redeemed map[uint64]redemption
	months   map[[2]string]*OfferMonth
}

// See adds an offer.
func (o *offers) See(e customer.Entry) {
	x, ok := e.Event.Data.(*events.OfferIssued)
	month, _ := monthOf(e.Event.Time.In(o.zone))
	if !ok || month < o.from {
		return
	}
	k := [2]string{month, x.Worker}
	m := o.months[k]
	if m == nil {
		m = &OfferMonth{Month: month, Worker: x.Worker}
		o.months[k] = m
	}
	m.Issued++
	r, redeemed := o.redeemed[customer.ClaimKey(x.Touch)]
	switch {
	case redeemed:
		if m.Redeemed++; r.minor > 0 {
			m.Cost.add(r.currency, r.minor)
		}
	case x.ExpiresAt != nil && !x.ExpiresAt.After(o.now):
		m.Expired++
	}
}

// list returns the months, ascending, with those before that are not looked at any more.
func (o *offers) list(before []OfferMonth) (out []OfferMonth) {
	for _, m := range before {
		if m.Month < o.from {
			out = append(out, m)
		}
	}
	for _, m := range o.months {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b OfferMonth) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Worker, b.Worker))
	})
	return out
}
