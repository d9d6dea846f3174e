package cartrecovery_test

import (
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/workers"
	"homing/workers/cartrecovery"
)

func TestACartThatNobodySaidWasLeftSaysSo(t *testing.T) {
	start := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	ann := events.Customer{ID: "ann", Email: "ann@example.com"}
	cart := events.Cart{ID: "k1", Items: []events.Item{{ProductID: "tea", Name: "Tea", Quantity: 1}}}
	after := func(data ...events.Data) workers.Input {
		var c customer.Customer
		for i, d := range data {
			customer.Apply(&c, events.Event{ID: string(rune('a' + i)), Source: "/shop", Store: "main", Type: d.Type(), Time: start.Add(time.Duration(i) * time.Minute), Data: d})
		}
		return workers.Input{Customer: &c, Now: start.Add(time.Hour)}
	}
	updated := &events.CartUpdated{Customer: ann, Cart: cart}
	for _, c := range []struct {
		name   string
		idle   time.Duration
		told   []events.Data
		reason reason.Reason
	}{
		{"only updated", 0, []events.Data{updated}, reason.NotYet},
		{"with idle it is left by itself", time.Hour, []events.Data{updated}, ""},
		{"left", 0, []events.Data{updated, &events.CartAbandoned{Customer: ann, Cart: cart}}, ""},
		{"ordered", 0, []events.Data{updated, &events.OrderPlaced{Customer: ann, Order: events.Order{ID: "1", Items: cart.Items}}}, ""},
		{"emptied", 0, []events.Data{updated, &events.CartUpdated{Customer: ann, Cart: events.Cart{ID: "k1"}}}, ""},
		{"no cart", 0, nil, ""},
	} {
		w, err := cartrecovery.Kind.New(func(into any) error { into.(*cartrecovery.Config).Idle = c.idle; return nil })
		if err != nil {
			t.Fatal(err)
		}
		why, text := w.Silence(after(c.told...))
		if why != c.reason || why != "" && !strings.Contains(text, "idle is 0s") {
			t.Errorf("%s: %q, %q; want %q", c.name, why, text, c.reason)
		}
	}
}
