package segment_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/segment"
)

var night = time.Date(2025, 6, 10, 3, 0, 0, 0, time.UTC)

// bought is one order.
type bought struct {
	days     int // before the night
	minor    int64
	currency string
	products []string
}

// someone is a customer with some orders.
func someone(id string, orders ...bought) *customer.Customer {
	var c customer.Customer
	for i, o := range orders {
		d := &events.OrderPlaced{Customer: events.Customer{ID: id}, Order: events.Order{ID: fmt.Sprint(id, "-", i), Total: events.Money{Minor: o.minor, Currency: o.currency}}}
		for _, p := range o.products {
			d.Order.Items = append(d.Order.Items, events.Item{ProductID: p, Quantity: 1})
		}
		customer.Apply(&c, events.Event{ID: d.Order.ID, Type: d.Type(), Time: night.AddDate(0, 0, -o.days), Data: d})
	}
	customer.Apply(&c, events.Event{ID: "u" + id, Type: events.TypeCustomerUpdated, Time: night.AddDate(-5, 0, 0),
		Data: &events.CustomerUpdated{Customer: events.Customer{ID: id, Country: "DE", Locale: "de-AT"}}})
	return &c
}

// shop is a collector's view of many customers.
func shop(set *segment.Set, lapse foresight.Lapse, worth foresight.Worth, all ...*customer.Customer) *segment.Snapshot {
	k := segment.NewCollector(night, set)
	for _, c := range all {
		k.Add(segment.Input{Customer: c, Now: night}, segment.OrdersOf(c, night))
	}
	return k.Snapshot(lapse, worth)
}

var (
	lapse = foresight.Lapse{Level: 1, Silence: -0.6, Orders: 0.5, People: 1000}
	worth = foresight.Worth{R: 0.25, Alpha: 30, A: 0.8, B: 2.4}
)

func anyone(t *rapid.T) []*customer.Customer {
	n := rapid.IntRange(1, 60).Draw(t, "customers")
	out := make([]*customer.Customer, n)
	for i := range out {
		var orders []bought
		for range rapid.IntRange(0, 4).Draw(t, "orders") {
			o := bought{days: rapid.IntRange(0, 40).Draw(t, "days"), products: []string{rapid.SampledFrom([]string{"tea", "cup"}).Draw(t, "product")}}
			if rapid.IntRange(0, 5).Draw(t, "says what it costs") > 0 {
				o.minor, o.currency = int64(rapid.IntRange(0, 9).Draw(t, "cost")), rapid.SampledFrom([]string{"EUR", "CHF"}).Draw(t, "currency")
			}
			orders = append(orders, o)
		}
		out[i] = someone(fmt.Sprint("c", i), orders...)
	}
	return out
}

