package numbers

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"homing/pkg/attribution"
	"homing/pkg/customer"
	"homing/pkg/segment"
)

// people is shown every person of a store once, and finds out all that follows from their
// orders.
type people struct {
	now   time.Time
	zone  *time.Location
	since int64 // ms: orders since then are kept, for what else the night wants to know
	fifth *segment.Snapshot
	set   *segment.Set

	all      Counts
	months   map[string]*Month
	cohorts  map[string]*Cohort
	between  [maxBetween + 1]int
	worth    map[string]*Worth
	churn    Churn
	cells    map[[2]int]*Cell
	buyers   map[string]*buyer // by each of their tokens
	redeemed map[uint64]redemption
}

// maxBetween is the longest time between two orders that is told from longer ones, in days.
const maxBetween = 1500

// A buyer is somebody who ordered lately, or has several ids.
type buyer struct {
	tokens []string // ascending
	first  int64    // ms: when they ordered for the first time; 0: never
	orders []order
	emails []attribution.Email
	which  []uint64 // touches that the emails are of
}

// order is one that stands.
type order struct {
	at       int64 // ms
	minor    int64
	currency string // empty: it isn't known what it cost
}

// A redemption is of an offer, and what it cost; without a currency that isn't known.
type redemption struct {
	minor    int64
	currency string
}

func newPeople(now time.Time, zone *time.Location, since time.Time, fifths *segment.Snapshot) *people {
	return &people{now: now, zone: zone, since: since.UnixMilli(), fifth: fifths, set: segment.NewSet(nil),
		months: map[string]*Month{}, cohorts: map[string]*Cohort{}, worth: map[string]*Worth{}, cells: map[[2]int]*Cell{},
		buyers: map[string]*buyer{}, redeemed: map[uint64]redemption{}}
}

// monthOf is the month of a time as "2026-11", and its number.
func monthOf(at time.Time) (name string, n int) {
	return at.Format("2006-01"), at.Year()*12 + int(at.Month())
}

// Add adds a person.
func (p *people) Add(k customer.Key, who *customer.Customer) {
	p.all.All++
	p.offers(who)
	p.remember(k, who)
	times := slices.DeleteFunc(who.OrderTimes(), func(at time.Time) bool { return at.After(p.now) })
	if len(times) == 0 {
		return
	}
	slices.SortFunc(times, time.Time.Compare)
	p.count(times)
	p.cohort(times, who)
	p.place(who)
}

