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
	"homing/pkg/homingtest/lengthy"
)

const subscribing = `
consent: {policy: explicit}
pacing: {frequency: [{limit: 1, window: 16h}]}
workers:
  subscription: {status: live, offer: {percent: 15, valid: 14d, code: static, value: BACK15}}
`

// Ann's coffee renews, and the shop tells little of it; then she skips it. Bob's card has
// expired, and he pays late. Cleo cancels and may be asked back, Dan may not, Eve has died.
// Fay has a weekly box; Guy pauses, and Hal pays at once.
func TestSubscribersKnowWhatIsToCome(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, subscribing)
		w.Start("intake", "subscription")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		on := func(day, hour int) time.Time {
			return start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)
		}
		at := func(day, hour int) { time.Sleep(time.Until(on(day, hour))) }
		who := func(id string) events.Customer {
			return events.Customer{ID: id, Email: id + "@example.com", FirstName: id, TimeZone: "UTC"}
		}
		renews := func(id string, day int) events.Subscription {
			return events.Subscription{ID: "sub-" + id, NextRenewalAt: new(on(day, 12))}
		}
		begins := func(id, every string, day int) {
			c, s := who(id), renews(id, day)
			if id != "dan" {
				c.Consent = &events.Consent{Email: events.Subscribed, At: new(time.Now())}
			}
			s.Name, s.Interval, s.Total = "Coffee of "+id, every, events.Money{Minor: 850, Currency: "GBP"}
			s.Items = []events.Item{{ProductID: "coffee", Name: "House Espresso", Quantity: 1}}
			s.SkipURL, s.CancelURL, s.PaymentURL = "https://shop.example/skip/"+id, "https://shop.example/cancel/"+id, "https://shop.example/pay/"+id
			w.Publish("main", &events.SubscriptionStarted{Customer: c, Subscription: s})
		}
		id := func(name string) events.Subscription { return events.Subscription{ID: "sub-" + name} }
		at(1, 10)
		for _, name := range []string{"ann", "bob", "cleo", "dan", "eve", "guy", "hal"} {
			begins(name, events.EveryMonth, 31)
		}
		begins("fay", events.EveryWeek, 8)
		at(10, 10)
		w.Publish("main", &events.SubscriptionCancelled{Customer: who("cleo"), Subscription: id("cleo"), Reason: events.CancelRequested})
		w.Publish("main", &events.SubscriptionCancelled{Customer: who("dan"), Subscription: id("dan")})
		w.Publish("main", &events.SubscriptionCancelled{Customer: who("eve"), Subscription: id("eve"), Reason: events.CancelDeceased})
		w.Publish("main", &events.SubscriptionPaused{Customer: who("guy"), Subscription: id("guy")})
		at(31, 12) // all were reminded on day 24
		w.Publish("main", &events.SubscriptionRenewed{Customer: who("ann"), Subscription: renews("ann", 61)})
		w.Publish("main", &events.SubscriptionPaymentFailed{Customer: who("bob"), Subscription: id("bob")})
		w.Publish("main", &events.SubscriptionPaymentFailed{Customer: who("hal"), Subscription: id("hal")})
		at(31, 13)
		w.Publish("main", &events.SubscriptionRenewed{Customer: who("hal"), Subscription: renews("hal", 61)})
		at(34, 12)
		w.Publish("main", &events.SubscriptionPaymentFailed{Customer: who("bob"), Subscription: id("bob")}) // once more
		at(38, 12)
		w.Publish("main", &events.SubscriptionRenewed{Customer: who("bob"), Subscription: renews("bob", 61)})
		at(40, 12)
		w.Publish("main", &events.SubscriptionUpdated{Customer: who("ann"), Subscription: renews("ann", 91)})
		w.Publish("main", &events.SubscriptionCancelled{Customer: who("bob"), Subscription: id("bob"), Reason: events.CancelRequested})
		at(45, 12)
		w.Publish("main", homingtest.Order("bob", "1001")) // he comes by himself
		at(62, 12)

		var got []string
		for _, m := range w.Sink.Mails() {
			var what strings.Builder
			for _, word := range []string{"/skip/", "/cancel/", "/pay/", "BACK15", "House Espresso", "List-Unsubscribe:"} {
				if strings.Contains(m.Raw, word) {
					what.WriteString(" " + strings.Trim(word, "/:"))
				}
			}
			got = append(got, m.At.UTC().Format("2 Jan 15:04 ")+strings.TrimSuffix(m.To, "@example.com")+":"+what.String())
		}
		slices.Sort(got)
		want := []string{
			"24 Jan 09:00 ann: skip cancel House Espresso", "24 Jan 09:00 bob: skip cancel House Espresso", "24 Jan 09:00 hal: skip cancel House Espresso",
			"24 Jan 10:00 cleo: BACK15 List-Unsubscribe",
			"31 Jan 12:00 bob: pay House Espresso", "31 Jan 12:00 hal: pay House Espresso",
			"5 Feb 12:00 bob: cancel pay House Espresso",
			"23 Feb 09:00 hal: skip cancel House Espresso",
		}
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		var outcomes []string
		for _, f := range w.Facts() {
			if b := f.Data.(events.Fact).Body(); f.Type == events.TypeEmailDropped {
				outcomes = append(outcomes, b.Step+" "+b.Reason)
			}
		}
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{
			"come-back no_consent", "come-back purchased",
			"payment-again paid",
			"renewal cancelled", "renewal cancelled", "renewal cancelled", "renewal cancelled", "renewal not_renewing", "renewal not_renewing",
		}, outcomes); d != "" {
			t.Errorf("what was dropped (-want +got):\n%s", d)
		}
	})
}

// Refills are not asked for while they come by themselves.
func TestNobodyReordersWhatComesBySubscription(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "pacing: {frequency: []}\n")
		w.Start("intake", "replenishment")
		for _, id := range []string{"ann", "bob", "cleo"} {
			o := homingtest.Order(id, "order-"+id)
			o.Order.Items[0].SupplyDays = 20
			w.Publish("main", o)
			if id == "ann" {
				continue
			}
			of := events.Subscription{ID: "sub-" + id, Items: o.Order.Items[:1]}
			w.Publish("main", &events.SubscriptionStarted{Customer: events.Customer{ID: id}, Subscription: of})
			if id == "cleo" {
				w.Publish("main", &events.SubscriptionCancelled{Customer: events.Customer{ID: id}, Subscription: of})
			}
		}
		time.Sleep(30 * 24 * time.Hour)
		var got []string
		for _, m := range w.Sink.Mails() {
			got = append(got, m.To)
		}
		slices.Sort(got)
		if d := cmp.Diff([]string{"ann@example.com", "cleo@example.com"}, got); d != "" {
			t.Errorf("reminders (-want +got):\n%s", d)
		}
	})
}
