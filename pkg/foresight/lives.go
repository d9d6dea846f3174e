package foresight

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
	"time"
)

// Lives learn the constants of a shop by living through what some of its customers did:
// after each purchase they say, by what was known of the customer then and is known of the
// shop now, when it runs out and how likely it is bought again, and look what happened. A
// pair's own future is not in what is known of the product.
type Lives struct {
	now      time.Time
	shop     Model
	products func(id string) Sums

	// Sums of products of differences, in millionths: the same whatever the order.
	pieces [2]int64 // Σxx, Σxy: ln days by ln pieces, within pairs
	others [5]int64 // Σcc, Σcp, Σpp, Σcy, Σpy: a first interval by what others say
	own    [2]int64 // Σxx, Σxy: a second interval by the first
	seen   int64    // intervals
	bands  map[int]band

	// Of the customer who is looked at: what the one before needed is used again.
	all        []life
	buys, dues []moment
}

// band is how many chances of about one size there were, and how many came true.
type band struct{ n, hits int64 }

func (b band) plus(o band) band { return band{b.n + o.n, b.hits + o.hits} }

// Of chances.
const (
	lead       = 5 * 24 * time.Hour  // an email leaves so long before what was bought runs out
	soon       = 14 * 24 * time.Hour // and asks for a purchase within this time
	bandsOfE   = 20                  // bands by which the expected purchases grow e times
	worthwhile = 0.08                // expected purchases below which no shop sends anything
)

// NewLives returns Lives that have seen nobody. products are the sums of each product over
// all customers; now is when they were computed.
func NewLives(now time.Time, shop Shop, products func(id string) Sums) *Lives {
	return &Lives{now: now, shop: shop.Model(), products: products, bands: map[int]band{}}
}

// Add lives through what one customer did, by product: in any order.
func (l *Lives) Add(pairs iter.Seq2[string, Pair]) {
	all, buys, dues := l.all[:0], l.buys[:0], l.dues[:0]
	for id, p := range pairs {
		if len(p.Intervals) == len(p.Buys)-1 { // else a pause of years is in it
			all = append(all, life{product: id, Pair: p})
		}
	}
	slices.SortFunc(all, func(a, b life) int { return cmp.Compare(a.product, b.product) })
	for i := range all {
		x := &all[i]
		l.exponent(x.Pair)
		x.others = l.products(x.product).Less(x.Sums(l.now))
		for j, b := range x.Buys {
			buys = append(buys, moment{at: b.At, of: x, buys: j + 1, place: len(buys)})
		}
	}
	l.all, l.buys = all, buys
	slices.SortFunc(buys, byTime)
	run := running{}
	for _, m := range buys {
		run.buy(m)
		if due, ok := l.learn(m, run.sums(m.at)); ok {
			due.place = len(dues)
			dues = append(dues, due)
		}
	}
	l.dues = dues
	slices.SortFunc(dues, byTime)
	run = running{}
	for _, m := range dues {
		for len(buys) > 0 && !buys[0].at.After(m.at) {
			run.buy(buys[0])
			buys = buys[1:]
		}
		l.chance(m, run.sums(m.at))
	}
}

// Join adds what was learned from others, by the same shop and as of the same time.
func (l *Lives) Join(o *Lives) {
	for i, x := range o.pieces {
		l.pieces[i] += x
	}
	for i, x := range o.others {
		l.others[i] += x
	}
	for i, x := range o.own {
		l.own[i] += x
	}
	l.seen += o.seen
	for i, b := range o.bands {
		l.bands[i] = l.bands[i].plus(b)
	}
}

// life is all that a customer did with a product.
type life struct {
	product string
	others  Sums // of the product's other customers
	Pair
}

// moment is a purchase, or when an email about it would leave.
type moment struct {
	at   time.Time
	of   *life
	buys int // how many of its purchases have happened

	place int // of two at one time the one with the lower place is first
}

func byTime(a, b moment) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.place, b.place)) }

// known is the case as it was then.
func (m moment) known(customer Sums) Case {
	p := Pair{m.of.Buys[:m.buys], m.of.Intervals[:m.buys-1]}
	return Case{Product: m.of.others.Plus(p.Sums(m.at)), Customer: customer, Pair: p}
}

// next is the purchase that followed, if one did.
func (m moment) next() (time.Time, bool) {
	if m.buys == len(m.of.Buys) {
		return time.Time{}, false
	}
	return m.of.Buys[m.buys].At, true
}

// running are the sums of a customer over all products, as time passes.
type running struct {
	Sums
	firsts int64 // Σ hours since 1970 of the first purchases
}

func (r *running) buy(m moment) {
	if m.buys == 1 {
		r.Pairs++
		r.firsts += m.at.Unix() / 3600
		return
	}
	r.Again++
	r.interval(m.of.Intervals[m.buys-2])
}

