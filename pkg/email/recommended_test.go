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
func recommending(t *testing.T) *email.Channel {
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
	shop := email.Shop{Products: products, Together: k.Snapshot()}
	return email.New(email.Options{
		Store:       &programme.Store{ID: "main", Zone: time.UTC, From: "Shop <hello@shop.example>", Domain: "shop.example"},
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
	ch := recommending(t)
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
	if d := recommending(t).Shows(to(touch.Transactional)); d.Recommend != nil {
		t.Error("it would be advertising to people who said no to it")
	}
}

func TestAnotherMailboxIsNotToldWhatWasBought(t *testing.T) {
	in := to(touch.Marketing)
	in.Touch.Customer.Token, in.To.Record.Token = "ann", "mailbox"
	if got := recommending(t).Shows(in).Recommend("en"); got == nil || got.Items[0].With != "" || !got.Items[0].Popular {
		t.Errorf("%+v", got)
	}
}
