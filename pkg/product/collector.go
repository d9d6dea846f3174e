package product

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// Bounds of a snapshot and of computing it. With all of them reached a collector
// holds some 300 MB and a snapshot is some 20 MB of JSON.
const (
	MaxProducts = 100_000 // of a snapshot: those with the most evidence
	maxTracked  = 250_000 // while it is computed; the first ones seen

	perProduct  = 101    // intervals a product is judged by
	perShop     = 10_001 // intervals the shop is judged by
	perCustomer = 3      // intervals one customer adds to a product: the latest
	perVisitor  = 10     // intervals one customer adds to the shop's
)

// A Collector computes the statistics of one shop from all of its customers.
// Medians are exact up to 101 intervals a product; beyond that they are those
// of a sample, which is the same whatever the order of the customers. No
// customer adds more than three intervals to a product, or ten to the shop's:
// one who orders for a whole office does not set everybody's rhythm.
type Collector struct {
	products  map[string]*tally
	shop      sample
	visitors  int // customers with an interval
	customers int
	sold      map[string]bool // orders of nobody
}

type tally struct {
	Product
	sample
}

// NewCollector returns a collector that has seen nobody.
func NewCollector() *Collector {
	return &Collector{products: map[string]*tally{}, sold: map[string]bool{}}
}

// Add counts a customer: a person, with what is known under all of their ids. What has no
// id is nobody: the record of an address, or of someone who was erased.
func (k *Collector) Add(c *customer.Customer) {
	if c.ID.Value == "" {
		return
	}
	k.customers++
	of := 0
	for _, id := range c.Bought() {
		ps := c.PurchasesOf(id)
		t := k.of(id)
		if len(ps) == 0 || t == nil {
			continue
		}
		t.Buyers++
		own := Intervals(ps)
		for n, days := range own[:min(len(own), perCustomer)] {
			d := drawn{draw(c.ID.Value, id, n), float32(days)}
			t.add(d, perProduct)
			if of < perVisitor {
				k.shop.add(d, perShop)
				of++
			}
		}
		if len(own) > 0 {
			t.Rhythm.Customers++
		}
	}
	if of > 0 {
		k.visitors++
	}
}

// Sold counts an order of nobody: each is one buyer of its products. Of an order that
// is told again the first telling counts, and a test is no order.
func (k *Collector) Sold(e events.Event) {
	d, ok := e.Data.(*events.OrderPlaced)
	if !ok || !e.OfNobody() || d.Order.Test || k.sold[d.Order.ID] {
		return
	}
	if len(k.sold) < maxTracked { // beyond it an order that is told twice counts twice
		k.sold[d.Order.ID] = true
	}
	seen := map[string]bool{}
	for _, it := range d.Order.Items {
		if t := k.of(it.ProductID); t != nil && !seen[it.ProductID] {
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
	if t := k.of(d.Product.ID); t != nil {
		t.hear(&d.Product, e.Time.UnixMilli())
	}
}

func (k *Collector) of(id string) *tally {
	t, ok := k.products[id]
	if !ok {
		if len(k.products) >= maxTracked {
			return nil
		}
		t = &tally{}
		k.products[id] = t
	}
	return t
}

// Snapshot returns what was found. A product of which nobody says anything and
// that nobody bought twice is not in it.
func (k *Collector) Snapshot(at time.Time) *Snapshot {
	s := &Snapshot{At: at, Customers: k.customers, Products: map[string]Product{}, Shop: k.shop.rhythm(k.visitors)}
	var ids []string
	for id, t := range k.products {
		if t.said() || t.seen > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return byEvidence(a, k.products[a].Product, b, k.products[b].Product) })
	if len(ids) > MaxProducts {
		s.More += len(ids) - MaxProducts
		ids = ids[:MaxProducts]
	}
	for _, id := range ids {
		t := k.products[id]
		p := t.Product
		p.Rhythm = t.rhythm(p.Rhythm.Customers)
		s.Products[id] = p
	}
	return s
}

func (s *sample) rhythm(customers int) Rhythm {
	return Rhythm{Days: math.Round(s.median()*1000) / 1000, Intervals: s.seen, Customers: customers}
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
