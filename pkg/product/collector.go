package product

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/segment"
)

// Bounds of a snapshot and of computing it. With all of them reached a collector
// takes some 120 MB and a snapshot is some 60 MB of JSON.
const (
	MaxProducts = 100_000 // of a snapshot: those with the most evidence
	maxTracked  = 250_000 // while it is computed; the first ones seen

	maxLives = 2_000               // customers that constants are learned from; their hashes draw them
	relearn  = 28 * 24 * time.Hour // after which constants are learned again: they hardly move
)

// A Collector computes the statistics of one shop from all of its customers. They are the
// same whatever the order of the customers.
type Collector struct {
	at      time.Time
	before  *Snapshot // of the night before; nil: there is none
	tonight *Parts    // what was counted
	kept    *Parts    // and what had been before
	heard   *Parts    // has what the shop says of its products
	sales   customer.Sales

	silences *foresight.Silences
	lives    *foresight.Lives // nil: constants are not learned this night
	repeats  []foresight.Repeat
	drawn    uint32 // hashes up to this are of those that constants are learned from

	segments *segment.Collector // nil: segments are not computed
	knows    func(in *segment.Input)
}

// NewCollector returns a collector that has seen nobody. What it computes is as of a time;
// before are the statistics of the night before, if there are any: constants are learned
// by them.
func NewCollector(at time.Time, before *Snapshot) *Collector {
	k := &Collector{at: at, before: before, tonight: NewParts(at), kept: NewParts(at), silences: foresight.NewSilences(at)}
	k.heard = k.tonight
	if before != nil && !before.Outdated() && before.Customers > 0 && at.Sub(before.LearnedAt) >= relearn {
		k.lives = foresight.NewLives(before.At, before.Foresight, func(id string) foresight.Sums { return before.Products[id].Sums })
		k.drawn = uint32(math.MaxUint32 * min(1, maxLives/float64(before.Customers)))
	}
	return k
}

// Segment has the Collector find out where the fifths and thirds of customers begin, and
// count who is in the segments of a set, unless that is nil. knows puts into
// an input what is known of the customer in it that is not in their record; nil: nothing is.
// It is called before anybody is added.
func (k *Collector) Segment(set *segment.Set, knows func(in *segment.Input)) {
	k.segments, k.knows = segment.NewCollector(k.at, set), knows
}

// Segments puts into a snapshot what was found out about segments, if anything was. Worth
// comes before it.
func (k *Collector) Segments(s *Snapshot) {
	if k.segments != nil {
		s.Segments = k.segments.Snapshot(s.Lapse, s.Worth)
	}
}

// segment counts one customer.
func (k *Collector) segment(c *customer.Customer, p *Part) {
	if k.segments == nil || p.id == "" {
		return
	}
	p.Rank(c)
	in := segment.Input{Customer: c, Category: k.category, Now: k.at}
	if k.knows != nil {
		k.knows(&in)
	}
	k.segments.Add(in, p.ranks)
}

// category is what the shop says of a product.
func (k *Collector) category(product string) string {
	if t := k.heard.products[product]; t != nil {
		return t.Category
	}
	return ""
}

// Sold counts an order of nobody: each is one buyer of its products. Of an order that
// is told again the first telling counts, and a test is no order.
func (k *Collector) Sold(e events.Event) {
	o := k.sales.Order(e)
	if o == nil {
		return
	}
	seen := map[string]bool{}
	for _, it := range o.Items {
		if t := k.tonight.of(it.ProductID); t != nil && !seen[it.ProductID] {
			seen[it.ProductID] = true
			t.Buyers++
		}
	}
}

// Hear takes over what the shop says of a product.
func (k *Collector) Hear(e events.Event) {
	d, ok := e.Data.(*events.ProductUpdated)
	if !ok {
		return
	}
	if t := k.tonight.of(d.Product.ID); t != nil {
		t.hear(&d.Product, e.Time.UnixMilli())
	}
}

// Snapshot returns what was found. A product of which nobody says anything and that no
// customer bought is not in it.
func (k *Collector) Snapshot() *Snapshot {
	s := &Snapshot{Version: version, At: k.at, Customers: k.tonight.customers + k.kept.customers, Lapse: k.silences.Lapse()}
	s.Foresight.Sums = k.tonight.shop.Plus(k.kept.shop)
	k.learn(s)
	model := s.Model()
	s.Shop = rhythm(model, s.Foresight.Sums, k.tonight.visitors+k.kept.visitors)
	s.Products = make(map[string]Product, max(len(k.kept.products), len(k.tonight.products)))
	put := func(id string, t *tally) {
		if t.Rhythm = rhythm(model, t.Sums, t.cameBack); t.said() || t.Sums.Pairs > 0 {
			s.Products[id] = t.Product
		}
	}
	for id, t := range k.kept.products {
		if more := k.tonight.products[id]; more != nil {
			t = more.plus(t)
		}
		put(id, t)
	}
	for id, t := range k.tonight.products {
		if k.kept.products[id] == nil {
			put(id, t)
		}
	}
	if over := len(s.Products) - MaxProducts; over > 0 {
		s.More += over
		for _, id := range s.ByEvidence()[MaxProducts:] {
			delete(s.Products, id)
		}
	}
	return s
}

// plus adds what else was counted of a product.
func (t *tally) plus(o *tally) *tally {
	x := *t
	x.Buyers, x.cameBack, x.Sums = t.Buyers+o.Buyers, t.cameBack+o.cameBack, t.Sums.Plus(o.Sums)
	return &x
}

// learn puts the constants into a snapshot: those that were learned this night, or else
// those of the night before.
func (k *Collector) learn(s *Snapshot) {
	if k.before != nil {
		s.LearnedAt, s.Foresight.Constants, s.Worth = k.before.LearnedAt, k.before.Foresight.Constants, k.before.Worth
	}
	if k.learns(s.Foresight.Sums) {
		s.LearnedAt, s.Foresight.Constants = k.at, k.lives.Constants()
	}
}

// learns reports whether constants are learned this night. Those of the night before may
// have been learned by another shop: an import came.
func (k *Collector) learns(shop foresight.Sums) bool {
	return k.lives != nil && 2*k.before.Foresight.Intervals >= shop.Intervals
}

// Worth puts into a snapshot what customers are worth, which is learned with the constants.
// It is apart, since it takes longer than all the rest, and nothing is decided by it.
func (k *Collector) Worth(s *Snapshot) {
	if k.learns(s.Foresight.Sums) {
		s.Worth = foresight.WorthOf(k.repeats)
	}
}

func rhythm(m foresight.Model, s foresight.Sums, customers int) Rhythm {
	return Rhythm{Days: math.Round(m.Usual(s)*1000) / 1000, Intervals: int(s.Intervals), Customers: customers}
}

// ByEvidence returns the ids of the products, those first of which most is known:
// by customers who came back, then by what the shop says, above all that a product
// cannot be bought, then by buyers.
func (s *Snapshot) ByEvidence() []string {
	if s == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(s.Products), func(a, b string) int { return byEvidence(a, s.Products[a], b, s.Products[b]) })
}

func byEvidence(a string, x Product, b string, y Product) int {
	return cmp.Or(cmp.Compare(y.Rhythm.Customers, x.Rhythm.Customers), cmp.Compare(y.word(), x.word()),
		cmp.Compare(y.Buyers, x.Buyers), cmp.Compare(a, b))
}
