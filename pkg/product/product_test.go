package product_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
)

var start = time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// buyer bought some pieces of a product on some days.
func buyer(id, of string, pieces int, on ...float64) *customer.Customer {
	c := &customer.Customer{}
	for i, d := range on {
		o := &events.OrderPlaced{Customer: events.Customer{ID: id},
			Order: events.Order{ID: fmt.Sprint(of, i), Items: []events.Item{{ProductID: of, Quantity: pieces}}}}
		at := start.Add(time.Duration(d * float64(day)))
		customer.Apply(c, events.Event{ID: o.Order.ID, Source: "/shop", Type: o.Type(), Time: at, Data: o})
	}
	return c
}

func TestIntervals(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces int
		on     []float64
		want   []float64 // the latest first
	}{
		{"never", 1, nil, nil},
		{"once", 1, []float64{3}, nil},
		{"twice", 1, []float64{0, 30}, []float64{30}},
		{"the latest first", 1, []float64{0, 30, 50}, []float64{20, 30}},
		{"of one piece", 2, []float64{0, 30, 50}, []float64{10, 15}},
		{"what is bought within a day was bought at once", 1, []float64{0, 0.5, 30}, []float64{15}},
		{"a day apart is apart", 1, []float64{0, 1}, []float64{1}},
		{"who comes back after years has another reason", 1, []float64{0, 731, 761}, []float64{30}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := product.Intervals(buyer("ann", "tea", c.pieces, c.on...).PurchasesOf("tea"))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1}, 5}, {[]float64{1000, 1, 3}, 3}, {[]float64{4, 1, 1000, 2}, 3}} {
		if got := product.Median(c.in); got != c.want {
			t.Errorf("of %v: %v, want %v", c.in, got, c.want)
		}
	}
}

