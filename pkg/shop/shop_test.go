package shop_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/shop"
)

var at = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func orderOf(items []events.Item) *events.OrderPlaced {
	return &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "1", Items: items, Total: events.Money{Minor: 100, Currency: "EUR"}}}
}

// Systems say more of an item than an event keeps. An order with many of them is an order
// all the same.
func TestAnOrderOfManyLongNamesFits(t *testing.T) {
	tell := shop.NewTeller("shopify", shop.Store{ID: "main"})
	var items []events.Item
	for range events.MaxItems {
		items = append(items, events.Item{ProductID: "tea", Name: strings.Repeat("Tea ", 2000), Quantity: 1, Price: events.Money{Minor: 100, Currency: "EUR"},
			ImageURL: "data:image/png;base64," + strings.Repeat("A", 20_000)})
	}
	if err := tell.Tell("1", at, orderOf(tell.Items("line_items", items))); err != nil {
		t.Fatal(err)
	}
	e := tell.Said().Events[0]
	doc, err := events.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := events.Decode(events.Raw{Subject: events.Subject(e.Store, e.Type), Data: doc}, at)
	if err != nil || len(got.Data.(*events.OrderPlaced).Order.Items) != events.MaxItems {
		t.Errorf("%d bytes: %v", len(doc), err)
	}
}

// An order of a wholesaler keeps its links and pictures; of one that has no room for them all
// products stay, and a note says what is missing.
func TestOfAVeryLongOrderAllProductsStay(t *testing.T) {
	for lines, want := range map[int]string{1200: "", 4000: "their pictures are left out"} {
		tell := shop.NewTeller("woocommerce", shop.Store{ID: "main"})
		var items []events.Item
		for i := range lines {
			items = append(items, events.Item{ProductID: fmt.Sprint("SKU-", i), Name: "Set of 6 soldier skittles", Quantity: 6, Price: events.Money{Minor: 375, Currency: "GBP"},
				URL: fmt.Sprint("https://shop.example/p/", i), ImageURL: fmt.Sprint("https://cdn.shop.example/pictures/", i, "-large.webp")})
		}
		if err := tell.Tell("1", at, orderOf(tell.Items("line_items", items))); err != nil {
			t.Fatal(err)
		}
		said := tell.Said()
		got := said.Events[0].Data.(*events.OrderPlaced).Order.Items
		if len(got) != lines || got[lines-1].URL == "" || (got[0].ImageURL == "") != (want != "") {
			t.Errorf("%d lines: %d, the last is %+v", lines, len(got), got[len(got)-1])
		}
		if (len(said.Notes) > 0) != (want != "") || want != "" && !strings.HasSuffix(said.Notes[0].Detail, want) {
			t.Errorf("%d lines: %+v", lines, said.Notes)
		}
	}
}

// What does not fit is for a person to see. Put on the stream, it would be refused again and
// again, with all that is put there at the same moment.
func TestAnEventThatIsTooLargeIsNotTold(t *testing.T) {
	tell := shop.NewTeller("shopify", shop.Store{ID: "main"})
	o := orderOf([]events.Item{{ProductID: "tea", Name: "Tea", Quantity: 1, Price: events.Money{Minor: 100, Currency: "EUR"}}})
	o.Order.StatusURL = "https://shop.example/" + strings.Repeat("x", events.MaxSize)
	if err := tell.Tell("1", at, o); !errors.Is(err, shop.ErrUnreadable) || len(tell.Said().Events) > 0 {
		t.Errorf("%v, %d events", err, len(tell.Said().Events))
	}
}
