//go:build older

package older

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/codelist"
	"homing/pkg/control"
	"homing/pkg/homingtest"
)

func customer(id string) events.Customer {
	return events.Customer{ID: id, Email: id + "@example.com", FirstName: strings.ToUpper(id[:1]) + id[1:], TimeZone: "Europe/London"}
}

func agreed(id string) events.Customer {
	c, at := customer(id), time.Now().UTC().Truncate(time.Second)
	c.Consent = &events.Consent{Email: events.Subscribed, At: &at, Confirmed: true}
	return c
}

func cart(c events.Customer) *events.CartAbandoned {
	return &events.CartAbandoned{Customer: c, Cart: events.Cart{ID: "cart-" + c.ID, URL: "https://shop.example/cart", Items: homingtest.Order(c.ID, "").Order.Items}}
}

// begin is what happens before the older version is stopped.
func begin(t *testing.T, w *homingtest.World) {
	w.Start()
	if _, err := codelist.New(w.JS).Load(t.Context(), "main", "spring", []string{"SPRING-1", "SPRING-2", "SPRING-3", "SPRING-4"}, nil); err != nil {
		t.Fatal(err)
	}
	w.Publish("main", homingtest.Order("ann", "1001")) // thanked at once, asked for a review in weeks
	birthday := agreed("joe")
	birthday.Birthday = "1990-01-08"
	w.Publish("main", &events.CustomerUpdated{Customer: birthday})
	guest := homingtest.Order("", "1002") // one person under two ids
	guest.Customer = events.Customer{Email: "finn@example.com"}
	w.Publish("main", guest)
	w.Publish("main", homingtest.Order("finn", "1003"))
	w.Publish("main", homingtest.Order("hugo", "1004"))
	asks := customer("gina") // asks for email, and does not confirm yet
	asks.Consent = &events.Consent{Email: events.Subscribed, Source: "newsletter"}
	w.Publish("main", &events.CustomerUpdated{Customer: asks})
	time.Sleep(8 * time.Hour)
	w.Publish("main", cart(agreed("cid"))) // gets a code before
	time.Sleep(40 * time.Hour)
	w.Publish("main", &events.CustomerErased{Customer: customer("hugo")})
	unhappy := homingtest.Order("kay", "1005")
	w.Publish("main", unhappy)
	two := 2
	w.Publish("main", &events.CustomerAnswered{Customer: customer("kay"), Question: "how_was_it", Kind: "scale", Scale: "csat", Score: &two, OrderID: "1005"})
	if _, err := w.JS.Publish(t.Context(), "storefront.main.order.placed", []byte(`{"customer":{"id":"lea"}}`)); err != nil { // no order: rejected
		t.Fatal(err)
	}
	time.Sleep(33 * time.Hour)
	until := time.Now().Add(30 * 24 * time.Hour).UTC()
	w.Publish("main", &events.CustomerPreferences{Customer: customer("erin"), PauseUntil: &until})
	for _, id := range []string{"bob", "dora", "erin", "ivy"} {
		w.Publish("main", cart(agreed(id)))
	}
	w.Sink.Answer = func(command, arg string) string {
		if command == "MAIL" || command == "RCPT" {
			ivy = strings.Contains(arg, "ivy@")
		}
		if command == "." && ivy {
			return homingtest.CutAfter // nobody knows what became of hers
		}
		return ""
	}
	time.Sleep(2 * time.Hour)
	for _, m := range w.Sink.Mails() {
		if strings.HasPrefix(m.To, "dora@") {
			if code, _, _ := w.Request("POST", homingtest.Unsubscribe(m.Raw), url.Values{"List-Unsubscribe": {"One-Click"}}); code != 200 {
				t.Errorf("unsubscribing: %d", code)
			}
		}
	}
	if did, err := pauses(w).Pause(t.Context(), control.Hold{Worker: "review-request", Reason: control.Paused}); err != nil || !did {
		t.Fatal(did, err)
	}
	time.Sleep(time.Hour)
}

var ivy bool
