// Package points is the ledger of a customer's points, and the tier that they are in: what
// a programme makes of what is known about the customer. Nothing of it is kept anywhere:
// it follows each time from orders, refunds, reviews, birthdays, adjustments and codes that
// were paid for. So it does not depend on the sequence in which these were told, nor on how
// often. The package does no I/O and asks no clock.
package points

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"homing/events"
)

// Programme is a rewards programme as a store has configured it.
type Programme struct {
	Starts   time.Time // what happened before brings nothing; the zero time: all counts
	Asked    bool      // members are those who asked; else everybody who ordered
	Rates    []Rate
	Pending  time.Duration // how long after the order its points can be used, and count for a tier
	Joining  int           // points for asking to take part
	Review   int           // points for the first review of each product
	Birthday int           // points for each birthday that was told
	Referral int           // points for each friend who ordered on the customer's recommendation
	Referred int           // points for a friend's first such order
	Friends  int           // how many friends bring points in a year at most; 0: any number
	Rewards  []int         // with how many points of a round each reward is reached, ascending; see Next
	Expire   int           // after how many months points expire, with the end of the month; 0: never
	Tiers    Tiers
	Zone     *time.Location // of months and years
}

// Rate is how many points an order brings.
type Rate struct {
	Currency   string    // of the orders; empty: of those in a currency that has no rate of its own
	From       time.Time // of orders placed from then on, until a later rate of the currency
	Millionths int64     // of a point for each unit of the currency
}

// MaxRate is the highest Millionths.
const MaxRate = 1_000_000 * 1000

// of returns the points that an amount brings which was spent at a time: whole points, and
// what is less than one is dropped.
func (p *Programme) of(m events.Money, at time.Time) int {
	var rate Rate
	for _, r := range p.Rates {
		own, other := r.Currency != "", rate.Currency != ""
		switch {
		case own && r.Currency != m.Currency, r.From.After(at), other && !own:
		case own != other, !r.From.Before(rate.From):
			rate = r
		}
	}
	if rate.Millionths <= 0 || m.Minor <= 0 {
		return 0
	}
	unit := uint64(1_000_000)
	for range events.Digits(m.Currency) {
		unit *= 10
	}
	hi, lo := bits.Mul64(uint64(m.Minor), uint64(rate.Millionths))
	if hi >= unit {
		return 0 // more than there is money
	}
	n, _ := bits.Div64(hi, lo, unit)
	return int(min(n, 1<<40))
}

// expiry returns when points expire that were brought at a time; the zero time: never.
func (p *Programme) expiry(at time.Time) time.Time {
	if p.Expire == 0 {
		return time.Time{}
	}
	local := at.In(p.zone())
	return time.Date(local.Year(), local.Month()+time.Month(p.Expire)+1, 1, 0, 0, 0, 0, p.zone())
}

func (p *Programme) zone() *time.Location { return cmp.Or(p.Zone, time.UTC) }

// What says what a line of a ledger is about.
type What string

// What lines are about.
const (
	Order    What = "order"      // its points can be used from now on
	Back     What = "taken back" // some of an order was cancelled, returned or paid back
	Again    What = "stands again"
	Joined   What = "joined"
	Reviewed What = "review"
	Birthday What = "birthday"
	Referral What = "referral" // a friend's order, or an order as a friend, that was not sent back
	Adjusted What = "adjusted" // by the shop
	Reward   What = "reward"   // a code was paid for
	Expired  What = "expired"
)

// Line is one line of a ledger.
type Line struct {
	At      time.Time
	What    What
	Order   string    // its id, of what is about an order whose details are known
	Points  int       // below 0: they were taken
	Balance int       // after it; below 0: more was taken than there was
	Expires time.Time // of what was given: when what is left of it expires; the zero time: never
	Round   int       // of a reward, where there are several: points of the round that went for rewards, it included
}

// Lot is points that expire at one time.
type Lot struct {
	At      time.Time // since when they can be used
	Expires time.Time // the zero time: never
	Left    int
}

// Ledger is all of a customer's points, as of a time.
type Ledger struct {
	Member  bool
	Since   time.Time // they are a member
	Asked   time.Time // to take part; the zero time: they did not
	Balance int       // that can be used
	Pending int       // of orders that are too new
	Rewards int       // that were paid for
	Next    Next      // reward
	Lines   []Line    // what happened, in its order
	Coming  []Line    // what will happen if nothing else does: points that can be used, and that expire
	Lots    []Lot     // that are open, those first that expire first
	tiers   tiers
}

// Reached returns the line with which the balance came to so many points and stayed
// there, and whether it did or will, if nothing else happens.
func (l *Ledger) Reached(points int) (Line, bool) {
	var at Line
	ok := false
	for _, x := range l.Lines {
		switch {
		case x.Balance < points:
			ok = false
		case !ok:
			at, ok = x, true
		}
	}
	if ok {
		return at, true
	}
	for _, x := range l.Coming {
		if x.Balance >= points {
			return x, true
		}
	}
	return Line{}, false
}

// Expiring returns the next days on which points expire, if nothing else happens.
func (l *Ledger) Expiring() []Line {
	return slices.DeleteFunc(slices.Clone(l.Coming), func(x Line) bool { return x.What != Expired })
}
