package recommend_test

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
	"homing/pkg/recommend"
)

var now = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

func ago(days int) time.Time { return now.AddDate(0, 0, -days) }

// did folds events into a customer.
func did(c *customer.Customer, at time.Time, id string, d events.Data) {
	customer.Apply(c, events.Event{ID: id, Source: "/shop", Type: d.Type(), Time: at, Data: d})
}

func ordered(c *customer.Customer, who, order string, at time.Time, products ...string) {
	d := &events.OrderPlaced{Customer: events.Customer{ID: who}, Order: events.Order{ID: order}}
	for _, p := range products {
		d.Order.Items = append(d.Order.Items, events.Item{ProductID: p, Name: p, Quantity: 1})
	}
	did(c, at, order, d)
}

// buyer ordered products some days ago.
func buyer(who string, days int, products ...string) *customer.Customer {
	c := &customer.Customer{}
	ordered(c, who, "o-"+who, ago(days), products...)
	return c
}

// teashop is a shop in which the pot goes with tea, and everybody buys the voucher.
func teashop() (all []*customer.Customer) {
	for i := range 6 {
		all = append(all, buyer(fmt.Sprint("t", i), 10+i, "tea", "pot", "voucher"))
	}
	for i := range 20 {
		all = append(all, buyer(fmt.Sprint("v", i), 20+i, "voucher", fmt.Sprint("book-", i%10)))
	}
	for i := range 4 {
		all = append(all, buyer(fmt.Sprint("old", i), 200, "lamp", "bulb"))
	}
	return all
}

func collect(all []*customer.Customer) *recommend.Snapshot {
	k := recommend.NewCollector(now)
	for _, c := range all {
		k.Add(c, c.Bought())
	}
	return k.Snapshot()
}

func ask(c *customer.Customer, most int) recommend.Ask {
	return recommend.Ask{Customer: c, Shown: func(string) bool { return true }, Now: now, Most: most}
}

