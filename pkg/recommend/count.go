package recommend

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// What it takes to say that things go together.
const (
	// Support is how many customers must have bought both: what one did is a coincidence,
	// and would tell others of it.
	Support = 3
	// doubt is how many customers speak against it before anybody was counted, so that two
	// things that three customers bought are not the best match of a shop.
	doubt = 5
	// leastLift is how many times as often as chance would have it two things must be bought
	// together. Below it "goes with" is not true of anybody in particular.
	leastLift = 1.25
)

// score says how well one product goes with another: the share of those who bought the
// first that bought the other as well, by the logarithm of how many times as many they are
// as chance would have it (the lift). Both are drawn towards nothing where few are known;
// the share alone would name bestsellers, and lift alone what hardly anybody buys. a and b
// bought one of them, both bought both, of n customers.
func score(a, b, both, n int) float64 {
	if both < Support {
		return 0
	}
	lift := (float64(both) + doubt) / (float64(a)*float64(b)/float64(n) + doubt)
	if lift < leastLift {
		return 0
	}
	return math.Log(lift) * float64(both) / (float64(a) + doubt)
}

// Snapshot returns what was found.
func (k *Collector) Snapshot() *Snapshot {
	index := k.index()
	popular := k.popular()
	found := map[int32][]partner{}
	counts := make([]int32, len(k.ids))
	for _, place := range k.often(index) {
		if all := k.partners(index, place, counts); len(all) > 0 {
			found[place] = all
		}
	}
	return k.write(found, popular)
}

// index has, for each product, the baskets that it is in.
type index [][]int32

func (k *Collector) index() index {
	x := make(index, len(k.ids))
	for i, b := range k.baskets {
		for _, p := range b.products {
			x[p] = append(x[p], int32(i))
		}
	}
	return x
}

// often lists the products of which partners may be known: those in most baskets.
func (k *Collector) often(x index) []int32 {
	var out []int32
	for place := range x {
		if len(x[place]) >= Support {
			out = append(out, int32(place))
		}
	}
	slices.SortFunc(out, func(a, b int32) int {
		return cmp.Or(cmp.Compare(len(x[b]), len(x[a])), cmp.Compare(k.ids[a], k.ids[b]))
	})
	return out[:min(len(out), MaxProducts)]
}

// partners finds what goes with a product. counts are zero, and are so afterwards.
func (k *Collector) partners(x index, place int32, counts []int32) []partner {
	var met []int32
	for _, b := range x[place] {
		for _, other := range k.baskets[b].products {
			if counts[other] == 0 {
				met = append(met, other)
			}
			counts[other]++
		}
	}
	var out []partner
	for _, other := range met {
		both := int(counts[other])
		counts[other] = 0
		if v := score(len(x[place]), len(x[other]), both, len(k.baskets)); other != place && v >= 0.001 {
			out = append(out, partner{other, int32(both), v})
		}
	}
	slices.SortFunc(out, func(a, b partner) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(k.ids[a.place], k.ids[b.place]))
	})
	return out[:min(len(out), MaxPartners)]
}

// popular lists what most customers bought lately.
func (k *Collector) popular() []int32 {
	var out []int32
	for place, n := range k.recent {
		if n > 0 {
			out = append(out, int32(place))
		}
	}
	slices.SortFunc(out, func(a, b int32) int {
		return cmp.Or(cmp.Compare(k.recent[b], k.recent[a]), cmp.Compare(k.ids[a], k.ids[b]))
	})
	return out[:min(len(out), MaxPopular)]
}

// write gives products their places in a snapshot, by their ids.
func (k *Collector) write(found map[int32][]partner, popular []int32) *Snapshot {
	named := map[string]bool{}
	for place, all := range found {
		named[k.ids[place]] = true
		for _, p := range all {
			named[k.ids[p.place]] = true
		}
	}
	for _, place := range popular {
		named[k.ids[place]] = true
	}
	s := &Snapshot{Version: version, At: k.at, Customers: k.seen, Drawn: len(k.baskets), IDs: slices.Sorted(maps.Keys(named))}
	to := func(place int32) int32 {
		i, _ := s.place(k.ids[place])
		return i
	}
	s.With = make([]Partners, len(s.IDs))
	for place, all := range found {
		flat := make(Partners, 0, 3*len(all))
		for _, p := range all {
			flat = append(flat, to(p.place), p.together, int32(math.Round(p.score*1000)))
		}
		s.With[to(place)] = flat
	}
	for _, place := range popular {
		s.Popular = append(s.Popular, to(place))
	}
	return s
}
