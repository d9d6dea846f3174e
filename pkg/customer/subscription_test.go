package customer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

func coffee(renews int) events.Subscription {
	return events.Subscription{ID: "S-1", Items: []events.Item{{ProductID: "coffee", Quantity: 1}}, Interval: events.EveryMonth, NextRenewalAt: new(instant(renews))}
}

func started(n, renews int) events.Event {
	return at(n, fmt.Sprint("started", n), &events.SubscriptionStarted{Customer: ann, Subscription: coffee(renews)})
}

func renewed(n, renews int) events.Event {
	return at(n, fmt.Sprint("renewed", n), &events.SubscriptionRenewed{Customer: ann, Subscription: coffee(renews)})
}

func pausedAt(n int) events.Event {
	return at(n, fmt.Sprint("paused", n), &events.SubscriptionPaused{Customer: ann, Subscription: events.Subscription{ID: "S-1"}})
}

func cancelledAt(n int, why string) events.Event {
	return at(n, fmt.Sprint("cancelled", n), &events.SubscriptionCancelled{Customer: ann, Subscription: events.Subscription{ID: "S-1"}, Reason: why})
}

func failed(n int) events.Event {
	return at(n, fmt.Sprint("failed", n), &events.SubscriptionPaymentFailed{Customer: ann, Subscription: events.Subscription{ID: "S-1"}})
}

func TestOfASubscriptionTheLastWordCounts(t *testing.T) {
	for _, c := range []struct {
		name     string
		said     []events.Event
		standing customer.Standing
		renews   int // 0: not known
		comes    bool
		unpaid   int
	}{
		{"started", []events.Event{started(1, 30)}, customer.IsActive, 30, true, 0},
		{"renewed", []events.Event{started(1, 30), renewed(30, 60)}, customer.IsActive, 60, true, 0},
		{"skipped", []events.Event{started(1, 30), at(20, "u", &events.SubscriptionUpdated{Customer: ann, Subscription: coffee(60)})}, customer.IsActive, 60, true, 0},
		{"only announced", []events.Event{at(1, "r", &events.SubscriptionRenewing{Customer: ann, Subscription: coffee(30)})}, customer.IsActive, 30, true, 0},
		{"paused", []events.Event{started(1, 30), pausedAt(10)}, customer.IsPaused, 30, false, 0},
		{"resumed", []events.Event{started(1, 30), pausedAt(10), at(20, "r", &events.SubscriptionResumed{Customer: ann, Subscription: coffee(45)})}, customer.IsActive, 45, true, 0},
		{"cancelled", []events.Event{started(1, 30), cancelledAt(10, "")}, customer.IsCancelled, 0, false, 0},
		{"cancelled and paused at once", []events.Event{started(1, 30), pausedAt(10), cancelledAt(10, "")}, customer.IsCancelled, 0, false, 0},
		{"started again", []events.Event{started(1, 30), cancelledAt(10, ""), started(20, 50)}, customer.IsActive, 50, true, 0},
		{"started again, of what nobody knows", []events.Event{started(1, 30), cancelledAt(10, ""),
			at(20, "s", &events.SubscriptionStarted{Customer: ann, Subscription: events.Subscription{ID: "S-1"}})}, customer.IsActive, 0, false, 0},
		{"announced although it was cancelled", []events.Event{started(1, 30), cancelledAt(10, ""),
			at(20, "r", &events.SubscriptionRenewing{Customer: ann, Subscription: coffee(30)})}, customer.IsCancelled, 30, false, 0},
		{"not paid", []events.Event{started(1, 30), failed(30), failed(33)}, customer.IsActive, 30, true, 2},
		{"paid after all", []events.Event{started(1, 30), failed(30), failed(33), renewed(34, 60), failed(60)}, customer.IsActive, 60, true, 1},
		{"not paid, and paused", []events.Event{started(1, 30), failed(30), pausedAt(31)}, customer.IsPaused, 30, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := append([]events.Event(nil), c.said...)
			for range 10 {
				who := fold(append(said, said...))
				s, known := who.Subscription("S-1")
				renews := time.Time{}
				if c.renews > 0 {
					renews = instant(c.renews)
				}
				if !known || s.Standing() != c.standing || !s.RenewsAt().Equal(renews) || who.Subscribes("coffee") != c.comes || len(s.Unpaid) != c.unpaid {
					t.Fatalf("%+v, known %v, comes %v", s, known, who.Subscribes("coffee"))
				}
				if d := diff(who, clone(t, who)); d != "" {
					t.Fatalf("the record:\n%s", d)
				}
				rand.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
			}
		})
	}
}

func TestWhyASubscriptionWasCancelledIsKept(t *testing.T) {
	for _, why := range append(events.CancelReasons(), "") {
		who := fold([]events.Event{started(1, 30), cancelledAt(10, why)})
		if s, _ := who.Subscription("S-1"); s.Reason() != why {
			t.Errorf("%q, want %q", s.Reason(), why)
		}
	}
}

func TestOfTooManySubscriptionsTheOldestThatWereCancelledGo(t *testing.T) {
	var es []events.Event
	for i := range 30 {
		id := fmt.Sprintf("S-%02d", i)
		es = append(es, at(i, "s"+id, &events.SubscriptionStarted{Customer: ann, Subscription: events.Subscription{ID: id}}))
		if i%2 == 0 {
			es = append(es, at(100+i, "c"+id, &events.SubscriptionCancelled{Customer: ann, Subscription: events.Subscription{ID: id}}))
		}
	}
	who := fold(es)
	active, gone := 0, ""
	for _, s := range who.Subscriptions {
		if s.Standing() == customer.IsCancelled {
			gone += " " + s.ID
			continue
		}
		active++
	}
	if active != 15 || gone != " S-20 S-22 S-24 S-26 S-28" {
		t.Errorf("%d are active; kept of the others:%s", active, gone)
	}
}

// What subscriptions take in a record.
func TestTheBytesOfASubscription(t *testing.T) {
	size := func(es ...events.Event) int {
		who := fold(es)
		return len(customer.Encode(&who))
	}
	hello := at(0, "hello", &events.CustomerUpdated{Customer: ann})
	none, one := size(hello), size(hello, started(1, 2_592_000))
	if none != size(hello, at(1, "s", &events.SubscriptionUpdated{Customer: ann, Subscription: events.Subscription{ID: "S-1"}})) {
		t.Error("of which nothing is said takes bytes")
	}
	gone := size(hello, started(1, 2_592_000), cancelledAt(9, events.CancelRequested))
	t.Logf("%d bytes for one that is active, %d for one that was cancelled", one-none, gone-none)
	if one-none > 50 || gone-none > 35 {
		t.Errorf("%d, %d", one-none, gone-none)
	}
}
