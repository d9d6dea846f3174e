package demoshop_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/demoshop"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func year(t *testing.T, customers int) ([]customer.Entry, int) {
	t.Helper()
	c := config.Example()
	c.Installation.Holdout = 0.2
	entries, past, err := demoshop.Year(t.Context(), &c, "main", "a secret that only tests use, 32+ bytes", now, customers)
	if err != nil {
		t.Fatal(err)
	}
	return entries, past
}

// It is a year of everything that the console shows, and what is long over is told as such.
func TestAYearHasSomethingOfEverything(t *testing.T) {
	entries, past := year(t, 200)
	told, facts := map[events.Type]int{}, map[string]int{}
	codes, redeemed := map[string]time.Time{}, 0
	for i, e := range entries {
		at := e.Event.Time
		if at.After(now) || at.Before(now.AddDate(0, 0, -demoshop.Days-1)) || i > 0 && at.Before(entries[i-1].Event.Time) {
			t.Fatalf("%s at %v", e.Event.Type, at)
		}
		if e.Event.Historical != (i < past && !e.Event.Type.IsFact()) {
			t.Errorf("%s at %v is historical: %v", e.Event.Type, at, e.Event.Historical)
		}
		told[e.Event.Type]++
		switch d := e.Event.Data.(type) {
		case *events.OfferIssued:
			codes[e.Key.Token+d.Code] = at
		case *events.OrderPlaced:
			for _, c := range d.Order.Coupons {
				if issued, ok := codes[e.Key.Token+c]; !ok || at.Before(issued) {
					t.Errorf("order %s has a code that nobody gave them", d.Order.ID)
				}
				redeemed++
			}
		}
		if f, ok := e.Event.Data.(events.Fact); ok {
			facts[f.Body().Worker+" "+f.Body().Reason]++
		}
	}
	for _, x := range []events.Type{events.TypeOrderPlaced, events.TypeOrderRefunded, events.TypeReviewSubmitted, events.TypeCustomerAnswered, events.TypeComplaintOpened,
		events.TypeComplaintClosed, events.TypeCustomerLapsed, events.TypeCustomerUnsubscribed, events.TypeEmailClicked, events.TypeOfferIssued} {
		if told[x] == 0 {
			t.Errorf("there is no %s", x)
		}
	}
	for _, x := range []string{"thank-you sent", "cart-recovery sent", "replenishment sent", "win-back sent", "birthday sent", "review-request sent", "replenishment holdout"} {
		if facts[x] == 0 {
			t.Errorf("%s: none", x)
		}
	}
	if n := told[events.TypeOfferIssued]; redeemed < n/40 || redeemed > n/4 {
		t.Errorf("%d of %d codes were redeemed", redeemed, n)
	} else {
		t.Logf("%d of %d codes were redeemed", redeemed, n)
	}
	if n := told[events.TypeOrderPlaced]; n < 400 || n > 1000 {
		t.Errorf("%d orders", n)
	}
}

func TestAYearIsTheSameEachTime(t *testing.T) {
	one, _ := year(t, 30)
	other, _ := year(t, 30)
	what := func(e customer.Entry) string {
		return fmt.Sprint(e.Key, " ", e.Event.ID, " ", e.Event.Type, " ", e.Event.Time)
	}
	if !slices.EqualFunc(one, other, func(a, b customer.Entry) bool { return what(a) == what(b) }) {
		t.Error("it differs")
	}
}
