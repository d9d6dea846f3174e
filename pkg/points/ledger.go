package points

import (
	"cmp"
	"slices"
	"time"

	"homing/pkg/customer"
)

// Ledger returns the ledger of a customer as of a time.
func (p *Programme) Ledger(c *customer.Customer, now time.Time) Ledger {
	var l Ledger
	since, asked, member := p.since(c)
	if !member || since.After(now) {
		return l
	}
	l.Member, l.Since, l.Asked = true, since, asked
	entries, worth := p.entries(c, since, asked)
	l.tiers = p.Tiers.line(worth, p.zone())
	r := run{programme: p, of: map[int]int{}}
	for _, e := range entries {
		r.expire(e.at)
		r.apply(e)
	}
	r.expire(forever)
	for _, x := range r.lines {
		if x.At.After(now) {
			l.Coming = append(l.Coming, x)
			continue
		}
		l.Lines, l.Balance = append(l.Lines, x), x.Balance
		if x.What == Reward {
			l.Rewards++
		}
	}
	l.rounds(p)
	l.open(p, entries, now)
	return l
}

// open says which lots are open, and what is pending.
func (l *Ledger) open(p *Programme, entries []entry, now time.Time) {
	r := run{programme: p, of: map[int]int{}}
	for _, e := range entries {
		if e.at.After(now) {
			l.Pending += e.points
			continue
		}
		r.expire(e.at)
		r.apply(e)
	}
	r.expire(now)
	for _, x := range r.lots {
		if x.Left > 0 && !x.gone {
			l.Lots = append(l.Lots, x.Lot)
		}
	}
	slices.SortFunc(l.Lots, func(a, b Lot) int { return compareExpiry(a, b) })
}

// run goes through what moves points.
type run struct {
	programme *Programme
	lots      []lot
	of        map[int]int // lots of orders, by their number: the place, from 1
	debt      int         // that was taken and was not there; what comes next pays it
	lines     []Line
}

type lot struct {
	Lot
	lapsed int // points of it that expired
	gone   bool
}

func compareExpiry(a, b Lot) int {
	at := func(l Lot) time.Time {
		if l.Expires.IsZero() {
			return forever
		}
		return l.Expires
	}
	return cmp.Or(at(a).Compare(at(b)), a.At.Compare(b.At))
}

func (r *run) balance() int {
	n := -r.debt
	for i := range r.lots {
		n += r.lots[i].Left
	}
	return n
}

// expire has what expires up to a time expire, by its own time.
func (r *run) expire(until time.Time) {
	for {
		next := -1
		for i := range r.lots {
			x := &r.lots[i]
			if x.gone || x.Expires.IsZero() || x.Expires.After(until) {
				continue
			}
			if next < 0 || compareExpiry(x.Lot, r.lots[next].Lot) < 0 {
				next = i
			}
		}
		if next < 0 {
			return
		}
		x := &r.lots[next]
		n := x.Left
		x.lapsed, x.Left, x.gone = x.lapsed+n, 0, true
		if n == 0 {
			continue
		}
		if last := len(r.lines) - 1; last >= 0 && r.lines[last].What == Expired && r.lines[last].At.Equal(x.Expires) {
			r.lines[last].Points -= n
			r.lines[last].Balance -= n
			continue
		}
		r.lines = append(r.lines, Line{At: x.Expires, What: Expired, Points: -n, Balance: r.balance()})
	}
}

func (r *run) apply(e entry) {
	line := Line{At: e.at, What: e.what, Order: e.order, Points: e.points}
	if e.points > 0 {
		line.Expires = r.give(e)
	} else {
		line.Points = -r.take(e)
	}
	if line.Points == 0 {
		return // all of it had expired
	}
	line.Balance = r.balance()
	r.lines = append(r.lines, line)
}

// give adds points to the lot of their order, or to one of their own, and returns when
// they expire.
func (r *run) give(e entry) time.Time {
	i := r.of[e.lot]
	if e.lot == 0 || i == 0 {
		r.lots = append(r.lots, lot{Lot: Lot{At: e.at, Expires: r.programme.expiry(e.at)}})
		if i = len(r.lots); e.lot != 0 {
			r.of[e.lot] = i
		}
	}
	x := &r.lots[i-1]
	if x.gone {
		x.lapsed += e.points
		return x.Expires
	}
	paid := min(r.debt, e.points)
	r.debt, x.Left = r.debt-paid, x.Left+e.points-paid
	return x.Expires
}

// take takes points, and returns how many. Those of an order come from its own lot first,
// also where they have expired: these are not taken a second time.
func (r *run) take(e entry) int {
	n := -e.points
	if i := r.of[e.lot]; e.lot != 0 && i != 0 {
		x := &r.lots[i-1]
		lapsed := min(n, x.lapsed)
		x.lapsed, n = x.lapsed-lapsed, n-lapsed
		own := min(n, x.Left)
		x.Left -= own
		return own + r.takeAny(n-own)
	}
	return r.takeAny(n)
}

// takeAny takes points of those first that expire first; what is missing is owed.
func (r *run) takeAny(n int) int {
	order := make([]int, len(r.lots))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareExpiry(r.lots[a].Lot, r.lots[b].Lot) })
	rest := n
	for _, i := range order {
		some := min(rest, r.lots[i].Left)
		r.lots[i].Left, rest = r.lots[i].Left-some, rest-some
	}
	r.debt += rest
	return n
}
