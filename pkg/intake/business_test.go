package intake_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/intake"
)

// On a clock that runs faster all times of an event move, or an order would be
// older than its event.
func TestEveryTimeOfAnEventIsOnTheClockOfBusiness(t *testing.T) {
	const said = `{"customer":{"id":"ann","consent":{"email":"subscribed","at":"1999-03-01T10:00:00Z"}},`
	const order = said + `"order":{"id":"1","placed_at":"1999-03-01T10:00:00Z","items":[{"product_id":"p","name":"n","quantity":1}],"total":{"amount":"1","currency":"GBP"}}}`
	w := &world{}
	o := w.options(t)
	o.Business = func(t time.Time) time.Time { return t.Add(time.Hour) }
	feed(t, intake.New(o).Handle, []*message{
		{subject: "storefront.main.order.placed", seq: 1, data: order},
		{subject: "storefront.main.order.updated", seq: 2, data: order},
		{subject: "storefront.main.customer.lapsed", seq: 3, data: said + `"last_order_at":"1999-03-01T10:00:00Z"}`},
	}, time.Second)
	if len(w.entries) != 3 {
		t.Fatalf("%d entries, want 3", len(w.entries))
	}
	for _, e := range w.entries {
		times := []*time.Time{e.Event.Data.(events.CustomerData).Who().Consent.At}
		switch d := e.Event.Data.(type) {
		case *events.OrderPlaced:
			times = append(times, d.Order.PlacedAt)
		case *events.OrderUpdated:
			times = append(times, d.Order.PlacedAt)
		case *events.CustomerLapsed:
			times = append(times, d.LastOrderAt)
		}
		for _, at := range times {
			if want := time.Date(1999, 3, 1, 11, 0, 0, 0, time.UTC); len(times) != 2 || !at.Equal(want) {
				t.Errorf("%s: %v, want %s", e.Event.Type, times, want)
			}
		}
	}
}
