package product_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
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

// now is when what is collected is collected.
var now = start.AddDate(0, 0, 100)

func TestACollectorCountsCustomers(t *testing.T) {
	k := product.NewCollector(now, nil)
	k.Add(buyer("ann", "tea", 1, 0, 30, 60))
	k.Add(buyer("bob", "tea", 2, 0, 20))
	k.Add(buyer("cid", "tea", 1, 0))
	k.Add(buyer("dan", "kettle", 1, 40))
	k.Add(buyer("eve", "tea", 1, 0, 40))
	ln := func(days ...float64) (sum int64) {
		for _, d := range days {
			sum += int64(math.Round(1e6 * math.Log(d)))
		}
		return sum
	}
	tea := foresight.Sums{Pairs: 4, Again: 4, Exposure: 4 * 100 * 24, Intervals: 4, LnDays: ln(30, 30, 20, 40), LnPieces: ln(2)}
	kettle := foresight.Sums{Pairs: 1, Exposure: 60 * 24}
	s := k.Snapshot()
	usual := math.Round(1000*s.Model().Usual(tea)) / 1000
	want := &product.Snapshot{Version: 3, At: now, Customers: 5,
		Products: map[string]product.Product{
			"tea":    {Buyers: 4, Rhythm: product.Rhythm{Days: usual, Intervals: 4, Customers: 3}, Sums: tea},
			"kettle": {Buyers: 1, Sums: kettle},
		},
		Shop: product.Rhythm{Days: usual, Intervals: 4, Customers: 3}, Foresight: foresight.Shop{Sums: tea.Plus(kettle)}}
	if d := cmp.Diff(want, s); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if usual < 28 || usual > 30 {
		t.Errorf("tea usually lasts %v days", usual)
	}
	if got := s.Sums("tea", now.AddDate(0, 0, 10)); got.Exposure != tea.Exposure+4*240 || got.Again != 4 {
		t.Errorf("ten days later: %+v", got)
	}
}

// One who orders for a whole office every week does not set everybody's rhythm.
func TestNoCustomerDominates(t *testing.T) {
	k := product.NewCollector(now, nil)
	var weekly []float64
	for w := range 40 {
		weekly = append(weekly, float64(7*w)-200)
	}
	k.Add(buyer("office", "tea", 1, weekly...))
	for i := range 30 {
		k.Add(buyer(fmt.Sprint("c", i), "tea", 1, 0, 30))
	}
	if got := k.Snapshot().Products["tea"].Rhythm; got.Days < 20 || got.Intervals != 40 || got.Customers != 31 {
		t.Errorf("%+v, want about 21 days or more", got)
	}
}

// The same customers, in whatever order, give the same statistics, to the last bit, and so
// does a collector that learns constants.
func TestStatisticsDoNotDependOnTheOrderOfCustomers(t *testing.T) {
	var all []*customer.Customer
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3_000 {
		c := buyer(fmt.Sprint("c", i), "tea", 1+r.IntN(3), 0, 30+5*r.NormFloat64(), 90)
		customer.Join(c, *buyer(fmt.Sprint("c", i), "oil", 1+r.IntN(3), -300*r.Float64(), 70+20*r.NormFloat64()))
		all = append(all, c)
	}
	for i := range 1_000 {
		all = append(all, buyer(fmt.Sprint("gone", i), "soap", 1, -200*r.Float64()))
	}
	collect := func(before *product.Snapshot) *product.Snapshot {
		k := product.NewCollector(now, before)
		for _, c := range all {
			k.Add(c)
		}
		s := k.Snapshot()
		k.Worth(s)
		return s
	}
	a := collect(nil)
	fitted := collect(a)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if d := cmp.Diff(a, collect(nil)); d != "" {
		t.Errorf("-in order +shuffled:\n%s", d)
	}
	if d := cmp.Diff(fitted, collect(a)); d != "" {
		t.Errorf("with constants: -in order +shuffled:\n%s", d)
	}
	if fitted.Foresight.Constants == (foresight.Constants{}) || !fitted.LearnedAt.Equal(now) || fitted.Model().Early {
		t.Errorf("no constants were learned: %+v", fitted.Foresight)
	}
	if fitted.Worth == (foresight.Worth{}) {
		t.Error("nothing was learned of what customers are worth")
	}
	if !fitted.Lapse.Known() {
		t.Error("nothing was learned of who comes back")
	}
	k := product.NewCollector(now.AddDate(0, 0, 1), fitted)
	if s := k.Snapshot(); s.Foresight.Constants != fitted.Foresight.Constants || !s.LearnedAt.Equal(now) || s.Worth != fitted.Worth {
		t.Errorf("the next night's constants are others: %+v", s.Foresight.Constants)
	}
	if m := a.Products["tea"].Rhythm; m.Days < 20 || m.Days > 50 || m.Customers != 3_000 || m.Intervals < 5_990 {
		t.Errorf("%+v, want about 30 days", m)
	}
}

