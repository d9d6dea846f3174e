package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/product"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/replenishment"
)

// result is how well a shop was foretold.
type result struct {
	purchases, again int       // that were foretold; bought again within 100 days
	ours             []float64 // days by which each of the latter was off
	byProduct        []float64 // the median of the product's intervals, of the shop's where there are none
	byCustomer       []float64 // the customer's, over all products; else as byProduct
	fifty            []float64 // always 50 days
	learned          []float64 // what follows from a model without constants of the shop

	reminders, useful, never int // of reminders, those before a purchase within 14 days, and those never followed by any
	anyDay, anyUseful        int // the same of a random day of the hundred after each purchase
	bands                    []band
	model                    foresight.Model
	lapse                    lapsed
}

// band is what chances of about one size came to.
type band struct {
	from, to    float64
	n, happened int
	stated      float64 // Σ
}

// within is what counts as bought again, for dates.
const within = 100 * day

// replay lives through a shop, and foretells what lies between its from and its until.
type replay struct {
	shop
	result
	people   map[string]*customer.Customer
	bought   map[[2]string][]time.Time // when a customer bought a product, in all of the history
	snapshot *product.Snapshot
	worker   workers.Worker
	dues     []due
	product  map[string][]float64 // intervals that are over, by product
	customer map[string][]float64
	last     map[[2]string]time.Time
	chance   *rand.Rand
}

type due struct {
	touch touch.Touch
	who   string
	id    string
}

func run(s shop) (result, error) {
	w, err := replenishment.Kind.New(func(any) error { return nil })
	if err != nil {
		return result{}, err
	}
	r := &replay{shop: s, people: map[string]*customer.Customer{}, bought: map[[2]string][]time.Time{}, worker: w,
		product: map[string][]float64{}, customer: map[string][]float64{}, last: map[[2]string]time.Time{}, chance: rand.New(rand.NewPCG(1, 1))}
	for _, b := range [][2]float64{{0.15, 0.2}, {0.2, 0.3}, {0.3, 0.4}, {0.4, 0.6}, {0.6, 1}} {
		r.bands = append(r.bands, band{from: b[0], to: b[1]})
	}
	for _, e := range s.orders {
		d := e.Data.(*events.OrderPlaced)
		for _, it := range d.Order.Items {
			k := [2]string{d.Customer.ID, it.ProductID}
			if ts := r.bought[k]; len(ts) == 0 || e.Time.Sub(ts[len(ts)-1]) >= day {
				r.bought[k] = append(ts, e.Time)
			}
		}
	}
	night := s.orders[0].Time
	for _, e := range s.orders {
		for night = r.nights(night, e.Time); len(r.dues) > 0 && !r.dues[0].touch.Due.After(e.Time); {
			r.remind()
		}
		r.order(e)
	}
	r.nights(night, s.end)
	for len(r.dues) > 0 && r.dues[0].touch.Due.Before(s.end.Add(-14*day)) {
		r.remind()
	}
	r.model = r.snapshot.Model()
	r.result.lapse = r.lapses()
	return r.result, nil
}

// often is after how long statistics are computed again: a shop does every night.
const often = 7 * day

// nights computes the statistics as of the nights up to a time, and returns the next.
func (r *replay) nights(next, now time.Time) time.Time {
	for ; !next.After(now); next = next.Add(often) {
		if next.Before(r.from.Add(-70 * day)) {
			continue // nothing is foretold by them
		}
		k := product.NewCollector(next, r.snapshot)
		for _, c := range r.people {
			k.Add(c)
		}
		r.snapshot = k.Snapshot()
	}
	return next
}

