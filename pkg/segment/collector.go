package segment

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/expr-lang/expr/vm"

	"homing/pkg/customer"
	"homing/pkg/foresight"
)

// maxRows bounds what a night takes: some 130 bytes a customer. Of a store with more
// customers half of them are looked at, or a quarter, and so on, drawn by a hash: where
// fifths begin is known well enough then, and counts are what these say of all.
const maxRows = 1 << 19

// A Collector is shown every customer of a store once, in any order, and finds out what
// its Snapshot is. It is for one goroutine.
type Collector struct {
	at      time.Time
	set     *Set // nil: nothing is counted
	tiered  bool // some of it asks for the tier
	max     int  // rows
	rows    []row
	all     int    // customers, whether they are among the rows or not
	drawn   uint32 // hashes up to this are
	traits  []traits
	placeOf map[string]int32 // of traits, by what they are
}

// row is one customer.
type row struct {
	trace
	hash   uint32
	traits int32
}

// traits are what segments ask that has to do neither with orders nor with others. Many
// customers have the same.
type traits struct {
	language, country string
	holdout           bool
	tier              string
	answers           []bool // to all questions of the set
}

// NewCollector returns a Collector that has seen nobody, as of a time. It counts who is in
// the segments of a set; nil: it does not count.
func NewCollector(at time.Time, set *Set) *Collector {
	return &Collector{at: at, set: set, tiered: set != nil && set.Uses(set.names, tier), max: maxRows, drawn: math.MaxUint32, placeOf: map[string]int32{}}
}

// Orders are what a customer's orders amount to. They are the same on later nights, for as
// long as nothing about the orders changes and all of them are past.
type Orders struct {
	id    string
	trace trace
}

// OrdersOf returns a customer's, at a time.
func OrdersOf(c *customer.Customer, at time.Time) *Orders {
	return &Orders{c.ID.Value, traceOf(c, at)}
}

// AddOrders shows the Collector what a customer's orders amount to. Segments that ask for
// more are not counted right.
func (k *Collector) AddOrders(o *Orders) { k.add(o, 0) }

// Add shows the Collector a customer, whose Now is the collector's.
func (k *Collector) Add(in Input, o *Orders) {
	if k.set == nil {
		k.AddOrders(o)
		return
	}
	t := traits{language: languageOf(in.Customer), country: in.Customer.Country.Value, holdout: in.Holdout}
	key := append(make([]byte, 0, 64), t.language...)
	key = append(append(append(key, 0), t.country...), 0)
	key = strconv.AppendBool(key, t.holdout)
	if k.tiered {
		t.tier = in.tier()
		key = append(append(key, t.tier...), 0)
	}
	for _, name := range k.set.names {
		x := k.set.of[name]
		for i := range x.questions {
			yes := x.questions[i].answer(&in)
			t.answers = append(t.answers, yes)
			key = strconv.AppendBool(key, yes)
		}
	}
	place, ok := k.placeOf[string(key)]
	if !ok {
		place = int32(len(k.traits))
		k.placeOf[string(key)], k.traits = place, append(k.traits, t)
	}
	k.add(o, place)
}

func (k *Collector) add(o *Orders, place int32) {
	k.all++
	hash := customer.Lot(o.id)
	if hash > k.drawn {
		return
	}
	k.rows = append(k.rows, row{o.trace, hash, place})
	k.thin()
}

// thin draws fewer customers while there are too many.
func (k *Collector) thin() {
	for len(k.rows) > k.max {
		k.draw(k.drawn / 2)
	}
}

func (k *Collector) draw(most uint32) {
	k.drawn = most
	k.rows = slices.DeleteFunc(k.rows, func(r row) bool { return r.hash > most })
}

// Fork returns a Collector that is shown others, for Join to add.
func (k *Collector) Fork() *Collector {
	f := NewCollector(k.at, k.set)
	f.max = k.max
	return f
}

