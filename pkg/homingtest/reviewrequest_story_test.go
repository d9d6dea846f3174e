package homingtest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

const reviews = `
pacing: {frequency: [], quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  replenishment: {status: "off"}
  review-request: {after_delivery: 6h, after_fulfilment: 30h, after_order: 60h, reminder_after: 12h}
`

// happened lists what the timeline says became of a worker's touches, in order,
// holds left out: "ask 1001 sent".
func happened(w *homingtest.World, worker string) []string {
	var out []string
	for _, f := range w.Facts() {
		if b := f.Data.(events.Fact).Body(); b.Worker == worker && f.Type != events.TypeEmailHeld {
			out = append(out, b.Step+" "+b.Occasion+" "+b.Reason)
		}
	}
	return out
}

// Ann's parcels come one after the other, she reviews one of three things and
// gives one back; Bob complains; of Cleo's order nothing more is heard.
func TestReviewsAreAskedForWhenTheGoodsHaveArrived(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, reviews)
		w.Start()
		start := time.Now()
		at := func(h float64) { time.Sleep(time.Until(start.Add(time.Duration(h * float64(time.Hour))))) }
		ann, bob, cleo := homingtest.Order("ann", "1001"), homingtest.Order("bob", "1002"), homingtest.Order("cleo", "1003")
		for _, p := range []string{"cup", "pot"} {
			ann.Order.Items = append(ann.Order.Items, events.Item{ProductID: p, Name: "The " + p, Quantity: 1, URL: "https://shop.example/p/" + p})
		}
		some := func(products ...string) events.OrderChange {
			c := events.OrderChange{ID: "1001"}
			for _, p := range products {
				c.Items = append(c.Items, events.ChangedItem{ProductID: p})
			}
			return c
		}
		w.Publish("main", ann)
		w.Publish("main", bob)
		w.Publish("main", cleo)
		at(1)
		w.Publish("main", &events.OrderFulfilled{Customer: ann.Customer, Order: some()})
		w.Publish("main", &events.OrderDelivered{Customer: ann.Customer, Order: some("tea-1", "cup")})
		w.Publish("main", &events.OrderDelivered{Customer: bob.Customer, Order: events.OrderChange{ID: "1002"}})
		at(2)
		w.Publish("main", &events.ComplaintOpened{Customer: bob.Customer, Complaint: events.Complaint{ID: "c1", OrderID: "1002"}})
		at(5)
		w.Publish("main", &events.OrderDelivered{Customer: ann.Customer, Order: some("pot")})
		w.Publish("main", &events.ReviewSubmitted{Customer: ann.Customer, Review: events.Review{ProductID: "tea-1", OrderID: "1001"}})
		at(20) // asked 6 hours after the last parcel
		w.Publish("main", &events.ReviewSubmitted{Customer: ann.Customer, Review: events.Review{ProductID: "cup", OrderID: "1001"}})
		at(24) // reminded of the pot
		w.Publish("main", &events.ReviewSubmitted{Customer: cleo.Customer, Review: events.Review{ProductID: "tea-1"}})
		at(75)
		want := []string{"ask 1002 complaint_open", "ask 1001 sent", "reminder 1002 complaint_open", "reminder 1001 sent", "ask 1003 reviewed", "reminder 1003 reviewed"}
		if d := cmp.Diff(want, happened(w, "review-request")); d != "" {
			t.Error(d)
		}
		mails := w.Sink.Mails()
		if len(mails) != 2 {
			t.Fatalf("%d emails, want 2", len(mails))
		}
		for i, c := range []struct {
			hour     float64
			has, not []string
		}{{11, []string{"The cup", "The pot"}, []string{"Assam"}}, {23, []string{"The pot"}, []string{"Assam", "The cup"}}} {
			if h := mails[i].At.Sub(start).Hours(); h < c.hour || h > c.hour+0.1 || mails[i].To != "ann@example.com" {
				t.Errorf("email %d to %s after %.2f hours, want %v", i, mails[i].To, h, c.hour)
			}
			for _, s := range c.has {
				if !strings.Contains(mails[i].Raw, s) {
					t.Errorf("email %d does not ask about %s", i, s)
				}
			}
			for _, s := range c.not {
				if strings.Contains(mails[i].Raw, s) {
					t.Errorf("email %d asks about %s", i, s)
				}
			}
		}
	})
}