// order folds an order and foretells it.
func (r *replay) order(e events.Event) {
	d := e.Data.(*events.OrderPlaced)
	c := r.people[d.Customer.ID]
	if c == nil {
		c = &customer.Customer{}
		r.people[d.Customer.ID] = c
	}
	customer.Apply(c, e)
	foretold := !e.Time.Before(r.from) && e.Time.Before(r.until)
	habits, model := product.HabitsOf(c), r.snapshot.Model()
	plain := foresight.Shop{}
	if r.snapshot != nil {
		plain.Sums = r.snapshot.Foresight.Sums
	}
	all := habits.Sums(e.Time)
	for id, pair := range habits.Pairs() {
		k := [2]string{d.Customer.ID, id}
		ts := pair.Buys
		if !ts[len(ts)-1].At.Equal(e.Time) {
			continue
		}
		if foretold {
			r.purchases++
			x := foresight.Case{Product: r.snapshot.Sums(id, e.Time), Customer: all, Pair: pair}
			pieces := ts[len(ts)-1].Pieces
			r.date(k, e.Time, model.Days(x, pieces), plain.Model().Days(x, pieces))
			r.someDay(k, e.Time)
		}
		if last, ok := r.last[k]; ok {
			days := e.Time.Sub(last).Hours() / 24
			r.product[id], r.product[""] = append(r.product[id], days), append(r.product[""], days)
			r.customer[k[0]] = append(r.customer[k[0]], days)
		}
		r.last[k] = e.Time
	}
	if !foretold {
		return
	}
	in := workers.Input{Event: e, Customer: c, Products: r.snapshot, Zone: time.UTC, Now: e.Time}
	for _, t := range r.worker.Plan(in) {
		r.plan(due{t, k0(d), t.Snapshot.Items[0].ProductID})
	}
}

func k0(d *events.OrderPlaced) string { return d.Customer.ID }

func (r *replay) plan(x due) {
	i, _ := slices.BinarySearchFunc(r.dues, x, func(a, b due) int { return a.touch.Due.Compare(b.touch.Due) })
	r.dues = slices.Insert(r.dues, i, x)
}

// next is the first purchase after a time, if there is one.
func (r *replay) next(k [2]string, at time.Time) (time.Time, bool) {
	for _, t := range r.bought[k] {
		if t.After(at) {
			return t, true
		}
	}
	return time.Time{}, false
}

// date compares when something was bought again with what was foretold.
func (r *replay) date(k [2]string, at time.Time, ours, plain float64) {
	next, ok := r.next(k, at)
	if !ok || next.Sub(at) > within {
		return
	}
	r.again++
	was := next.Sub(at).Hours() / 24
	off := func(xs *[]float64, days float64) { *xs = append(*xs, max(days-was, was-days)) }
	product, ok := median(r.product[k[1]])
	if !ok {
		if product, ok = median(r.product[""]); !ok {
			product = 50
		}
	}
	own, ok := median(r.customer[k[0]])
	if !ok {
		own = product
	}
	off(&r.ours, ours)
	off(&r.learned, plain)
	off(&r.byProduct, product)
	off(&r.byCustomer, own)
	off(&r.fifty, 50)
}

// someDay asks what a reminder on a random day would have brought.
func (r *replay) someDay(k [2]string, at time.Time) {
	on := at.Add(time.Duration(r.chance.Float64() * float64(within)))
	next, ok := r.next(k, at)
	if ok && next.Before(on) || on.Add(14*day).After(r.end) {
		return
	}
	r.anyDay++
	if ok && next.Before(on.Add(14*day)) {
		r.anyUseful++
	}
}

// remind judges the reminder that falls due first.
func (r *replay) remind() {
	x := r.dues[0]
	r.dues = r.dues[1:]
	now := x.touch.Due
	if now.Add(14 * day).After(r.end) {
		return
	}
	in := workers.Input{Customer: r.people[x.who], Products: r.snapshot, Zone: time.UTC, Now: now}
	switch v := r.worker.Wanted(x.touch, in); v.Action {
	case touch.Hold:
		x.touch.Due = v.Until
		r.plan(x)
	case touch.Send:
		r.sent(x, in)
	}
}

func (r *replay) sent(x due, in workers.Input) {
	k := [2]string{x.who, x.id}
	habits := product.HabitsOf(in.Customer)
	p := r.snapshot.Model().Chance(foresight.Case{Product: r.snapshot.Sums(x.id, in.Now), Customer: habits.Sums(in.Now), Pair: habits.Pair(x.id)}, in.Now, 14*day)
	next, ok := r.next(k, in.Now)
	soon := ok && next.Before(in.Now.Add(14*day))
	r.reminders++
	if soon {
		r.useful++
	}
	if !ok {
		r.never++
	}
	for i := range r.bands {
		if b := &r.bands[i]; p >= b.from && p < b.to {
			b.n, b.stated = b.n+1, b.stated+p
			if soon {
				b.happened++
			}
		}
	}
}

func median(xs []float64) (float64, bool) {
	if len(xs) == 0 {
		return 0, false
	}
	s := slices.Sorted(slices.Values(xs))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2, true
}
