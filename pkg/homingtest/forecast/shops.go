package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"homing/events"
)

const day = 24 * time.Hour

// shop is a history to be judged by: orders of customers, by time.
type shop struct {
	name   string
	orders []events.Event
	// What happens from the first time on is foretold, until the second; what came of it
	// is looked up until the end.
	from, until, end time.Time
}

// begins is the first day of the shops that are made up.
var begins = time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)

// made returns the orders of a shop that is made up, from its seed: fill places them.
func made(name string, seed uint64, fill func(r *rand.Rand, place func(who int, at float64, items map[string]int))) shop {
	s := shop{name: name, from: begins.Add(365 * day), until: begins.Add(455 * day), end: begins.Add(545 * day)}
	n := 0
	fill(rand.New(rand.NewPCG(seed, 15)), func(who int, at float64, items map[string]int) {
		if at < 0 || at >= 545 || len(items) == 0 {
			return
		}
		n++
		ids := make([]string, 0, len(items))
		for id := range items {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		o := events.Order{ID: fmt.Sprint(name, "-", n)}
		for _, id := range ids {
			o.Items = append(o.Items, events.Item{ProductID: id, Name: id, Quantity: items[id]})
		}
		when := begins.Add(time.Duration(at * float64(day))).Truncate(time.Second)
		d := &events.OrderPlaced{Customer: events.Customer{ID: fmt.Sprint("c", who)}, Order: o}
		s.orders = append(s.orders, events.Event{ID: o.ID, Source: "/made/" + name, Store: "main", Type: d.Type(), Time: when, Data: d})
	})
	slices.SortStableFunc(s.orders, func(a, b events.Event) int { return a.Time.Compare(b.Time) })
	return s
}

// gamma draws from a gamma distribution of that shape, with mean 1 (Marsaglia and Tsang, 2000).
func gamma(r *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(r, shape+1) * (shape + 1) / shape * math.Pow(r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for {
		x := r.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v / shape
		}
	}
}

// gifts is a wholesaler: customers come when they come, buy many of many things, and buy
// some of them again the next time; how many pieces says next to nothing.
func gifts(seed uint64) shop {
	return made("gifts", seed, func(r *rand.Rand, place func(int, float64, map[string]int)) {
		const products = 1500
		again := make([]float64, products)
		for i := range again {
			again[i] = 0.12 * gamma(r, 1.2)
		}
		popular := rand.NewZipf(r, 1.1, 20, products-1)
		for who := range 3500 {
			every, likes, stays := 45/gamma(r, 1.5), gamma(r, 2), 1-0.25*r.Float64()
			had := []int{}
			for at := -300 + 845*r.Float64(); at < 545; at += every * (r.ExpFloat64() + r.ExpFloat64()) / 2 {
				items := map[string]int{}
				for _, p := range had {
					if r.Float64() < again[p]*likes {
						items[fmt.Sprint("p", p)] = 1 << r.IntN(5)
					}
				}
				for range 3 + r.IntN(15) {
					p := int(popular.Uint64())
					items[fmt.Sprint("p", p)] = 1 << r.IntN(5)
					if !slices.Contains(had, p) {
						had = append(had, p)
					}
				}
				place(who, at, items)
				if r.Float64() > stays {
					break
				}
			}
		}
	})
}

// opened is a shop like staples that has been open for two months, with few customers.
func opened(seed uint64) shop {
	s := staples("opened", seed, 250, 0)
	s.from, s.until, s.end = begins.Add(45*day), begins.Add(75*day), begins.Add(175*day)
	s.orders = slices.DeleteFunc(s.orders, func(e events.Event) bool { return e.Time.After(s.end) })
	return s
}

// staples sells what is used up: each product lasts its time, more pieces last longer, and
// customers use more or less; kettles are bought once. The first customers come on a day
// from the beginning.
func staples(name string, seed uint64, customers int, first float64) shop {
	return made(name, seed, func(r *rand.Rand, place func(int, float64, map[string]int)) {
		const products = 60
		lasts := make([]float64, products)
		for i := range lasts {
			lasts[i] = 15 * math.Pow(6, r.Float64())
		}
		for who := range customers {
			uses, leaves := math.Exp(0.25*r.NormFloat64()), 0.05+0.25*r.Float64()
			for range 1 + r.IntN(4) {
				p := r.IntN(products)
				usual := 1 + r.IntN(3)
				for at := first + (545-first)*r.Float64(); at < 545; {
					pieces := usual
					if r.Float64() < 0.3 {
						pieces = 1 + r.IntN(4)
					}
					items := map[string]int{fmt.Sprint("p", p): pieces}
					if r.Float64() < 0.1 {
						items[fmt.Sprint("kettle", r.IntN(30))] = 1
					}
					place(who, at, items)
					if r.Float64() < leaves {
						break
					}
					at += lasts[p] * uses * math.Pow(float64(pieces), 0.8) * math.Exp(0.3*r.NormFloat64())
				}
			}
		}
	})
}

// records sells what hardly anybody buys twice, to many customers, most of whom stay away
// after one or two orders.
func records(seed uint64) shop {
	return made("records", seed, func(r *rand.Rand, place func(int, float64, map[string]int)) {
		const products = 4000
		popular := rand.NewZipf(r, 1.2, 30, products-1)
		for who := range 18000 {
			every, leaves := 60/gamma(r, 0.6), math.Pow(r.Float64(), 2)
			last := []int{}
			for at := -300 + 845*r.Float64(); at < 545; at += every * r.ExpFloat64() {
				items, these := map[string]int{}, []int{}
				for range 1 + r.IntN(3) {
					p := int(popular.Uint64())
					if len(last) > 0 && r.Float64() < 0.06 { // what they liked, as a present
						p = last[r.IntN(len(last))]
					}
					items[fmt.Sprint("p", p)] = 1
					these = append(these, p)
				}
				last = these
				place(who, at, items)
				if r.Float64() < leaves {
					break
				}
			}
		}
	})
}

// history reads a shop's own history: JSON lines of order.placed, one month of it or more.
// The last two fifths of it are foretold.
func history(path string) (shop, error) {
	f, err := os.Open(path)
	if err != nil {
		return shop{}, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return shop{}, err
		}
	}
	s := shop{name: "history"}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 4*events.MaxSize)
	for n := 1; lines.Scan(); n++ {
		e, err := events.Decode(events.Raw{Subject: events.Subject("main", events.TypeOrderPlaced), Data: lines.Bytes()}, time.Now())
		if err != nil {
			return shop{}, fmt.Errorf("line %d: %w", n, err)
		}
		if d, ok := e.Data.(*events.OrderPlaced); ok && d.Customer.ID != "" {
			s.orders = append(s.orders, e)
		}
	}
	if err := lines.Err(); err != nil || len(s.orders) == 0 {
		return shop{}, fmt.Errorf("%s: %d orders: %v", path, len(s.orders), err)
	}
	slices.SortStableFunc(s.orders, func(a, b events.Event) int { return a.Time.Compare(b.Time) })
	first, last := s.orders[0].Time, s.orders[len(s.orders)-1].Time
	s.from, s.end = first.Add(last.Sub(first)*3/5), last
	s.until = last
	return s, nil
}
