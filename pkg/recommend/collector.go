package recommend

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// A Collector computes what goes with what from all customers of a shop. It is the same
// whatever the order of the customers. It keeps what each of them bought and no pairs, so
// that long orders cost no more than their lines.
type Collector struct {
	at      time.Time
	places  map[string]int32
	ids     []string
	recent  []int32 // customers who bought it lately, by place
	baskets baskets
	lines   int
	seen    int    // customers
	bar     uint64 // baskets with this lot or a higher one are left out
	sales   customer.Sales
}

// basket is what one customer bought and kept, each product once.
type basket struct {
	lot      uint32 // of who bought it
	products []int32
}

// baskets are a heap, the one with the highest lot first.
type baskets []basket

func (b baskets) Len() int           { return len(b) }
func (b baskets) Less(i, j int) bool { return b[i].lot > b[j].lot }
func (b baskets) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *baskets) Push(x any)        { *b = append(*b, x.(basket)) }
func (b *baskets) Pop() any {
	old := *b
	last := old[len(old)-1]
	*b = old[:len(old)-1]
	return last
}

// NewCollector returns a collector that has seen nobody. What it computes is as of a time.
func NewCollector(at time.Time) *Collector {
	return &Collector{at: at, places: map[string]int32{}, bar: 1 << 32}
}

// bought is a product, and when it was last bought.
type bought struct {
	id string
	at time.Time
}

// Add counts a customer: a person, with what is known under all of their ids, and what they
// bought. What has no id is nobody.
func (k *Collector) Add(c *customer.Customer, b *customer.Bought) {
	if c.ID.Value == "" {
		return
	}
	if all := kept(c, b, k.at); len(all) > 0 {
		k.add("c "+c.ID.Value, all)
	}
}

// kept returns what a customer bought up to a time and kept, that of the newest orders
// first, each product once. Parts of a bundle are left out: that they go with it is no news.
func kept(c *customer.Customer, b *customer.Bought, upTo time.Time) []bought {
	var parts map[string]bool
	for o := range c.Placed() {
		for i := range o.Lines {
			if l := &o.Lines[i]; l.Bundle != 0 {
				if parts == nil {
					parts = map[string]bool{}
				}
				parts[l.Product] = true
			}
		}
	}
	out := make([]bought, 0, b.Len())
	for place := range b.Len() {
		var last time.Time
		for x := range b.Kept(place) {
			if x.At.After(last) && !x.At.After(upTo) {
				last = x.At
			}
		}
		if id := b.Product(place); !last.IsZero() && !parts[id] {
			out = append(out, bought{id, last})
		}
	}
	slices.SortFunc(out, func(x, y bought) int { return cmp.Or(y.at.Compare(x.at), cmp.Compare(x.id, y.id)) })
	return out
}

// Sold counts an order of nobody as a customer of its own. Of an order that is told again
// the first telling counts, and a test is no order.
func (k *Collector) Sold(e events.Event) {
	if e.Time.After(k.at) {
		return
	}
	o := k.sales.Order(e)
	if o == nil {
		return
	}
	seen := map[string]bool{}
	var all []bought
	for _, it := range o.Items {
		if !seen[it.ProductID] && it.BundleOf == "" {
			seen[it.ProductID] = true
			all = append(all, bought{it.ProductID, e.Time})
		}
	}
	if len(all) > 0 {
		k.add("o "+o.ID, all)
	}
}

// add counts what somebody bought.
func (k *Collector) add(who string, all []bought) {
	k.seen++
	for _, b := range all {
		if k.at.Sub(b.at) < Recent {
			if place, ok := k.place(b.id); ok {
				k.recent[place]++
			}
		}
	}
	b := basket{lot: customer.Lot(who)}
	if uint64(b.lot) >= k.bar {
		return
	}
	for _, x := range all[:min(len(all), maxBasket)] {
		if place, ok := k.place(x.id); ok {
			b.products = append(b.products, place)
		}
	}
	heap.Push(&k.baskets, b)
	k.lines += len(b.products)
	// Those with the lowest lots stay, as many as there is room for, and of one lot all or
	// none: the same ones, whichever came first.
	for k.lines > maxLines || len(k.baskets) > 0 && uint64(k.baskets[0].lot) >= k.bar {
		out := heap.Pop(&k.baskets).(basket)
		k.lines, k.bar = k.lines-len(out.products), uint64(out.lot)
	}
}

// place returns the place of a product; false: there are too many.
func (k *Collector) place(id string) (int32, bool) {
	place, ok := k.places[id]
	if !ok {
		if len(k.ids) >= maxTracked {
			return 0, false
		}
		place = int32(len(k.ids))
		k.places[id], k.ids, k.recent = place, append(k.ids, id), append(k.recent, 0)
	}
	return place, true
}