// Join adds what a fork was shown.
func (k *Collector) Join(f *Collector) {
	if k.all += f.all; f.drawn < k.drawn {
		k.draw(f.drawn)
	}
	places := make([]int32, max(1, len(f.traits))) // without a set all rows have the first
	for key, was := range f.placeOf {
		place, ok := k.placeOf[key]
		if !ok {
			place = int32(len(k.traits))
			k.placeOf[key], k.traits = place, append(k.traits, f.traits[was])
		}
		places[was] = place
	}
	for _, r := range f.rows {
		if r.hash <= k.drawn {
			r.traits = places[r.traits]
			k.rows = append(k.rows, r)
		}
	}
	k.thin()
}

// Snapshot returns what was found out, with what is known of who comes back and how often
// customers order.
func (k *Collector) Snapshot(lapse foresight.Lapse, worth foresight.Worth) *Snapshot {
	s := &Snapshot{Version: version, At: k.at, Customers: k.all, Lapse: lapse, Worth: worth}
	if k.drawn != math.MaxUint32 {
		s.Share = float64(len(k.rows)) / float64(k.all)
	}
	k.fifths(s)
	foreseen := k.thirds(s)
	buyers := 0
	for i := range k.rows {
		if k.rows[i].orders > 0 {
			buyers++
		}
	}
	s.Buyers = k.scaled(buyers)
	if k.set != nil {
		k.count(s, foreseen)
	}
	return s
}

// scaled is how many of all customers are what so many of the rows are.
func (k *Collector) scaled(n int) int {
	if len(k.rows) == k.all {
		return n
	}
	return int(math.Round(float64(n) * float64(k.all) / float64(len(k.rows))))
}

// fifths finds where the fifths begin.
func (k *Collector) fifths(s *Snapshot) {
	recent, often, money := make([]int64, 0, len(k.rows)), make([]int64, 0, len(k.rows)), map[string][]int64{}
	for i := range k.rows {
		r := &k.rows[i]
		if r.orders == 0 {
			continue
		}
		recent, often = append(recent, r.last), append(often, int64(r.orders))
		if r.spent.Orders > 0 {
			money[r.spent.Currency] = append(money[r.spent.Currency], r.spent.Minor)
		}
	}
	begins(recent, true, s.Recency[:])
	begins(often, false, s.Frequency[:])
	if len(money) > 0 {
		s.Money = map[string]Fifths{}
	}
	for currency, all := range money {
		var f Fifths
		begins(all, false, f[:])
		s.Money[currency] = f
	}
}

// foreseen is what is foreseen of a row.
type foreseen struct{ expected, chance float64 }

// thirds finds where the thirds begin, and returns what is foreseen of each row.
func (k *Collector) thirds(s *Snapshot) []foreseen {
	out, chances, value := make([]foreseen, len(k.rows)), make([]float64, 0, len(k.rows)), map[string][]int64{}
	for i := range k.rows {
		r := &k.rows[i]
		f := &out[i]
		f.expected, f.chance = s.foresee(&r.trace)
		if !math.IsNaN(f.chance) {
			chances = append(chances, f.chance)
		}
		if v, known := worth(f.expected, r.spent); known {
			value[r.spent.Currency] = append(value[r.spent.Currency], v)
		}
	}
	begins(chances, true, s.Chance[:])
	if len(value) > 0 {
		s.Value = map[string]Thirds[int64]{}
	}
	for currency, all := range value {
		var t Thirds[int64]
		begins(all, false, t[:])
		s.Value[currency] = t
	}
	return out
}

// count counts who is in which segment.
func (k *Collector) count(s *Snapshot, foreseen []foreseen) {
	s.Counts, s.Asked = map[string]int{}, map[string]string{}
	var (
		e       env
		p       Profile
		machine vm.VM
	)
	for i := range k.rows {
		r := &k.rows[i]
		p = Profile{}
		s.place(&p, &r.trace, foreseen[i].expected, foreseen[i].chance)
		t := &k.traits[r.traits]
		p.Language, p.Country, p.Holdout, p.Tier = t.language, t.country, t.holdout, t.tier
		e.names(&p, k.at)
		from := 0
		for _, name := range k.set.names {
			x := k.set.of[name]
			e.Answers = t.answers[from : from+len(x.questions)]
			from += len(x.questions)
			if x.holds(&e, &machine) {
				s.Counts[name]++
			}
		}
	}
	for _, name := range k.set.names {
		s.Counts[name], s.Asked[name] = k.scaled(s.Counts[name]), k.set.of[name].text
	}
}