// count counts a buyer who ordered at these times.
func (p *people) count(times []time.Time) {
	year, before := p.now.Add(-365*day), p.now.Add(-730*day)
	inYear, inBefore := 0, 0
	for i, at := range times {
		switch {
		case at.After(year):
			inYear++
		case at.After(before):
			inBefore++
		}
		if i > 0 {
			if days := int(at.Sub(times[i-1]).Hours() / 24); days > 0 {
				p.between[min(days, maxBetween)]++
			}
		}
	}
	p.all.Buyers += 1
	p.all.Repeat += one(len(times) > 1)
	p.all.Year += one(inYear > 0)
	p.all.YearRepeat += one(inYear > 1)
	p.churn.Before += one(inBefore > 0)
	p.churn.Gone += one(inBefore > 0 && inYear == 0)
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// cohort counts in which months a buyer ordered, and for how much.
func (p *people) cohort(times []time.Time, who *customer.Customer) {
	name, first := monthOf(times[0].In(p.zone))
	c := entry(p.cohorts, name)
	c.Customers++
	seen := map[string]bool{}
	for _, at := range times {
		month, n := monthOf(at.In(p.zone))
		m := entry(p.months, month)
		m.Orders++
		if seen[month] {
			continue
		}
		seen[month] = true
		m.Buyers++
		m.New += one(n == first)
		c.Active = grow(c.Active, n-first)
		c.Active[n-first]++
	}
	for i := range who.Orders {
		o := &who.Orders[i]
		if !stands(o) || o.Total.Currency == "" || o.PlacedAt().After(p.now) {
			continue
		}
		month, n := monthOf(o.PlacedAt().In(p.zone))
		m := entry(p.months, month)
		m.Revenue.add(o.Total.Currency, o.Total.Minor)
		m.Known.add(o.Total.Currency, 1)
		if c.Revenue == nil {
			c.Revenue = map[string][]int64{}
		}
		r := grow(c.Revenue[o.Total.Currency], max(n-first, 0))
		r[max(n-first, 0)] += o.Total.Minor
		c.Revenue[o.Total.Currency] = r
	}
}

// stands reports whether an order counts, and something is left of it.
func stands(o *customer.Order) bool { return o.Counts() && o.Undone() == 0 }

func entry[T any](of map[string]*T, key string) *T {
	if of[key] == nil {
		of[key] = new(T)
	}
	return of[key]
}

func grow[T any](s []T, at int) []T {
	for len(s) <= at {
		s = append(s, *new(T))
	}
	return s
}

// place finds where a buyer is among the others.
func (p *people) place(who *customer.Customer) {
	spent, known := who.Spent()
	if known {
		w := entry(p.worth, spent.Currency)
		w.Buyers, w.Spent = w.Buyers+1, w.Spent+spent.Minor
	}
	is, err := p.set.Of(p.fifth, segment.Input{Customer: who, Now: p.now})
	if err != nil {
		return // nothing was computed yet
	}
	if known && !math.IsNaN(is.Expected) {
		w := p.worth[spent.Currency]
		w.Foreseen, w.Orders = w.Foreseen+1, w.Orders+is.Expected
		w.Expected += int64(math.Round(is.Expected * float64(spent.Minor) / float64(spent.Orders)))
	}
	if !math.IsNaN(is.Chance) {
		p.churn.Foreseen, p.churn.Expected = p.churn.Foreseen+1, p.churn.Expected+1-is.Chance
	}
	at := [2]int{is.R, is.F}
	if p.cells[at] == nil {
		p.cells[at] = &Cell{Recency: is.R, Frequency: is.F}
	}
	cell := p.cells[at]
	cell.Customers++
	if known {
		cell.Spent.add(spent.Currency, spent.Minor)
	}
}

// remember keeps who ordered lately, and who has several ids.
func (p *people) remember(k customer.Key, who *customer.Customer) {
	b := &buyer{tokens: who.Tokens}
	if len(b.tokens) == 0 {
		b.tokens = []string{k.Token}
	}
	for _, at := range who.OrderTimes() {
		if b.first == 0 || at.UnixMilli() < b.first {
			b.first = at.UnixMilli()
		}
	}
	for i := range who.Orders {
		o := &who.Orders[i]
		if at := o.PlacedAt().UnixMilli(); stands(o) && at >= p.since && at <= p.now.UnixMilli() {
			b.orders = append(b.orders, order{at, o.Total.Minor, o.Total.Currency})
		}
	}
	if len(b.orders) == 0 && len(b.tokens) == 1 {
		return
	}
	for _, token := range b.tokens {
		p.buyers[token] = b
	}
}

// offers keeps which of a person's offers were redeemed.
func (p *people) offers(who *customer.Customer) {
	for _, o := range who.Offers {
		if with, at := who.RedeemedWith(o); !at.IsZero() {
			p.redeemed[o.Touch] = redemption{costOf(o, with), with.Total.Currency}
		}
	}
}

// costOf returns what an offer took off an order, by what was paid in the end; 0: it isn't
// known.
func costOf(o customer.Offer, with *customer.Order) int64 {
	switch {
	case o.Percent > 0 && o.Percent < 100:
		return int64(math.Round(float64(with.Total.Minor) * float64(o.Percent) / float64(100-o.Percent)))
	case o.Amount.Currency == with.Total.Currency:
		return o.Amount.Minor
	}
	return 0
}

// into writes what was found out into a snapshot.
func (p *people) into(s *Snapshot) {
	s.Customers, s.Churn = p.all, p.churn
	for _, name := range latest(p.months) {
		m := p.months[name]
		m.Month = name
		s.Months = append(s.Months, *m)
	}
	for _, name := range latest(p.cohorts) {
		c := p.cohorts[name]
		c.Month = name
		s.Cohorts = append(s.Cohorts, *c)
	}
	for _, currency := range slices.Sorted(maps.Keys(p.worth)) {
		w := p.worth[currency]
		w.Currency = currency
		s.Worth = append(s.Worth, *w)
	}
	for _, c := range p.cells {
		s.RFM = append(s.RFM, *c)
	}
	slices.SortFunc(s.RFM, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(b.Recency, a.Recency), cmp.Compare(a.Frequency, b.Frequency))
	})
	s.Between = betweenOf(p.between[:])
}

// latest are the names of the latest months, ascending.
func latest[T any](of map[string]*T) []string {
	names := slices.Sorted(maps.Keys(of))
	return names[max(len(names)-keptMonths, 0):]
}

func betweenOf(days []int) (b Between) {
	sum := 0
	for d, n := range days {
		b.Orders, sum = b.Orders+n, sum+d*n
	}
	if b.Orders == 0 {
		return b
	}
	b.Mean = float64(sum) / float64(b.Orders)
	seen := 0
	for d, n := range days {
		for part, of := range []*int{&b.Quarter, &b.Median, &b.Third} {
			if at := (b.Orders*(part+1) + 3) / 4; seen < at && seen+n >= at {
				*of = d
			}
		}
		seen += n
	}
	return b
}
