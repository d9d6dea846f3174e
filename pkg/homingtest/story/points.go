package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/events"
)

// What the shop's points are; see Workers.
const (
	pending     = 14 * Day // until the points of an order can be used
	forReview   = 5        // points of a review
	lastMonths  = 9        // how long points last
	rewardCosts = 150
)

// lot is points that came together.
type lot struct {
	from, until time.Time
	points      int64
}

// balance returns the points that a customer could use at t, as known then, by the account
// that docs/rewards.md gives of them.
func (p *life) balance(t time.Time) int64 {
	erased := p.erased(t)
	var lots []lot
	add := func(at time.Time, points int64) {
		lots = append(lots, lot{at, ends(at), points})
	}
	reviewed := map[string]bool{}
	for _, k := range p.told {
		if d, ok := k.Data.(*events.ReviewSubmitted); ok && !k.since.After(t) && k.Time.After(erased) && !reviewed[d.Review.ProductID] {
			reviewed[d.Review.ProductID] = true
			add(k.Time, forReview)
		}
	}
	for _, o := range p.purchases(t) {
		if !o.cancelled && !o.refunded {
			add(o.at.Add(pending), p.left(o, t)/100)
		}
	}
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Or(a.until.Compare(b.until), a.from.Compare(b.from)) })
	var debt int64
	for _, o := range p.offers { // by when they were issued
		if !strings.HasPrefix(o.Touch, "rewards.") || !o.at.Before(t) || !o.at.After(erased) {
			continue
		}
		debt += rewardCosts
		for i := range lots {
			if l := &lots[i]; !l.from.After(o.at) && l.until.After(o.at) {
				n := min(l.points, debt)
				l.points, debt = l.points-n, debt-n
			}
		}
	}
	sum := -debt
	for _, l := range lots {
		if !l.from.After(t) && l.until.After(t) {
			sum += l.points
		}
	}
	return sum
}

// left returns what is left of an order's cost, in pennies, where some of it came back.
func (p *life) left(o *purchase, t time.Time) int64 {
	var all, back int64
	for _, it := range o.Items {
		all += int64(it.Quantity)
	}
	for _, it := range o.Items {
		if slices.ContainsFunc(p.told, func(k known) bool {
			d, ok := k.Data.(*events.OrderRefunded)
			return ok && !k.since.After(t) && d.Order.ID == o.ID && slices.ContainsFunc(d.Order.Items, func(c events.ChangedItem) bool { return c.ProductID == it.ProductID })
		}) {
			back += int64(it.Quantity)
		}
	}
	return o.Total.Minor - o.Total.Minor*back/max(1, all)
}

// ends returns when points that can be used from at on expire.
func ends(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month()+lastMonths+1, 1, 0, 0, 0, 0, time.UTC)
}

// rewarded: a reward costs points that there are, and is one email.
func rewarded(_ *Ledger, p *life, m mail) string {
	if m.Worker != "rewards" {
		return ""
	}
	for _, o := range p.mails {
		if o.Worker == m.Worker && o.Step == m.Step && o.Occasion == m.Occasion && o.at.Before(m.at) && o.at.After(p.erased(m.at)) {
			return "told already at " + o.at.Format(time.DateTime)
		}
	}
	if m.Step != "earned" {
		return ""
	}
	i := slices.IndexFunc(p.offers, func(o *issued) bool { return o.Touch == m.Touch })
	if i < 0 {
		return "a reward without a code"
	}
	// What a time lies between, a moment before and after, may go either way.
	at := p.offers[i].at
	if n := max(p.balance(at.Add(-slack)), p.balance(at), p.balance(at.Add(late))+rewardCosts); n < rewardCosts {
		return fmt.Sprintf("they had %d points", n)
	}
	return ""
}
