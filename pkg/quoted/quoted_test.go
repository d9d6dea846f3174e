package quoted_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/quoted"
)

var now = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

func ago(days int) time.Time { return now.AddDate(0, 0, -days) }

// A shop is its customers, and what they reviewed, in the order in which that was told.
type shop struct {
	who   map[customer.Key]*customer.Customer
	heard []customer.Entry
}

func key(who string) customer.Key { return customer.Key{Store: "main", Bucket: 1, Token: who} }

func (s *shop) says(who string, at time.Time, d events.Data) {
	k := key(who)
	e := events.Event{ID: fmt.Sprint(who, at, d), Source: "/shop", Store: "main", Type: d.Type(), Time: at, Data: d}
	if s.who == nil {
		s.who = map[customer.Key]*customer.Customer{}
	}
	if s.who[k] == nil {
		s.who[k] = &customer.Customer{}
	}
	customer.Apply(s.who[k], e)
	s.heard = append(s.heard, customer.Entry{Key: k, Event: e})
}

func (s *shop) buys(who, product string) {
	s.says(who, ago(90), &events.OrderPlaced{Customer: events.Customer{ID: who, FirstName: strings.ToUpper(who[:1]) + who[1:], Locale: "en-GB"},
		Order: events.Order{ID: who + product, Items: []events.Item{{ProductID: product, Name: product, Quantity: 1}}}})
}

func review(text string) events.Review {
	return events.Review{ProductID: "tea", Rating: 5, Text: text, QuoteConsent: true}
}

func (s *shop) reviews(who string, days int, r events.Review) {
	s.says(who, ago(days), &events.ReviewSubmitted{Customer: events.Customer{ID: who}, Review: r})
}

func (s *shop) night() *quoted.Snapshot {
	k := quoted.NewCollector(now, 4)
	for _, e := range s.heard {
		k.Hear(e)
	}
	for _, x := range k.Asks() {
		k.Confirm(x, s.who[x])
	}
	return k.Snapshot()
}

func texts(s *quoted.Snapshot, product string) (out []string) {
	for _, q := range s.Products[product] {
		out = append(out, q.Text)
	}
	return out
}