func TestWhatGoesWithWhatWasBoughtComesBeforeBestsellers(t *testing.T) {
	s := collect(teashop())
	got := s.Pick(ask(buyer("ann", 3, "tea"), 3))
	want := []recommend.Choice{{Product: "pot", With: "tea"}, {Product: "voucher"}, {Product: "book-0"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if got := s.Pick(ask(buyer("bob", 3, "spoon"), 1)); len(got) != 1 || got[0] != (recommend.Choice{Product: "voucher"}) {
		t.Errorf("of what goes with nothing: %v", got)
	}
	if got := s.Pick(ask(&customer.Customer{}, 100)); slices.ContainsFunc(got, func(c recommend.Choice) bool { return c.Product == "lamp" }) {
		t.Errorf("what was bought 200 days ago is a bestseller: %v", got)
	}
}

func TestNothingIsRecommendedThatWouldBeOutOfPlace(t *testing.T) {
	s := collect(teashop())
	who := events.Customer{ID: "ann"}
	for _, x := range []struct {
		name   string
		change func(c *customer.Customer, a *recommend.Ask)
	}{
		{"it was bought", func(c *customer.Customer, _ *recommend.Ask) { ordered(c, "ann", "o2", ago(1), "pot") }},
		{"it came back", func(c *customer.Customer, _ *recommend.Ask) {
			ordered(c, "ann", "o2", ago(2), "pot")
			did(c, ago(1), "r", &events.OrderReturned{Customer: who, Order: events.OrderChange{ID: "o2"}})
		}},
		{"it is in the cart", func(c *customer.Customer, _ *recommend.Ask) {
			did(c, ago(1), "k", &events.CartUpdated{Customer: who, Cart: events.Cart{ID: "k", Items: []events.Item{{ProductID: "pot", Name: "Pot", Quantity: 1}}}})
		}},
		{"they disliked it", func(c *customer.Customer, _ *recommend.Ask) {
			did(c, ago(1), "v", &events.ReviewSubmitted{Customer: who, Review: events.Review{ProductID: "pot", Rating: 2}})
		}},
		{"it cannot be had", func(_ *customer.Customer, a *recommend.Ask) { a.Shown = func(id string) bool { return id != "pot" } }},
		{"the email is about it", func(_ *customer.Customer, a *recommend.Ask) { a.About = []string{"pot"} }},
	} {
		a := ask(buyer("ann", 3, "tea"), 10)
		if got := s.Pick(a); got[0].Product != "pot" {
			t.Fatalf("the test has nothing to leave out: %v", got)
		}
		x.change(a.Customer, &a)
		if got := s.Pick(a); len(got) == 0 || slices.ContainsFunc(got, func(c recommend.Choice) bool { return c.Product == "pot" }) {
			t.Errorf("%s: %v", x.name, got)
		}
	}
	for name, then := range map[string]func(c *customer.Customer){
		"what they disliked": func(c *customer.Customer) {
			did(c, ago(1), "v", &events.ReviewSubmitted{Customer: who, Review: events.Review{ProductID: "tea", Rating: 1}})
		},
		"what they sent back": func(c *customer.Customer) {
			did(c, ago(1), "r", &events.OrderReturned{Customer: who, Order: events.OrderChange{ID: "o-ann"}})
		},
		"what they complained about": func(c *customer.Customer) {
			did(c, ago(1), "m", &events.ComplaintOpened{Customer: who, Complaint: events.Complaint{ID: "m", OrderID: "o-ann"}})
		},
	} {
		c := buyer("ann", 3, "tea")
		then(c)
		if got := s.Pick(ask(c, 3)); slices.ContainsFunc(got, func(x recommend.Choice) bool { return x.With == "tea" }) {
			t.Errorf("an email names %s: %v", name, got)
		}
	}
	liked := buyer("ann", 3, "tea")
	did(liked, ago(2), "v1", &events.ReviewSubmitted{Customer: who, Review: events.Review{ProductID: "pot", Rating: 1}})
	did(liked, ago(1), "v2", &events.ReviewSubmitted{Customer: who, Review: events.Review{ProductID: "pot", Rating: 5}})
	if got := s.Pick(ask(liked, 1)); got[0].Product != "pot" {
		t.Errorf("a better review since does not count: %v", got)
	}
}

func TestAnEmailToAnotherMailboxTellsNothingOfWhatElseWasBought(t *testing.T) {
	a := ask(buyer("ann", 3, "tea"), 3)
	a.About, a.AboutAlone = []string{"lamp"}, true
	if got := collect(teashop()).Pick(a); got[0] != (recommend.Choice{Product: "bulb", With: "lamp"}) || got[1].With != "" {
		t.Errorf("%v", got)
	}
}

func TestTwoCustomersAreACoincidence(t *testing.T) {
	all := teashop()
	for i := range 2 {
		all = append(all, buyer(fmt.Sprint("s", i), 5, "saw", "salve"))
	}
	if got := collect(all).Pick(ask(buyer("ann", 3, "saw"), 10)); slices.ContainsFunc(got, func(c recommend.Choice) bool { return c.With != "" }) {
		t.Errorf("%v", got)
	}
}

// An order of a thousand lines counts as one customer with a hundred products.
func TestALongOrderCostsNoMillionPairs(t *testing.T) {
	var products []string
	for i := range 1000 {
		products = append(products, fmt.Sprintf("p%03d", i))
	}
	var all []*customer.Customer
	for i := range 5 {
		all = append(all, buyer(fmt.Sprint("w", i), i, products...))
	}
	for i := range 20 {
		all = append(all, buyer(fmt.Sprint("m", i), 1, "mug"))
	}
	s := collect(all)
	with, partners := 0, 0
	for _, p := range s.With {
		if len(p) > 0 {
			with, partners = with+1, partners+len(p)/3
		}
	}
	if with != 100 || partners != 100*recommend.MaxPartners {
		t.Errorf("%d products with %d partners", with, partners)
	}
}

// made is a shop of customers that chance makes.
func made(t *rapid.T) (all []*customer.Customer) {
	for i := range rapid.IntRange(0, 30).Draw(t, "customers") {
		c := &customer.Customer{}
		for o := range rapid.IntRange(1, 3).Draw(t, "orders") {
			var products []string
			for _, p := range rapid.SliceOfN(rapid.IntRange(0, 8), 1, 5).Draw(t, "products") {
				products = append(products, fmt.Sprint("p", p))
			}
			ordered(c, fmt.Sprint("c", i), fmt.Sprintf("o%d-%d", i, o), ago(rapid.IntRange(-20, 120).Draw(t, "days")), products...)
		}
		all = append(all, c)
	}
	return all
}

func TestTheOrderOfCustomersDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := made(t)
		one := collect(all)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		other := collect(all)
		if d := cmp.Diff(one, other); d != "" {
			t.Fatalf("(-one +other)\n%s", d)
		}
		data, err := one.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := recommend.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 0 {
			if d := cmp.Diff(one.Pick(ask(all[0], 4)), back.Pick(ask(all[0], 4))); d != "" {
				t.Fatalf("another choice once it was published:\n%s", d)
			}
		}
	})
}

