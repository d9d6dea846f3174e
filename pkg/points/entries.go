package points

import (
	"cmp"
	"slices"
	"time"

	"homing/pkg/customer"
)

// entry is something that moves points.
type entry struct {
	at     time.Time
	what   What
	order  string
	points int
	lot    int // of an order: whose points come and go; 0: its own
}

// at a time, what gives comes before what takes, and the shop's word before a reward's.
func (e *entry) rank() int {
	return slices.Index([]What{Joined, Order, Again, Reviewed, Birthday, Referral, Adjusted, Back, Reward}, e.what)
}

func compareEntries(a, b entry) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.order, b.order), cmp.Compare(b.points, a.points))
}

// since returns since when the customer is a member: they asked, or else, where nobody has
// to, since the first thing that moved points, be it an order that was cancelled later.
func (p *Programme) since(c *customer.Customer) (since, asked time.Time, member bool) {
	for _, n := range c.Notes {
		if n.Kind == customer.JoinedRewards { // newest first
			asked = n.Time()
		}
	}
	if since = asked; p.Asked {
		return later(since, p.Starts), asked, !asked.IsZero()
	}
	first := func(at time.Time) {
		if !at.Before(p.Starts) && (since.IsZero() || at.Before(since)) {
			since = at
		}
	}
	for o := range c.Placed() {
		first(o.PlacedAt())
	}
	for i := range c.Seen {
		if s := &c.Seen[i]; s.Stands() {
			first(time.UnixMilli(s.Age).UTC())
		}
	}
	for _, a := range c.Adjustments {
		first(a.Time())
	}
	return later(since, p.Starts), asked, !since.IsZero()
}

var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func later(a, b time.Time) time.Time {
	if !a.IsZero() && a.Before(b) {
		return b
	}
	return a
}

// entries returns all that moved points since the customer is a member, in its order, and
// what each order counts for a tier.
func (p *Programme) entries(c *customer.Customer, since, asked time.Time) (out []entry, worth []worth) {
	lot := 0
	for o := range c.Placed() {
		if o.PlacedAt().Before(since) {
			continue
		}
		lot++
		out = append(out, p.order(o, lot)...)
		left := o.LeftAt(forever)
		worth = p.Tiers.add(worth, o.PlacedAt().Add(p.Pending), left, p.of(left, o.PlacedAt()))
	}
	for i := range c.Seen {
		s := &c.Seen[i]
		at := time.UnixMilli(s.Age).UTC()
		if n := p.of(s.Left, at); s.Stands() && !at.Before(since) && n > 0 {
			out = append(out, entry{at: at.Add(p.Pending), what: Order, points: n})
			worth = p.Tiers.add(worth, at.Add(p.Pending), s.Left, n)
		}
	}
	for _, a := range c.Adjustments {
		what := map[customer.AdjustmentKind]What{customer.ByShop: Adjusted, customer.ForReward: Reward}[a.Kind]
		if !a.Time().Before(since) && a.Points != 0 {
			out = append(out, entry{at: a.Time(), what: what, points: a.Points})
		}
	}
	for _, e := range p.bonuses(c, since, asked) {
		out = append(out, e)
		worth = p.Tiers.bonus(worth, e.at, e.points)
	}
	slices.SortFunc(out, compareEntries)
	return out, worth
}

// order returns what an order brought, once its points can be used, and what of it was
// taken back since.
func (p *Programme) order(o *customer.Order, lot int) (out []entry) {
	usable, had := o.PlacedAt().Add(p.Pending), 0
	move := func(at time.Time, what What) {
		if n := p.of(o.LeftAt(at), o.PlacedAt()); n != had {
			if n < had {
				what = Back
			}
			out = append(out, entry{at: at, what: what, order: o.ID, points: n - had, lot: lot})
			had = n
		}
	}
	move(usable, Order)
	for _, at := range o.Turns() {
		if at.After(usable) {
			move(at, Again)
		}
	}
	return out
}

// bonuses returns what was given for other things than orders: for joining once, for the
// first review of each product, and once a year for the birthday.
func (p *Programme) bonuses(c *customer.Customer, since, asked time.Time) (out []entry) {
	if !asked.IsZero() && p.Joining > 0 {
		out = append(out, entry{at: later(asked, p.Starts), what: Joined, points: p.Joining})
	}
	type of struct {
		kind  customer.NoteKind
		about uint64
	}
	had := map[of]bool{}
	for _, n := range slices.Backward(c.Notes) { // the oldest of a kind first
		points, what := p.Review, Reviewed
		switch n.Kind {
		case customer.Reviewed:
		case customer.Birthday:
			points, what = p.Birthday, Birthday
		default:
			continue
		}
		k := of{n.Kind, n.About}
		if points > 0 && !had[k] && !n.Time().Before(since) {
			out = append(out, entry{at: n.Time(), what: what, points: points})
		}
		had[k] = true
	}
	return append(out, p.referrals(c, since)...)
}

// referrals returns what was given for orders of friends, and for one as a friend, once they
// could not be sent back any more.
func (p *Programme) referrals(c *customer.Customer, since time.Time) (out []entry) {
	had := map[int]int{} // by year
	for _, side := range []struct {
		referrer bool
		points   int
	}{{true, p.Referral}, {false, p.Referred}} {
		if side.points <= 0 || len(c.Referrals) == 0 {
			continue
		}
		for _, r := range c.CountingReferrals(side.referrer, p.Pending) {
			at := r.PlacedAt().Add(p.Pending)
			if c.ToSelf(r) || r.Holds(p.Pending) != customer.ReferralStands || at.Before(since) {
				continue
			}
			if year := at.In(p.zone()).Year(); side.referrer {
				if had[year]++; p.Friends > 0 && had[year] > p.Friends {
					continue
				}
			}
			out = append(out, entry{at: at, what: Referral, points: side.points})
		}
	}
	return out
}
