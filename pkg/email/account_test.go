package email_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/email"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/touch"
	"homing/workers"
)

// seen keeps what a template may know.
type seen struct{ data render.Data }

func (s *seen) Render(name string, d render.Data) (render.Mail, error) {
	s.data = d
	return render.Mail{Template: name, Subject: "Hello", HTML: "<p>Hello", Text: "Hello"}, nil
}

// orderShown is what a template may know of the order of a snapshot, to a customer of
// whom these events were told.
func orderShown(t *testing.T, s touch.Snapshot, w workers.Wording, told ...events.Event) *render.Order {
	t.Helper()
	into := &seen{}
	ch := email.New(email.Options{Templates: func() (email.Renderer, string) { return into, "12" }, Store: &programme.Store{ID: "main", Zone: time.UTC, From: "Shop <hello@shop.example>", Domain: "shop.example"}})
	c := content("jill@example.com")
	c.Touch.Snapshot, c.Wording, c.Step.Class = &s, w, touch.Transactional
	for i := range told {
		customer.Apply(c.Customer, told[i])
	}
	m, err := ch.Compose(c)
	if err != nil {
		t.Fatal(err)
	}
	m.Release()
	return into.data.Order
}

func pounds(minor int64) events.Money { return events.Money{Minor: minor, Currency: "GBP"} }

func TestAnOrderShowsHowItsTotalCameAbout(t *testing.T) {
	items := []events.Item{{ProductID: "tea", Quantity: 2, Price: pounds(1000)}}
	for _, tc := range []struct {
		name string
		s    touch.Snapshot
		want render.Order
	}{
		{"prices with tax", touch.Snapshot{Order: "1", Items: items, Discount: pounds(200), Shipping: pounds(395), Tax: pounds(366), Total: pounds(2195)},
			render.Order{Subtotal: pounds(2000), Discount: pounds(200), Shipping: pounds(395), Tax: pounds(366)}},
		{"tax on top", touch.Snapshot{Order: "1", Items: items, Shipping: pounds(0), Tax: pounds(400), Total: pounds(2400)},
			render.Order{Subtotal: pounds(2000), Shipping: pounds(0), Tax: pounds(400), TaxAdded: true}},
		{"nothing taken off, no tax", touch.Snapshot{Order: "1", Items: items, Discount: pounds(0), Tax: pounds(0), Total: pounds(2000)},
			render.Order{Subtotal: pounds(2000)}},
		{"lines left out", touch.Snapshot{Order: "1", Items: items, More: 3, Total: pounds(9000)}, render.Order{}},
	} {
		got := orderShown(t, tc.s, workers.Wording{})
		if got.Subtotal != tc.want.Subtotal || got.Discount != tc.want.Discount || got.Shipping != tc.want.Shipping || got.Tax != tc.want.Tax || got.TaxAdded != tc.want.TaxAdded {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	if got := orderShown(t, touch.Snapshot{Order: "1", Items: items, Shipping: pounds(395), StatusURL: "https://shop.example/o/1"}, workers.Wording{Items: items}); got.Shipping != (events.Money{}) || got.StatusURL != "" {
		t.Errorf("several orders show the shipping of one: %+v", got)
	}
	if got := orderShown(t, touch.Snapshot{Order: "1", Items: items, StatusURL: "https://shop.example/o/1"}, workers.Wording{}); got.StatusURL != "https://shop.example/o/1" {
		t.Errorf("%+v", got)
	}
}

func TestAnOrderSaysHowFarItIs(t *testing.T) {
	noon := time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	told := func(hours int, d events.Data) events.Event {
		at := noon.Add(time.Duration(hours) * time.Hour)
		return events.Event{ID: string(d.Type()) + at.String(), Source: "/shop", Store: "main", Type: d.Type(), Time: at, Data: d}
	}
	ann := events.Customer{ID: "ann"}
	placed := func(id string) events.Event {
		return told(0, &events.OrderPlaced{Customer: ann, Order: events.Order{ID: id, Items: []events.Item{{ProductID: "tea", Quantity: 1}, {ProductID: "cup", Quantity: 1}}}})
	}
	sent := func(id string, items ...events.ChangedItem) events.Event {
		return told(1, &events.OrderFulfilled{Customer: ann, Order: events.OrderChange{ID: id, Items: items}})
	}
	arrived := func(id string, items ...events.ChangedItem) events.Event {
		return told(2, &events.OrderDelivered{Customer: ann, Order: events.OrderChange{ID: id, Items: items}})
	}
	cup := events.ChangedItem{ProductID: "cup"}
	for _, tc := range []struct {
		name            string
		told            []events.Event
		also            []string
		sent, delivered bool
	}{
		{"nothing is known", nil, nil, false, false},
		{"placed", []events.Event{placed("1")}, nil, false, false},
		{"sent", []events.Event{placed("1"), sent("1")}, nil, true, false},
		{"some of it sent", []events.Event{placed("1"), sent("1", cup)}, nil, true, false},
		{"delivered", []events.Event{placed("1"), sent("1"), arrived("1")}, nil, true, true},
		{"delivered, and nobody said it was sent", []events.Event{placed("1"), arrived("1")}, nil, true, true},
		{"some of it delivered", []events.Event{placed("1"), arrived("1", cup)}, nil, true, false},
		{"another order with it is not sent", []events.Event{placed("1"), arrived("1"), placed("2")}, []string{"2"}, false, false},
		{"another order with it is sent", []events.Event{placed("1"), arrived("1"), placed("2"), sent("2")}, []string{"2"}, true, false},
	} {
		o := orderShown(t, touch.Snapshot{Order: "1"}, workers.Wording{Also: tc.also}, tc.told...)
		if o.Sent != tc.sent || o.Delivered != tc.delivered {
			t.Errorf("%s: sent %t, delivered %t", tc.name, o.Sent, o.Delivered)
		}
	}
}

func TestAProductSaysWhenItWasBoughtLast(t *testing.T) {
	into := &seen{}
	ch := email.New(email.Options{Templates: func() (email.Renderer, string) { return into, "12" }, Store: &programme.Store{ID: "main", Zone: time.UTC, From: "Shop <hello@shop.example>", Domain: "shop.example"},
		Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" }})
	noon := time.Date(2025, 11, 10, 12, 0, 0, 0, time.UTC)
	items := []events.Item{{ProductID: "tea", Quantity: 2}, {ProductID: "cup", Quantity: 5}, {ProductID: "rye", Quantity: 1}}
	c := content("jill@example.com")
	c.Touch.Snapshot = &touch.Snapshot{Order: "1", Items: items}
	d := &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "1", Items: []events.Item{{ProductID: "tea", Quantity: 2}, {ProductID: "cup", Quantity: 1}}}}
	customer.Apply(c.Customer, events.Event{ID: "1", Source: "/shop", Store: "main", Type: d.Type(), Time: noon, Data: d})
	m, err := ch.Compose(c)
	if err != nil {
		t.Fatal(err)
	}
	m.Release()
	got := into.data.Products.Items
	if !got[0].BoughtAt.Equal(noon) || !got[1].BoughtAt.IsZero() || !got[2].BoughtAt.IsZero() {
		t.Errorf("%+v", got)
	}
}