// What version 0.1 stored is read, and says how long things last.
func TestAnOlderSnapshotIsRead(t *testing.T) {
	data, err := os.ReadFile("testdata/snapshot-v0.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := product.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	tea, _ := s.Of("tea")
	if !s.Outdated() || s.Customers != 5 || tea.Rhythm != (product.Rhythm{Days: 30, Intervals: 40, Customers: 30}) || tea.Buyers != 44 || tea.SupplyDays != 0 {
		t.Errorf("%+v, tea %+v", s, tea)
	}
	if oil, _ := s.Of("oil"); oil.SupplyDays != 25 || !oil.Unavailable() {
		t.Errorf("oil %+v", oil)
	}
	m := s.Model()
	if d := m.Usual(tea.Sums); d < 29.9 || d > 30.1 || !m.Early {
		t.Errorf("tea lasts %v days, early %v", d, m.Early)
	}
}

func TestOfMoreProductsThanThereIsRoomForTheBestKnownStay(t *testing.T) {
	k := product.NewCollector(now, nil)
	for i := range product.MaxProducts + 50 {
		k.Hear(update(fmt.Sprintf("p%06d", i), 0, 10, nil))
	}
	k.Add(buyer("ann", "p100049", 1, 0, 30))
	s := k.Snapshot()
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
	k := product.NewCollector(now, nil)
	for i := range product.MaxProducts {
		k.Hear(update(fmt.Sprintf("p%06d", i), 0, 10, &yes))
	}
	k.Hear(update("zebra", 0, 0, &no))
	s := k.Snapshot()
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
	named := func(id string, days int, name, url string) events.Event {
		e := update(id, time.Duration(days)*day, 0, nil)
		e.Data.(*events.ProductUpdated).Product.Name, e.Data.(*events.ProductUpdated).Product.URL = name, url
		return e
	}
	shown := base.Hear([]events.Event{named("tea", 2, "Green tea", "https://shop.example/tea"), named("tea", 1, "Tea", ""), update("tea", 3*day, 0, &no)}, customer.Cursor{13})
	if p, _ := shown.Of("tea"); p.Shown == nil || *p.Shown != (product.Shown{Name: "Green tea", URL: "https://shop.example/tea"}) || !p.Unavailable() {
		t.Errorf("shown is what was said last with a name: %+v", p)
	}
	if p, ok := (*product.Snapshot)(nil).Hear([]events.Event{update("tea", 0, 5, &no)}, customer.Cursor{1}).Of("tea"); !ok || !p.Unavailable() {
		t.Errorf("heard by who knows nothing: %+v", p)
	}
}

func TestTheNilSnapshotKnowsNothing(t *testing.T) {
	var s *product.Snapshot
	if _, ok := s.Of("tea"); ok || s.Model() != (foresight.Shop{}).Model() || s.ComesBack().Known() || s.Outdated() || len(s.ByEvidence()) != 0 {
		t.Error("it knows something")
	}
}

func TestEverySnapshotComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &product.Snapshot{Version: 3, At: start, Sequence: rapid.SliceOfN(rapid.Uint64(), 0, 4).Draw(t, "sequence"), Products: map[string]product.Product{}}
		for _, id := range rapid.SliceOf(rapid.String()).Draw(t, "ids") {
			p := product.Product{Buyers: rapid.IntRange(0, 9).Draw(t, "buyers"), SupplyDays: rapid.IntRange(0, 9).Draw(t, "supply")}
			if rapid.Bool().Draw(t, "said") {
				yes := rapid.Bool().Draw(t, "available")
				p.Available = &yes
			}
			p.Rhythm.Days = rapid.Float64Range(0, 700).Draw(t, "days")
			p.Sums.LnDays = rapid.Int64().Draw(t, "ln days")
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