func TestACollectorCountsCustomers(t *testing.T) {
	k := product.NewCollector()
	k.Add(buyer("ann", "tea", 1, 0, 30, 60))
	k.Add(buyer("bob", "tea", 1, 0, 20))
	k.Add(buyer("cid", "tea", 1, 0))
	k.Add(buyer("dan", "kettle", 1, 0))
	k.Add(buyer("eve", "tea", 1, 0, 40))
	want := &product.Snapshot{At: start, Customers: 5,
		Products: map[string]product.Product{"tea": {Buyers: 4, Rhythm: product.Rhythm{Days: 30, Intervals: 4, Customers: 3}}},
		Shop:     product.Rhythm{Days: 30, Intervals: 4, Customers: 3}}
	if d := cmp.Diff(want, k.Snapshot(start)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// One who orders for a whole office every week does not set everybody's rhythm.
func TestNoCustomerDominates(t *testing.T) {
	k := product.NewCollector()
	var weekly []float64
	for w := range 40 {
		weekly = append(weekly, float64(7*w))
	}
	k.Add(buyer("office", "tea", 1, weekly...))
	for i := range 5 {
		k.Add(buyer(fmt.Sprint("c", i), "tea", 1, 0, 30))
	}
	if got := k.Snapshot(start).Products["tea"].Rhythm; got != (product.Rhythm{Days: 30, Intervals: 8, Customers: 6}) {
		t.Errorf("%+v, want a median of 30 days", got)
	}
}

// The same customers, in whatever order, give the same statistics, also when
// there are more intervals than are kept; and those are near the truth.
func TestStatisticsDoNotDependOnTheOrderOfCustomers(t *testing.T) {
	var all []*customer.Customer
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3_000 {
		all = append(all, buyer(fmt.Sprint("c", i), "tea", 1, 0, 30+20*r.NormFloat64()*0.5, 90))
	}
	collect := func() *product.Snapshot {
		k := product.NewCollector()
		for _, c := range all {
			k.Add(c)
		}
		return k.Snapshot(start)
	}
	a := collect()
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	b := collect()
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("-in order +shuffled:\n%s", d)
	}
	// Intervals are N(30, 10) and 90 less it: the median of both halves is 45.
	if m := a.Products["tea"].Rhythm; m.Days < 38 || m.Days > 52 || m.Customers != 3_000 || m.Intervals < 5_990 {
		t.Errorf("%+v, want a median near 45 days", m)
	}
}

func TestOfMoreProductsThanThereIsRoomForTheBestKnownStay(t *testing.T) {
	k := product.NewCollector()
	for i := range product.MaxProducts + 50 {
		k.Hear(update(fmt.Sprintf("p%06d", i), 0, 10, nil))
	}
	k.Add(buyer("ann", "p100049", 1, 0, 30))
	s := k.Snapshot(start)
	if _, ok := s.Of("p100049"); !ok || len(s.Products) != product.MaxProducts || s.More != 50 {
		t.Errorf("%d products and %d more, the one somebody came back for: %v", len(s.Products), s.More, ok)
	}
	data, err := s.Encode()
	if err != nil || len(data) > 20<<20 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestWhatCannotBeBoughtHasRoomAmongTooManyProducts(t *testing.T) {
	no, yes := false, true
	k := product.NewCollector()
	for i := range product.MaxProducts {
		k.Hear(update(fmt.Sprintf("p%06d", i), 0, 10, &yes))
	}
	k.Hear(update("zebra", 0, 0, &no))
	s := k.Snapshot(start)
	if p, ok := s.Of("zebra"); !ok || !p.Unavailable() || len(s.Products) != product.MaxProducts {
		t.Errorf("%d products, and zebra is %+v", len(s.Products), p)
	}
	s = s.Hear([]events.Event{update("yak", 0, 0, &no), update("xerus", 0, 0, &yes)}, customer.Cursor{7})
	if p, ok := s.Of("yak"); !ok || !p.Unavailable() {
		t.Errorf("yak is not heard of: %+v", p)
	}
	if _, ok := s.Of("xerus"); ok {
		t.Error("xerus, which can be bought, takes room")
	}
}

func update(id string, after time.Duration, supply int, available *bool) events.Event {
	d := &events.ProductUpdated{Product: events.Product{ID: id, SupplyDays: supply, Available: available}}
	return events.Event{ID: id, Type: d.Type(), Time: start.Add(after), Data: d}
}

func TestWhatTheShopSaysIsPutIntoASnapshot(t *testing.T) {
	yes, no := true, false
	base := &product.Snapshot{At: start, Sequence: customer.Cursor{7}, Products: map[string]product.Product{"tea": {Buyers: 3, Rhythm: product.Rhythm{Days: 30}}}}
	heard := base.Hear([]events.Event{update("tea", 1*day, 40, &no), update("tea", 2*day, 0, nil), update("cup", 0, 0, &yes), update("mug", 0, 0, nil)}, customer.Cursor{11})
	ms := func(after time.Duration) int64 { return start.Add(after).UnixMilli() }
	want := &product.Snapshot{At: start, Sequence: customer.Cursor{11}, Products: map[string]product.Product{
		"tea": {Buyers: 3, Rhythm: product.Rhythm{Days: 30}, SupplyDays: 40, SupplyAt: ms(day), Available: &no, AvailableAt: ms(day)},
		"cup": {Available: &yes, AvailableAt: ms(0)},
	}}
	if d := cmp.Diff(want, heard); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if len(base.Products) != 1 || base.Products["tea"].SupplyDays != 0 {
		t.Error("the snapshot in use was changed")
	}
	late := heard.Hear([]events.Event{update("tea", 0, 5, &yes)}, customer.Cursor{12})
	if p := late.Products["tea"]; p.SupplyDays != 40 || !p.Unavailable() {
		t.Errorf("what was said before is taken for news: %+v", p)
	}
	if p, ok := (*product.Snapshot)(nil).Hear([]events.Event{update("tea", 0, 5, &no)}, customer.Cursor{1}).Of("tea"); !ok || !p.Unavailable() {
		t.Errorf("heard by who knows nothing: %+v", p)
	}
}

func TestTheNilSnapshotKnowsNothing(t *testing.T) {
	var s *product.Snapshot
	if _, ok := s.Of("tea"); ok || s.OfShop() != (product.Rhythm{}) || len(s.ByEvidence()) != 0 {
		t.Error("it knows something")
	}
}

func TestEverySnapshotComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &product.Snapshot{At: start, Sequence: rapid.SliceOfN(rapid.Uint64(), 0, 4).Draw(t, "sequence"), Products: map[string]product.Product{}}
		for _, id := range rapid.SliceOf(rapid.String()).Draw(t, "ids") {
			p := product.Product{Buyers: rapid.IntRange(0, 9).Draw(t, "buyers"), SupplyDays: rapid.IntRange(0, 9).Draw(t, "supply")}
			if rapid.Bool().Draw(t, "said") {
				yes := rapid.Bool().Draw(t, "available")
				p.Available = &yes
			}
			p.Rhythm.Days = rapid.Float64Range(0, 700).Draw(t, "days")
			want.Products[id] = p
		}
		data, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := product.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		valid := func(s *product.Snapshot) int { return len(s.Products) }
		if valid(want) != valid(got) || !want.Sequence.IsZero() && !slices.Equal(got.Sequence, want.Sequence) {
			t.Fatalf("%d products, want %d", valid(got), valid(want))
		}
		for id, p := range want.Products {
			if d := cmp.Diff(p, got.Products[id]); d != "" {
				t.Fatalf("%q: -want +got:\n%s", id, d)
			}
		}
	})
	if _, err := product.Decode([]byte("{")); err == nil {
		t.Error("half a snapshot is read without an error")
	}
}

func TestTheBestKnownComeFirst(t *testing.T) {
	s := &product.Snapshot{Products: map[string]product.Product{
		"a": {}, "b": {Buyers: 5}, "c": {SupplyDays: 3}, "d": {Rhythm: product.Rhythm{Customers: 2}}, "e": {Rhythm: product.Rhythm{Customers: 9}},
	}}
	if got := s.ByEvidence(); !slices.Equal(got, []string{"e", "d", "c", "b", "a"}) {
		t.Error(got)
	}
}
