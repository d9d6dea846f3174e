package segment

import (
	"math"
	"strings"
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// A Profile is what is known of a customer that segments are made of.
type Profile struct {
	Group   Group
	R, F, M int // scores, 1 to 5; 0: there is none, see Group None and customer.Spent
	CLV     Level
	Churn   Level

	Orders    int       // that count
	LastOrder time.Time // zero: there is none
	Spent     customer.Spending
	Expected  float64 // orders within the next ValueDays; NaN: not known
	Chance    float64 // of an order within the next 90 days; NaN: not known

	Language string // "de"; empty: not known
	Country  string // "DE"; empty: not known
	Holdout  bool   // gets no marketing email at all
	Tier     string // of the rewards programme; empty: none, or nobody has asked yet, see Memberships.Tier
}

// trace is what a customer's orders amount to, whenever they are looked at.
type trace struct {
	repeat      foresight.Repeat // but for the age
	first, last int64            // ms, of orders; 0: there are none
	orders      int32
	spent       customer.Spending
}

// traceOf returns it of all orders that were placed by a time.
func traceOf(c *customer.Customer, at time.Time) trace {
	times := c.OrderTimes()
	t := trace{orders: int32(len(times))}
	for _, o := range times {
		ms := o.UnixMilli()
		if t.last = max(t.last, ms); t.first == 0 || ms < t.first {
			t.first = ms
		}
	}
	if len(times) == 0 {
		return t
	}
	t.repeat, _ = foresight.RepeatOf(times, later(at, t.last))
	t.spent, _ = c.Spent()
	return t
}

// later returns the later of a time and of ms.
func later(at time.Time, ms int64) time.Time {
	if o := time.UnixMilli(ms).UTC(); o.After(at) {
		return o
	}
	return at
}

// profile fills in what follows from the orders.
func (s *Snapshot) profile(p *Profile, t *trace) {
	expected, chance := s.foresee(t)
	s.place(p, t, expected, chance)
}

// place compares a customer with the others.
func (s *Snapshot) place(p *Profile, t *trace, expected, chance float64) {
	p.Group, p.CLV, p.Churn, p.Orders, p.Spent = None, Unknown, Unknown, int(t.orders), t.spent
	p.Expected, p.Chance = expected, chance
	if t.orders == 0 {
		return
	}
	p.LastOrder = time.UnixMilli(t.last).UTC()
	p.R, p.F, p.M = s.recency(t.last), s.frequency(int64(t.orders)), 0
	if t.spent.Orders > 0 {
		p.M = s.money(t.spent)
	}
	p.Group = groupOf(p.Orders, p.R, p.F, p.M)
	if v, known := worth(p.Expected, t.spent); known {
		p.CLV = s.value(t.spent.Currency, v)
	}
	if !math.IsNaN(p.Chance) {
		p.Churn = s.risk(p.Chance)
	}
}

// foresee returns how many orders to expect, and how likely one is soon, as of the night of
// the snapshot: what a customer is changes with what they do, and with the nights, and not
// from one hour to the next.
func (s *Snapshot) foresee(t *trace) (expected, chance float64) {
	expected, chance = math.NaN(), math.NaN()
	if t.orders == 0 {
		return expected, chance
	}
	at := later(s.At, t.last)
	if s.Worth != (foresight.Worth{}) {
		r := t.repeat
		r.Age = at.Sub(time.UnixMilli(t.first)).Hours() / 24
		if n := s.Worth.Expected(r, ValueDays); n >= 0 && !math.IsInf(n, 1) {
			expected = n
		}
	}
	if s.Lapse.Known() {
		chance = s.Lapse.Chance(at.Sub(time.UnixMilli(t.last)).Hours()/24, int(t.orders))
	}
	return expected, chance
}

// worth returns what a customer is expected to spend within ValueDays, in minor units:
// orders to expect, times what theirs have cost on average.
func worth(expected float64, spent customer.Spending) (minor int64, known bool) {
	if math.IsNaN(expected) || spent.Orders == 0 {
		return 0, false
	}
	v := expected * float64(spent.Minor) / float64(spent.Orders)
	return int64(math.Round(min(v, math.MaxInt64/2))), true
}

// languageOf returns the language of a customer's locale, without a region.
func languageOf(c *customer.Customer) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(c.Language(), "_", "-"), "-")
	return strings.ToLower(language)
}

// days returns how many days ago a time was; NaN: never.
func days(at, now time.Time) float64 {
	if at.IsZero() {
		return math.NaN()
	}
	return max(now.Sub(at).Hours()/24, 0)
}