func (r *running) sums(at time.Time) Sums {
	s := r.Sums
	s.Exposure = s.Pairs*(at.Unix()/3600) - r.firsts
	return s
}

// exponent learns how much longer more pieces last, from one customer's purchases of one
// product: who always buys much has another rhythm for other reasons.
func (l *Lives) exponent(p Pair) {
	n := float64(len(p.Intervals))
	if n < 2 {
		return
	}
	x, y := 0.0, 0.0
	for _, i := range p.Intervals {
		x, y = x+i.lnPieces/n, y+i.lnDays/n
	}
	for _, i := range p.Intervals {
		l.pieces[0] += fixed((i.lnPieces - x) * (i.lnPieces - x))
		l.pieces[1] += fixed((i.lnPieces - x) * (i.lnDays - y))
	}
}

// learn compares for how long something lasted with what would have been said, and returns
// when an email would have left, if it would.
func (l *Lives) learn(m moment, customer Sums) (due moment, ok bool) {
	c := m.known(customer)
	pieces := m.of.Buys[m.buys-1].Pieces
	if i := m.buys - 1; i < len(m.of.Intervals) {
		y := m.of.Intervals[i].lnDays - l.shop.Exponent*lnPieces(pieces)
		l.seen++
		switch len(c.Pair.Intervals) {
		case 0:
			a, b, d := l.shop.apart(c.Customer, customerCounts), l.shop.apart(c.Product, productCounts), y-l.shop.mean
			for i, x := range [5]float64{a * a, a * b, b * b, a * d, b * d} {
				l.others[i] += fixed(x)
			}
		case 1:
			first := c.Pair.Intervals[0]
			a, b := first.lnDays-l.shop.Exponent*first.lnPieces, l.shop.others(c)
			l.own[0] += fixed((a - b) * (a - b))
			l.own[1] += fixed((a - b) * (y - b))
		}
	}
	lasts := time.Duration(l.shop.Days(c, pieces) * 24 * float64(time.Hour))
	m.at = m.at.Add(max(lasts-lead, lasts/2))
	next, again := m.next()
	return m, !m.at.Add(soon).After(l.now) && (!again || next.After(m.at))
}

// chance notes what would have been expected, and whether it happened.
func (l *Lives) chance(m moment, customer Sums) {
	x := l.shop.expected(m.known(customer), m.at, soon)
	if x < worthwhile {
		return
	}
	i := int(math.Round(math.Log(x) * bandsOfE))
	b := l.bands[i]
	b.n++
	if next, again := m.next(); again && next.Before(m.at.Add(soon)) {
		b.hits++
	}
	l.bands[i] = b
}

// For how much the priors count, beside what was seen: so many squares of differences of
// ln(days), or of ln(pieces).
const (
	exponentCounts = 10.0
	sharesCount    = 20.0
	knownCounts    = 20.0
	chancesCount   = 30.0

	enough = 200 // intervals below which a shop has no constants of its own
)

// Constants returns what was learned; of too few, none.
func (l *Lives) Constants() Constants {
	if l.seen < enough {
		return Constants{}
	}
	was := func(x int64) float64 { return float64(x) / unit }
	c := priors
	c.Exponent = between((was(l.pieces[1])+exponentCounts*priors.Exponent)/(was(l.pieces[0])+exponentCounts), 0, 1)
	o := l.others
	shares := solve([3][3]float64{
		{was(o[0]) + sharesCount, was(o[1]), 0},
		{was(o[1]), was(o[2]) + sharesCount, 0},
	}, [3]float64{was(o[3]) + sharesCount*priors.OfCustomer, was(o[4]) + sharesCount*priors.OfProduct})
	c.OfCustomer, c.OfProduct = between(shares[0], 0, 2), between(shares[1], 0, 2)
	share := (was(l.own[1]) + knownCounts/(1+priors.Known)) / (was(l.own[0]) + knownCounts)
	c.Known = 1/between(share, 1.0/20, 2.0/3) - 1
	c.Level, c.Slope = l.calibrated()
	return c
}

// calibrated returns what makes the chances of the past come true.
func (l *Lives) calibrated() (level, slope float64) {
	keys := slices.Sorted(maps.Keys(l.bands))
	gs := make([]group, len(keys))
	for j, i := range keys {
		b := l.bands[i]
		gs[j] = group{x: [3]float64{1, float64(i) / bandsOfE}, n: float64(b.n), hits: float64(b.hits)}
	}
	w := fit(gs, cloglog, [3]float64{priors.Level, priors.Slope}, [3]float64{chancesCount, chancesCount, 1})
	return between(w[0], -2, 2), between(w[1], 0.25, 3)
}

func between(x, low, high float64) float64 { return min(max(x, low), high) }