func TestWhoIsQuoted(t *testing.T) {
	with := func(change func(*events.Review)) events.Review {
		r := review("Lovely with milk.")
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		do   func(*shop)
		want bool
	}{
		"agreed":        {func(s *shop) { s.reviews("ann", 9, review("Lovely with milk.")) }, true},
		"four stars":    {func(s *shop) { s.reviews("ann", 9, with(func(r *events.Review) { r.Rating = 4 })) }, true},
		"three stars":   {func(s *shop) { s.reviews("ann", 9, with(func(r *events.Review) { r.Rating = 3 })) }, false},
		"no stars":      {func(s *shop) { s.reviews("ann", 9, with(func(r *events.Review) { r.Rating = 0 })) }, false},
		"did not agree": {func(s *shop) { s.reviews("ann", 9, with(func(r *events.Review) { r.QuoteConsent = false })) }, false},
		"never bought it": {func(s *shop) {
			s.says("cid", ago(99), &events.CustomerCreated{Customer: events.Customer{ID: "cid"}})
			s.reviews("cid", 9, review("Lovely with milk."))
		}, false},
		"a link": {func(s *shop) { s.reviews("ann", 9, review("Lovely, like at cheap-tea.example.")) }, false},
		"too long": {func(s *shop) {
			s.reviews("ann", 9, review(strings.Repeat("Lovely. ", 50)+"But it broke."))
		}, false},
		"fewer stars since": {func(s *shop) {
			s.reviews("ann", 9, review("Lovely with milk."))
			s.reviews("ann", 8, with(func(r *events.Review) { r.Rating, r.Text = 2, "Stale." }))
		}, false},
		"told late that there were fewer stars": {func(s *shop) {
			s.reviews("ann", 8, with(func(r *events.Review) { r.Rating, r.Text = 2, "Stale." }))
			s.reviews("ann", 9, review("Lovely with milk."))
		}, false},
		"agreed no more": {func(s *shop) {
			s.reviews("ann", 9, review("Lovely with milk."))
			s.reviews("ann", 8, with(func(r *events.Review) { r.QuoteConsent = false }))
		}, false},
		"withdrawn": {func(s *shop) {
			s.reviews("ann", 9, review("Lovely with milk."))
			s.says("ann", ago(8), &events.ReviewWithdrawn{Customer: events.Customer{ID: "ann"}, Review: events.Review{ProductID: "tea"}})
		}, false},
		"erased": {func(s *shop) {
			s.reviews("ann", 9, review("Lovely with milk."))
			s.says("ann", ago(8), &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var s shop
			s.buys("ann", "tea")
			c.do(&s)
			night := s.night()
			if got := texts(night, "tea"); (len(got) > 0) != c.want {
				t.Errorf("quoted: %q", got)
			}
			if data, err := night.Encode(); err != nil || !c.want && bytes.Contains(data, []byte("milk")) {
				t.Errorf("%s, %v", data, err)
			}
		})
	}
}

func TestWhatAQuoteSaysOfItsAuthor(t *testing.T) {
	var s shop
	for who, name := range map[string]string{"ann": "Ann", "bea": "Bea Archer", "cid": "Dr. Cid Cole", "dan": "win at spam.example"} {
		s.buys(who, who+"'s")
		s.says(who, ago(50), &events.CustomerUpdated{Customer: events.Customer{ID: who, FirstName: name}})
		r := review("Lovely with milk.")
		r.ProductID = who + "'s"
		s.reviews(who, 9, r)
	}
	got := map[string]quoted.Quote{}
	for product, all := range s.night().Products {
		got[product] = all[0]
	}
	q := quoted.Quote{Text: "Lovely with milk.", Language: "en-GB", Stars: 5, At: ago(9).UnixMilli()}
	named := func(name string) quoted.Quote { q := q; q.Name = name; return q }
	want := map[string]quoted.Quote{"ann's": named("Ann"), "bea's": named("Bea"), "cid's": named("Cid"), "dan's": q}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Of each language the newest stay, and how many are kept has a bound.
func TestTheNewestAreQuoted(t *testing.T) {
	var s shop
	for i := range 30 {
		who := fmt.Sprint("who", i)
		s.buys(who, "tea")
		r := review(fmt.Sprint("Lovely, says number ", i))
		r.Language = []string{"", "de", "de-AT"}[i%3]
		s.reviews(who, 31-i, r)
	}
	night := s.night()
	want := []string{"Lovely, says number 29", "Lovely, says number 28", "Lovely, says number 27", "Lovely, says number 26", "Lovely, says number 25",
		"Lovely, says number 24", "Lovely, says number 21", "Lovely, says number 18"}
	if diff := cmp.Diff(want, texts(night, "tea")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	slices.Reverse(s.heard)
	if diff := cmp.Diff(night, s.night()); diff != "" {
		t.Errorf("told in another order (-want +got):\n%s", diff)
	}
	data, err := night.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := quoted.Decode(data); err != nil || !cmp.Equal(night, again) {
		t.Errorf("%v, %v", again, err)
	}
}

func TestWhichQuoteAnEmailShows(t *testing.T) {
	var s shop
	for i, who := range []string{"ann", "bea", "cid"} {
		s.buys(who, "tea")
		s.reviews(who, 20+i, review("Lovely, says "+who))
	}
	s.buys("dan", "pot")
	r := review("Pours well.")
	r.ProductID, r.Language = "pot", "de"
	s.reviews("dan", 9, r)
	night := s.night()
	english := func(l string) bool { return !strings.HasPrefix(l, "de") }
	ask := quoted.Ask{Customer: &customer.Customer{}, About: []string{"nothing", "pot", "tea"}, Speaks: english, Draw: "touch-1", Now: now}

	seen := map[string]bool{}
	for i := range 50 {
		ask.Draw = fmt.Sprint("touch-", i)
		got, found := night.Pick(ask)
		again, _ := night.Pick(ask)
		if !found || got.Product != "tea" || got != again {
			t.Fatalf("%+v, and then %+v", got, again)
		}
		seen[got.Text] = true
	}
	if len(seen) != 3 {
		t.Errorf("not all are quoted: %v", seen)
	}
	own := ask
	own.Customer = s.who[key("ann")]
	for i := range 50 {
		own.Draw = fmt.Sprint("touch-", i)
		if got, _ := night.Pick(own); got.Name == "Ann" || got.Text == "" {
			t.Fatalf("Ann is shown %+v", got)
		}
	}
	german := ask
	german.Speaks = func(l string) bool { return !english(l) }
	if got, _ := night.Pick(german); got.Text != "Pours well." {
		t.Errorf("in German: %+v", got)
	}
	sorry := shop{}
	bad := review("Stale.")
	bad.Rating = 1
	sorry.reviews("eve", 3, bad)
	ask.Customer = sorry.who[key("eve")]
	if got, found := night.Pick(ask); found {
		t.Errorf("she disliked it, and is shown %+v", got)
	}
	old := own
	old.Now = now.Add(quoted.MaxAge + time.Second)
	if got, found := night.Pick(old); found {
		t.Errorf("after nights that did not come: %+v", got)
	}
	if _, found := (*quoted.Snapshot)(nil).Pick(own); found {
		t.Error("nothing is known, and somebody is quoted")
	}
}
