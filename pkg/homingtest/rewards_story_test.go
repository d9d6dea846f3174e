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

const rewarding = `
consent: {policy: explicit}
pacing: {frequency: []}
workers:
  rewards:
    status: live
    pending: 2d
    expire_after: 1
    tiers: {by: spend, currency: GBP, steps: [{name: Silver, from: "200"}]}
`

// Ann orders for 250 pounds in two orders, and is given more points in a competition, which
// is told twice. Bob orders as much, and sends it back before it counts. Cleo orders little.
// What Ann and Cleo have left expires at the end of February.
func TestWhoCollectsPointsGetsARewardForThem(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, rewarding)
		w.Start("intake", "rewards")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		at := func(day, hour int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)))
		}
		order := func(customer, id string, pounds int64) {
			o := homingtest.Order(customer, id)
			now := time.Now()
			o.Customer.Consent = &events.Consent{Email: events.Subscribed, At: &now}
			o.Order.Total = events.Money{Minor: 100 * pounds, Currency: "GBP"}
			w.Publish("main", o)
		}
		at(1, 12)
		order("ann", "1001", 170)
		order("bob", "1002", 250)
		order("cleo", "1003", 20)
		at(1, 18)
		w.Publish("main", &events.OrderReturned{Customer: events.Customer{ID: "bob"}, Order: events.OrderChange{ID: "1002"}})
		at(8, 12)
		order("ann", "1004", 80)
		at(20, 12)
		win := &events.PointsAdjusted{Customer: events.Customer{ID: "ann"}, Adjustment: events.Adjustment{ID: "7", Points: 160, Reason: "competition"}}
		w.Publish("main", win)
		w.Publish("main", win) // again
		at(62, 12)

		var codes []string
		for _, m := range w.Sink.Mails() {
			if strings.Contains(m.Raw, "REWARD-") {
				codes = append(codes, m.At.UTC().Format("2 Jan ")+m.To)
			}
		}
		if d := cmp.Diff([]string{"10 Jan ann@example.com", "20 Jan ann@example.com"}, codes); d != "" {
			t.Errorf("codes (-want +got):\n%s", d)
		}
		outcomes := happened(w, "rewards")
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{
			"earned 1-20000103 points_changed", // of Bob, as all that is so no more
			"earned 1-20000110 sent", "earned 2-20000120 sent",
			"expiring 2000-03-01 points_changed", "expiring 2000-03-01 sent", "expiring 2000-03-01 sent",
			"expiring-soon 2000-03-01 points_changed", "expiring-soon 2000-03-01 sent", "expiring-soon 2000-03-01 sent",
			"joined member points_changed", "joined member sent", "joined member sent",
			"progress 1 sent",
			"tier 1-2000 points_changed", "tier 1-2000 sent",
		}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}

const inTurn = `
consent: {policy: explicit}
pacing: {frequency: []}
workers:
  rewards:
    status: live
    pending: 2d
    progress_within: 20
    reward:
      points: 100
      offer: {percent: 0, amount: {amount: "5.00", currency: GBP}, valid: 60d, code: mint, value: FIVE}
      then: [{points: 250, offer: {amount: {amount: "12.00", currency: GBP}, valid: 60d, code: mint, value: TWELVE}}]
`

// Ann orders for 110 and 125 pounds, and then for 120 more: a reward at 100 points, one at
// 250, and the first of the next round. Bob has points for both at once.
func TestWhoCollectsMoreGetsTheHigherRewardAsWell(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, inTurn)
		w.Start("intake", "rewards")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		order := func(day int, customer, id string, pounds int64) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + 12*time.Hour)))
			o := homingtest.Order(customer, id)
			now := time.Now()
			o.Customer.Consent = &events.Consent{Email: events.Subscribed, At: &now}
			o.Order.Total = events.Money{Minor: 100 * pounds, Currency: "GBP"}
			w.Publish("main", o)
		}
		order(1, "ann", "1001", 110)
		order(5, "bob", "1002", 260)
		order(8, "ann", "1003", 125)
		order(20, "ann", "1004", 120)
		time.Sleep(20 * 24 * time.Hour)

		var codes, near []string
		for _, m := range w.Sink.Mails() {
			for _, prefix := range []string{"FIVE-", "TWELVE-"} {
				if strings.Contains(m.Raw, prefix) {
					codes = append(codes, m.At.UTC().Format("2 Jan ")+prefix+" "+m.To)
				}
			}
			if strings.Contains(m.Raw, "Subject: Only ") {
				near = append(near, m.At.UTC().Format("2 Jan ")+m.To)
			}
		}
		if d := cmp.Diff([]string{
			"3 Jan FIVE- ann@example.com", "7 Jan FIVE- bob@example.com", "8 Jan TWELVE- bob@example.com",
			"22 Jan TWELVE- ann@example.com", "23 Jan FIVE- ann@example.com",
		}, codes); d != "" {
			t.Errorf("codes (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"12 Jan ann@example.com"}, near); d != "" { // 15 to go, of 150
			t.Errorf("progress (-want +got):\n%s", d)
		}
		var paid []int
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(*events.OfferIssued); ok {
				paid = append(paid, d.Points)
			}
		}
		slices.Sort(paid)
		if d := cmp.Diff([]int{100, 100, 100, 150, 150}, paid); d != "" {
			t.Errorf("paid (-want +got):\n%s", d)
		}
	})
}
