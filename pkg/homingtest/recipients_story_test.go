package homingtest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// A company's account orders for Bob, who says under an id of his own what became of the
// order. Neither the thanks nor the review request, which go to him, overlook that.
func TestWhatTheRecipientSaysAboutAnOrderCounts(t *testing.T) {
	lengthy.Always(t)
	change, some := events.OrderChange{ID: "o-2"}, events.OrderChange{ID: "o-2", Items: []events.ChangedItem{{ProductID: "pens", Quantity: 1}}}
	for name, c := range map[string]struct {
		says func(bob events.Customer) events.Data
		want map[string]string // of the order's emails
	}{
		"nothing":           {func(bob events.Customer) events.Data { return &events.CustomerUpdated{Customer: bob} }, map[string]string{"thanks": "sent", "ask": "sent"}},
		"it was cancelled":  {func(bob events.Customer) events.Data { return &events.OrderCancelled{Customer: bob, Order: change} }, map[string]string{"thanks": "cancelled", "ask": "cancelled"}},
		"the one piece was": {func(bob events.Customer) events.Data { return &events.OrderCancelled{Customer: bob, Order: some} }, map[string]string{"thanks": "cancelled", "ask": "cancelled"}},
		"it was refunded":   {func(bob events.Customer) events.Data { return &events.OrderRefunded{Customer: bob, Order: change} }, map[string]string{"thanks": "refunded", "ask": "refunded"}},
		"it came back":      {func(bob events.Customer) events.Data { return &events.OrderReturned{Customer: bob, Order: change} }, map[string]string{"thanks": "refunded", "ask": "refunded"}},
		"he reviewed it": {func(bob events.Customer) events.Data {
			return &events.ReviewSubmitted{Customer: bob, Review: events.Review{ProductID: "pens"}}
		}, map[string]string{"thanks": "sent", "ask": "reviewed"}},
		"he complained": {func(bob events.Customer) events.Data {
			return &events.ComplaintOpened{Customer: bob, Complaint: events.Complaint{ID: "c", OrderID: "o-2"}}
		}, map[string]string{"ask": "complaint_open"}},
		"another was": {func(bob events.Customer) events.Data {
			return &events.OrderCancelled{Customer: bob, Order: events.OrderChange{ID: "o-9"}}
		}, map[string]string{"thanks": "sent", "ask": "sent"}},
		"he ordered the same": {func(bob events.Customer) events.Data { return bought(bob, "o-2", "pens") }, map[string]string{"ask": "sent"}},
	} {
		for _, id := range []string{"", "bob"} {
			t.Run(name+" as "+id, func(t *testing.T) {
				dir := t.TempDir()
				synctest.Test(t, func(t *testing.T) {
					w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", uncapped, 1)+"  review-request: {after_order: 5h, reminder_after: 0s, merge_within: 0s}\n")
					w.Start()
					w.Publish("main", &events.CustomerCreated{Customer: by("corp", "alice@corp.example")})
					time.Sleep(time.Minute)
					w.Publish("main", bought(by("corp", "bob@corp.example"), "o-2", "pens"))
					time.Sleep(time.Minute)
					w.Publish("main", c.says(by(id, "Bob@corp.example")))
					time.Sleep(7 * time.Hour)
					got := map[string]string{}
					for _, f := range w.Facts() {
						b := f.Data.(events.Fact).Body()
						if _, asked := c.want[b.Step]; asked && f.Type != events.TypeEmailHeld && b.Customer == w.Identity().Key("main", "corp").Token {
							got[b.Step] = b.Reason
						}
					}
					if d := cmp.Diff(c.want, got); d != "" {
						t.Errorf("outcomes (-want +got):\n%s", d)
					}
				})
			})
		}
	}
}

// One order is told under the account that is used by several, and under the buyer's own.
// The buyer is emailed about it once.
func TestAnOrderThatIsToldUnderTheBuyersOwnAccountAsWellIsOneEmail(t *testing.T) {
	lengthy.Always(t)
	corp, bob := by("corp", "bob@corp.example"), by("bob", "bob@corp.example")
	for name, told := range map[string][2]events.Customer{"the account first": {corp, bob}, "the buyer first": {bob, corp}, "a guest first": {by("", "bob@corp.example"), corp}} {
		for _, apart := range []time.Duration{time.Second, time.Hour} {
			t.Run(name, func(t *testing.T) {
				story(t, uncapped, func(w *homingtest.World) {
					w.Publish("main", &events.CustomerCreated{Customer: by("corp", "alice@corp.example")})
					time.Sleep(time.Minute)
					for _, who := range told {
						w.Publish("main", bought(who, "o-2", "pens"))
						time.Sleep(apart)
					}
					time.Sleep(3 * time.Hour)
					if d := cmp.Diff([]string{"bob@corp.example"}, mailed(w)); d != "" {
						t.Errorf("mailed (-want +got):\n%s\n%v", d, outcomes(w))
					}
				})
			})
		}
	}
}

// Who said no with the link in an email about somebody else's order says yes later, as a
// guest or under an id of their own: the next one comes. A yes of the account is not theirs.
func TestALaterYesLiftsANoThatWasSaidInAnEmailAboutSomebodyElsesOrder(t *testing.T) {
	for name, c := range map[string]struct {
		yes  events.Customer
		want int
	}{
		"as a guest":         {by("", "Bob@corp.example"), 2},
		"with an account":    {by("bob", "bob@corp.example"), 2},
		"the account's only": {by("corp", ""), 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", uncapped, 1)+"  thank-you: {class: marketing}\n  review-request: {status: \"off\"}\n")
				w.Start()
				w.Publish("main", &events.CustomerCreated{Customer: by("corp", "alice@corp.example")})
				time.Sleep(time.Minute)
				w.Publish("main", bought(by("corp", "bob@corp.example"), "o-1", "pens"))
				time.Sleep(2 * time.Hour)
				if code, _, _ := w.Request("POST", homingtest.Unsubscribe(w.Sink.Mails()[0].Raw), oneClick); code != 200 {
					t.Fatal(code)
				}
				time.Sleep(time.Minute)
				now := time.Now().UTC()
				c.yes.Consent = &events.Consent{Email: events.Subscribed, At: &now}
				w.Publish("main", &events.CustomerUpdated{Customer: c.yes})
				time.Sleep(time.Minute)
				w.Publish("main", bought(by("corp", "bob@corp.example"), "o-2", "pens"))
				time.Sleep(2 * time.Hour)
				if got := mailed(w); len(got) != c.want {
					t.Errorf("mailed %v, want %d emails; outcomes %v", got, c.want, outcomes(w))
				}
			})
		})
	}
}
