package homingtest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

const sharedReviews = `
pacing: {frequency: [], quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  replenishment: {status: "off"}
  review-request: {after_delivery: 6h, after_order: 60h, reminder_after: 12h, merge_within: 4h, ask_again_after: 100h}
`

// Ann buys tea twice in a day and a cup with the second order; Homing is restarted
// before she is asked. She buys tea again later. Bob's order is cancelled when he is to
// be asked, so that no consent is left, and placed again.
func TestOrdersOfSomeDaysAreAskedAboutTogether(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, sharedReviews)
		w.Start()
		start := time.Now()
		at := func(h float64) { time.Sleep(time.Until(start.Add(time.Duration(h * float64(time.Hour))))) }
		order := func(who, id string, products ...string) *events.OrderPlaced {
			o := homingtest.Order(who, id)
			o.Order.Items = nil
			for _, p := range products {
				o.Order.Items = append(o.Order.Items, events.Item{ProductID: p, Name: "The " + p, Quantity: 1,
					URL: "https://shop.example/p/" + p, ReviewURL: "https://shop.example/review/" + p})
			}
			w.Publish("main", o)
			return o
		}
		arrived := func(o *events.OrderPlaced) {
			w.Publish("main", &events.OrderDelivered{Customer: o.Customer, Order: events.OrderChange{ID: o.Order.ID}})
		}
		first := order("ann", "1001", "tea")
		at(1)
		second := order("ann", "1002", "tea", "cup")
		bob := order("bob", "2001", "pot")
		at(10)
		arrived(first) // alone it would be asked about at 16
		arrived(bob)
		at(12)
		arrived(second)
		w.Publish("main", &events.OrderCancelled{Customer: bob.Customer, Order: events.OrderChange{ID: "2001"}})
		at(13)
		w.Stop()
		at(14)
		w.Start()
		at(17) // bob's was dropped at 16
		order("bob", "2001", "pot")
		at(20)
		w.Publish("main", &events.ReviewSubmitted{Customer: first.Customer, Review: events.Review{ProductID: "tea"}})
		at(40)
		third := order("ann", "1003", "tea")
		at(41)
		arrived(third)
		at(60)
		outcomes := happened(w, "review-request")
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{
			"ask 1001 sent", "ask 1002 bundled", "ask 1003 reviewed", "ask 2001 no_consent", "ask 2001 sent",
			"reminder 1001 reviewed", "reminder 1002 sent", "reminder 1003 reviewed", "reminder 2001 sent",
		}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		var anns []homingtest.Mail
		for _, m := range w.Sink.Mails() {
			if m.To == "ann@example.com" {
				anns = append(anns, m)
			}
		}
		if len(anns) != 2 {
			t.Fatalf("%d emails to ann, want 2", len(anns))
		}
		for i, c := range []struct {
			hour     float64
			has, not []string
		}{
			{18, []string{"The tea", "The cup", "shop.example/review/cup", "your orders"}, nil},
			{30, []string{"The cup"}, []string{"The tea"}},
		} {
			if h := anns[i].At.Sub(start).Hours(); h < c.hour || h > c.hour+1.5 {
				t.Errorf("email %d after %.2f hours, want %v", i, h, c.hour)
			}
			for _, s := range c.has {
				if !strings.Contains(anns[i].Raw, s) {
					t.Errorf("email %d says nothing of %s", i, s)
				}
			}
			for _, s := range c.not {
				if strings.Contains(anns[i].Raw, s) {
					t.Errorf("email %d says something of %s", i, s)
				}
			}
		}
	})
}
