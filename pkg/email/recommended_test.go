package email_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/email"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/quoted"
	"homing/pkg/recommend"
	"homing/pkg/render"
	"homing/pkg/touch"
)

var opens = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// orders is a customer who ordered things.
func orders(who string, products ...string) *customer.Customer {
	c := &customer.Customer{}
	d := &events.OrderPlaced{Customer: events.Customer{ID: who}, Order: events.Order{ID: "o-" + who}}
	for _, p := range products {
		d.Order.Items = append(d.Order.Items, events.Item{ProductID: p, Name: p, Quantity: 1})
	}
	customer.Apply(c, events.Event{ID: d.Order.ID, Source: "/shop", Type: d.Type(), Time: opens.AddDate(0, 0, -9), Data: d})
	return c
}

// recommending is the channel of a shop in which a pot, a cup and a book go with tea.
func recommending(t *testing.T, quotes *quoted.Snapshot) *email.Channel {
	t.Helper()
	k := recommend.NewCollector(opens)
	for i := range 30 {
		c := orders(fmt.Sprint("c", i), "kettle")
		if i < 8 {
			c = orders(fmt.Sprint("c", i), "tea", "pot", "cup", "libro")
		}
		k.Add(c, c.Bought())
	}
	var products *product.Snapshot
	told := func(p events.Product) {
		d := &events.ProductUpdated{Product: p}
		products = products.Hear([]events.Event{{ID: p.ID, Source: "/shop", Type: d.Type(), Time: opens, Data: d}}, nil)
	}
	told(events.Product{ID: "pot", Name: "Teapot", URL: "https://shop.example/pot", Price: events.Money{Minor: 2400, Currency: "GBP"}, Language: "en-GB"})
	told(events.Product{ID: "libro", Name: "El libro del té", URL: "https://shop.example/libro", Language: "es"})
	told(events.Product{ID: "cup", Name: "Cup"}) // and nobody knows where
	told(events.Product{ID: "tea", Name: "Darjeeling", URL: "https://shop.example/tea"})
	told(events.Product{ID: "kettle", Name: "Kettle", URL: "https://shop.example/kettle", Available: new(bool)})
	shop := email.Shop{Products: products, Together: k.Snapshot(), Quotes: quotes}
	return email.New(email.Options{
		Store:       &programme.Store{ID: "main", Zone: time.UTC, View: render.Store{Locale: "en-GB"}, From: "Shop <hello@shop.example>", Domain: "shop.example"},
		Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" },
		Shop:        func() email.Shop { return shop },
	})
}

// to is an email to a customer who bought tea.
func to(class touch.Class) channel.Content {
	in := content("ann@example.com")
	in.Customer, in.Step.Class, in.Now = orders("ann", "tea"), class, opens
	return in
}

func TestAnEmailRecommendsWhatCanBeShown(t *testing.T) {
	ch := recommending(t, nil)
	d := ch.Shows(to(touch.Marketing))
	if d.Recommended != nil {
		t.Fatal("it was chosen before anybody knew that it is shown")
	}
	pot := render.Recommendation{Name: "Teapot", URL: "https://shop.example/pot", Price: events.Money{Minor: 2400, Currency: "GBP"}, With: "Darjeeling"}
	book := render.Recommendation{Name: "El libro del té", URL: "https://shop.example/libro", With: "Darjeeling"}
	for language, want := range map[string][]render.Recommendation{"en": {pot}, "es-MX": {book}} {
		got := d.Recommend(language)
		if got == nil {
			t.Fatalf("%s: nothing", language)
		}
		if diff := cmp.Diff(want, got.Items); diff != "" {
			t.Errorf("%s (-want +got):\n%s", language, diff)
		}
	}
	if got := d.Recommend("de"); got != nil {
		t.Errorf("in German there is nothing to recommend: %+v", got)
	}
}

func TestATransactionalEmailRecommendsNothing(t *testing.T) {
	if d := recommending(t, nil).Shows(to(touch.Transactional)); d.Recommend != nil {
		t.Error("it would be advertising to people who said no to it")
	}
}

func TestAnotherMailboxIsNotToldWhatWasBought(t *testing.T) {
	in := to(touch.Marketing)
	in.Touch.Customer.Token, in.To.Record.Token = "ann", "mailbox"
	if got := recommending(t, nil).Shows(in).Recommend("en"); got == nil || got.Items[0].With != "" || !got.Items[0].Popular {
		t.Errorf("%+v", got)
	}
}

// An email quotes somebody about a product that it is about and that can be had, in its own
// language; a transactional one nobody.
func TestAnEmailQuotesAReview(t *testing.T) {
	quotes := &quoted.Snapshot{At: opens, Products: map[string][]quoted.Quote{
		"tea":    {{Text: "Lovely with milk.", Name: "Bea", Stars: 5}, {Text: "Wunderbar.", Name: "Uwe", Stars: 4, Language: "de-AT"}},
		"kettle": {{Text: "It whistles.", Stars: 5}}, // which is not to be had
	}}
	ch := recommending(t, quotes)
	in := to(touch.Marketing)
	in.Touch.Snapshot.Items = []events.Item{{ProductID: "kettle", Name: "Kettle"}, {ProductID: "tea", Name: "Darjeeling, loose"}}
	d := ch.Shows(in)
	if d.Quote != nil {
		t.Fatal("it was chosen before anybody knew that it is shown")
	}
	for language, want := range map[string]*render.Quote{
		"en": {Text: "Lovely with milk.", Name: "Bea", Stars: 5, Product: "Darjeeling, loose"},
		"de": {Text: "Wunderbar.", Name: "Uwe", Stars: 4, Product: "Darjeeling, loose"},
		"fr": nil,
	} {
		if diff := cmp.Diff(want, d.Quoting(language)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", language, diff)
		}
	}
	if d := ch.Shows(to(touch.Transactional)); d.Quoting != nil {
		t.Error("a transactional email quotes praise")
	}
}