// What is computed as of a time rests on nothing later.
func TestWhatCustomersDoLaterChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := made(t)
		before := collect(all)
		for i, c := range all {
			if rapid.Bool().Draw(t, "buys") {
				ordered(c, fmt.Sprint("c", i), fmt.Sprint("later", i), now.Add(time.Duration(1+i)*time.Hour), fmt.Sprint("p", i%9), "new")
			}
		}
		if d := cmp.Diff(before, collect(all)); d != "" {
			t.Fatalf("(-before +after)\n%s", d)
		}
	})
}

func TestWhatIsChosenMayBeShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := made(t)
		s := collect(all)
		for _, c := range all {
			a := ask(c, 4)
			a.Shown = func(id string) bool { return id != "p3" }
			seen := map[string]bool{}
			for _, x := range s.Pick(a) {
				_, bought := c.Bought().Place(x.Product)
				_, had := c.Bought().Place(x.With)
				if bought || seen[x.Product] || x.Product == "p3" || x.With != "" && !had {
					t.Fatalf("%+v of %v", x, c.Bought().Products())
				}
				seen[x.Product] = true
			}
		}
	})
}

func TestAnOrderOfNobodyCountsOnce(t *testing.T) {
	k := recommend.NewCollector(now)
	for i := range 3 {
		d := &events.OrderPlaced{Order: events.Order{ID: fmt.Sprint("till-", i), Items: []events.Item{{ProductID: "tea", Quantity: 1}, {ProductID: "pot", Quantity: 1}}}}
		for range 2 {
			k.Sold(events.Event{ID: d.Order.ID, Source: "/till", Type: d.Type(), Time: ago(1), Data: d})
		}
	}
	for i := range 10 {
		c := buyer(fmt.Sprint("c", i), 1, "book")
		k.Add(c, c.Bought())
	}
	s := k.Snapshot()
	if got := s.Pick(ask(buyer("ann", 3, "tea"), 1)); s.Customers != 13 || len(got) != 1 || got[0].With != "tea" {
		t.Errorf("%d customers, %v", s.Customers, got)
	}
}

func TestWhatWasPublishedIsRead(t *testing.T) {
	if s, err := recommend.Decode([]byte(`{"version":99}`)); s != nil || err != nil {
		t.Errorf("of another version: %v, %v", s, err)
	}
	for _, bad := range []string{`{`, `{"version":1,"ids":["a"],"with":[[7,3,100]]}`, `{"version":1,"ids":["a"],"popular":[-1]}`, `{"version":1,"with":[[]]}`} {
		if s, err := recommend.Decode([]byte(bad)); err == nil {
			t.Errorf("%s: %v", bad, s)
		}
	}
	var none *recommend.Snapshot
	if got := none.Pick(ask(buyer("ann", 3, "tea"), 3)); got != nil {
		t.Errorf("nothing is known, and this is recommended: %v", got)
	}
}