func own(t *testing.T, text string) segment.Expression {
	t.Helper()
	x, err := segment.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestEverybodyWithAnOrderIsInExactlyOneGroup(t *testing.T) {
	set := segment.NewSet(segment.Expressions{"tea": own(t, `bought("tea", 20) and spent >= 0.03`), "elsewhere": own(t, `country in ["FR"] or language == "en"`)})
	rapid.Check(t, func(t *rapid.T) {
		all := anyone(t)
		s := shop(set, lapse, worth, all...)
		counts, buyers := map[string]int{}, 0
		for _, c := range all {
			m, err := set.Of(s, segment.Input{Customer: c, Now: night})
			if err != nil {
				t.Fatal(err)
			}
			groups, clv := 0, 0
			for _, g := range segment.Groups() {
				if m.Has(string(g)) {
					groups++
				}
			}
			for _, l := range segment.Levels() {
				if m.Has("clv_" + string(l)) {
					clv++
				}
			}
			if ordered := min(m.Orders, 1); groups != ordered || clv > 1 || m.Spent.Orders > 0 && clv != 1 {
				t.Fatalf("%d groups and %d levels of %+v", groups, clv, m.Profile)
			}
			buyers += groups
			for _, name := range set.Names() {
				n := 0
				if m.Has(name) {
					n++
				}
				counts[name] += n
			}
		}
		if d := cmp.Diff(counts, s.Counts); d != "" || s.Buyers != buyers || s.Customers != len(all) {
			t.Fatalf("%d of %d ordered, %d; counted -one by one +at night:\n%s", s.Buyers, s.Customers, buyers, d)
		}
	})
}

func TestTheOrderOfCustomersDoesNotMatter(t *testing.T) {
	set := segment.NewSet(nil)
	rapid.Check(t, func(t *rapid.T) {
		all := anyone(t)
		s := shop(set, lapse, worth, all...)
		other := rapid.Permutation(all).Draw(t, "permutation")
		if d := cmp.Diff(s, shop(set, lapse, worth, other...)); d != "" {
			t.Error(d)
		}
	})
}

// Of as many customers as divide, with nobody like another, each score has a fifth.
func TestFifthsAreOfOneSize(t *testing.T) {
	set := segment.NewSet(nil)
	for _, n := range []int{5, 20, 25} {
		var all []*customer.Customer
		for i := range n {
			orders := []bought{{days: i, minor: int64(1000 - i), currency: "EUR"}}
			for range i {
				orders = append(orders, bought{days: 400 + i, minor: 0, currency: "EUR"})
			}
			all = append(all, someone(fmt.Sprint(i), orders...))
		}
		s := shop(set, lapse, worth, all...)
		var r, f, m [6]int
		for _, c := range all {
			x, _ := set.Of(s, segment.Input{Customer: c, Now: night})
			r[x.R], f[x.F], m[x.M] = r[x.R]+1, f[x.F]+1, m[x.M]+1
		}
		if want := [6]int{0, n / 5, n / 5, n / 5, n / 5, n / 5}; r != want || f != want || m != want {
			t.Errorf("of %d: recency %v, frequency %v, money %v", n, r, f, m)
		}
	}
}

func TestWhoIsAlikeHasTheSameScore(t *testing.T) {
	set := segment.NewSet(nil)
	// Nine of ten ordered once, all today and for as much; a shop of one is no different.
	for what, all := range map[string][]*customer.Customer{
		"one":  {someone("a", bought{days: 1, minor: 100, currency: "EUR"})},
		"many": append(slices.Repeat([]*customer.Customer{someone("a", bought{days: 1, minor: 100, currency: "EUR"})}, 9), someone("b", bought{days: 1, minor: 50, currency: "EUR"}, bought{days: 2, minor: 60, currency: "EUR"})),
	} {
		s := shop(set, lapse, worth, all...)
		m, _ := set.Of(s, segment.Input{Customer: all[0], Now: night})
		if m.R != 5 || m.F != 1 || m.M != 1 || m.Group != segment.New {
			t.Errorf("%s: %+v", what, m.Profile)
		}
		if last, _ := set.Of(s, segment.Input{Customer: all[len(all)-1], Now: night}); what == "many" && (last.F != 5 || last.Group != segment.Champion) {
			t.Errorf("%+v", last.Profile)
		}
	}
}

// Amounts of two currencies are never compared: each has fifths of its own.
func TestMoneyIsComparedWithinACurrency(t *testing.T) {
	set, all := segment.NewSet(nil), []*customer.Customer{}
	for i := range 5 {
		all = append(all, someone(fmt.Sprint("e", i), bought{days: 1, minor: int64(100 * (i + 1)), currency: "EUR"}), someone(fmt.Sprint("j", i), bought{days: 1, minor: int64(100_000 * (i + 1)), currency: "JPY"}))
	}
	s := shop(set, lapse, worth, all...)
	for i, c := range all {
		if m, _ := set.Of(s, segment.Input{Customer: c, Now: night}); m.M != i/2+1 {
			t.Errorf("%s: %d", c.ID.Value, m.M)
		}
	}
	x := someone("x", bought{days: 1, minor: 1, currency: "SEK"})
	if m, _ := set.Of(s, segment.Input{Customer: x, Now: night}); m.M != 0 {
		t.Errorf("a currency that nobody paid in: %d", m.M)
	}
}

func TestWithoutASnapshotNobodyKnows(t *testing.T) {
	set := segment.NewSet(nil)
	for _, s := range []*segment.Snapshot{nil, {}} {
		if _, err := set.Of(s, segment.Input{Customer: someone("a"), Now: night}); !errors.Is(err, segment.ErrUnknown) {
			t.Error(err)
		}
	}
}

// What too little is known about is neither high nor low, and no comparison with it holds.
func TestWhatIsNotKnownMatchesNothing(t *testing.T) {
	set := segment.NewSet(segment.Expressions{
		"quiet": own(t, `days_since_order > 30`), "fresh": own(t, `days_since_order <= 30`), "rich": own(t, `spent > 1`), "poor": own(t, `spent <= 1`),
		"top": own(t, `r in [4, 5]`), "low": own(t, `r <= 5`), "worthy": own(t, `expected_orders >= 0`), "none": own(t, `group == "none"`),
	})
	nobody := someone("a")
	s := shop(set, foresight.Lapse{}, foresight.Worth{}, nobody, someone("b", bought{days: 1}))
	m, _ := set.Of(s, segment.Input{Customer: nobody, Now: night})
	for _, name := range set.Names() {
		if m.Has(name) != (name == "none") {
			t.Errorf("%s: %v", name, m.Has(name))
		}
	}
	if m.Has("nowhere") {
		t.Error("in a segment that there isn't")
	}
	m, _ = set.Of(s, segment.Input{Customer: someone("b", bought{days: 1}), Now: night})
	if m.CLV != segment.Unknown || m.Churn != segment.Unknown || m.Group != segment.New || !m.Has("top") || m.Has("rich") || m.Has("poor") {
		t.Errorf("%+v", m.Profile)
	}
}

// Between two nights a customer changes with what they do.
func TestAnOrderOfTodayCounts(t *testing.T) {
	set, all := segment.NewSet(nil), []*customer.Customer{}
	for i := range 50 {
		all = append(all, someone(fmt.Sprint(i), bought{days: 10 + i, minor: 100, currency: "EUR"}))
	}
	s := shop(set, lapse, worth, all...)
	old := all[49]
	m, _ := set.Of(s, segment.Input{Customer: old, Now: night.AddDate(0, 0, 1)})
	if m.Group != segment.Lost || m.Churn != segment.High {
		t.Errorf("before: %+v", m.Profile)
	}
	back := someone("49", bought{days: 59, minor: 100, currency: "EUR"}, bought{days: -1, minor: 100, currency: "EUR"})
	m, _ = set.Of(s, segment.Input{Customer: back, Now: night.AddDate(0, 0, 1)})
	if m.Group != segment.Champion || m.Churn != segment.Low || m.R != 5 || m.F != 5 {
		t.Errorf("after: %+v", m.Profile)
	}
}

// Of very many customers some are looked at, the same ones whatever their order, and
// counts are what these say of all.
func TestOfVeryManyCustomersSomeAreLookedAt(t *testing.T) {
	set := segment.NewSet(nil)
	k, other := segment.NewCollector(night, set), segment.NewCollector(night, set)
	segment.Bound(k, 500)
	segment.Bound(other, 500)
	var all []*customer.Customer
	for i := range 4000 {
		all = append(all, someone(fmt.Sprint(i), bought{days: i % 1000, minor: 100, currency: "EUR"}))
	}
	for i := range all {
		a, b := all[i], all[len(all)-1-i]
		k.Add(segment.Input{Customer: a, Now: night}, segment.OrdersOf(a, night))
		other.Add(segment.Input{Customer: b, Now: night}, segment.OrdersOf(b, night))
	}
	s := k.Snapshot(lapse, worth)
	if d := cmp.Diff(s, other.Snapshot(lapse, worth)); d != "" {
		t.Error(d)
	}
	if s.Customers != 4000 || s.Buyers != 4000 || s.Share >= 0.2 || s.Share < 0.05 {
		t.Errorf("%d, %d, %v", s.Customers, s.Buyers, s.Share)
	}
	if n := s.Counts["lost"]; n < 600 || n > 1000 {
		t.Errorf("%d of 4000 are lost; a fifth would be 800", n)
	}
}

// What is looked at in the memory of somebody else is what is looked at alone.
func TestMembershipsAreLookedAtOneAfterTheOther(t *testing.T) {
	set := segment.NewSet(segment.Expressions{"tea": own(t, `orders > 1 and bought("tea", 90)`), "gold": own(t, `tier == "Gold"`)})
	all := []*customer.Customer{someone("a"), someone("b", bought{days: 1}), someone("c", bought{days: 9}, bought{days: 40}), someone("d", bought{days: 400})}
	s := shop(set, foresight.Lapse{}, foresight.Worth{}, all...)
	var again segment.Memberships
	for i, c := range slices.Concat(all, all) {
		in := segment.Input{Customer: c, Now: night, Tier: func(*customer.Customer, time.Time) string { return []string{"", "Gold"}[i%2] }}
		fresh, err := set.Of(s, in)
		if err == nil {
			err = set.Into(&again, s, in)
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(fresh.All(), again.All()); d != "" {
			t.Errorf("%s (-alone +after another):\n%s", c.ID.Value, d)
		}
	}
	if err := set.Into(&again, nil, segment.Input{}); !errors.Is(err, segment.ErrUnknown) {
		t.Error(err)
	}
}

func BenchmarkHas(b *testing.B) {
	x, err := segment.Parse(`group == "champion" and country in ["DE", "AT"] and not bought("gift-card", 90)`)
	if err != nil {
		b.Fatal(err)
	}
	set := segment.NewSet(segment.Expressions{"vip": x})
	c := someone("a", bought{days: 1, minor: 100, currency: "EUR", products: []string{"tea"}}, bought{days: 2, minor: 50, currency: "EUR"})
	all := []*customer.Customer{c}
	for i := range 9 {
		all = append(all, someone(fmt.Sprint(i), bought{days: 30 + i, minor: 1, currency: "EUR"}))
	}
	s := shop(set, lapse, worth, all...)
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			if m, err := set.Of(s, segment.Input{Customer: c, Now: night}); err != nil || !m.Has("vip") {
				b.Fatal(err)
			}
		}
	})
	b.Run("after another", func(b *testing.B) {
		var m segment.Memberships
		for b.Loop() {
			if err := set.Into(&m, s, segment.Input{Customer: c, Now: night}); err != nil || !m.Has("vip") {
				b.Fatal(err)
			}
		}
	})
}

// A night of 100,000 customers.
func BenchmarkSnapshot(b *testing.B) {
	x, err := segment.Parse(`group == "champion" and country in ["DE", "AT"] and not bought("gift-card", 90)`)
	if err != nil {
		b.Fatal(err)
	}
	set, all := segment.NewSet(segment.Expressions{"vip": x}), make([]*customer.Customer, 100)
	for i := range all {
		all[i] = someone(fmt.Sprint(i), bought{days: i, minor: int64(i * 37 % 101), currency: "EUR", products: []string{"tea"}}, bought{days: 3 * i, minor: 50, currency: "EUR"})
	}
	for b.Loop() {
		k := segment.NewCollector(night, set)
		for range 1000 {
			for _, c := range all {
				k.Add(segment.Input{Customer: c, Now: night}, segment.OrdersOf(c, night))
			}
		}
		if s := k.Snapshot(lapse, worth); s.Buyers != 100_000 {
			b.Fatal(s.Buyers)
		}
	}
}
