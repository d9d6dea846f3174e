package homingtest_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

const recommending = `
consent: {policy: explicit}
pacing: {frequency: []}
workers:
  referral: {status: live, return_window: 14d, rewards_a_year: 2}
`

// Ann would recommend the shop, and passes her code on. Lee orders with it, and keeps what
// he bought; Kim sends it back; Mo is Ann under another address; Pat is fine, and says no to
// marketing. Joe is one friend too many.
func TestWhoRecommendsTheShopIsThankedWithTheirFriends(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, recommending)
		w.Start("intake", "referral")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		at := func(day, hour int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)))
		}
		order := func(email, id, consent string) {
			o := homingtest.Order("", id)
			now := time.Now()
			o.Customer = events.Customer{Email: email, Consent: &events.Consent{Email: consent, At: &now}}
			w.Publish("main", o)
		}
		at(1, 12)
		order("ann@gmail.com", "1001", events.Subscribed)
		at(3, 12)
		score := 10
		w.Publish("main", &events.CustomerAnswered{Customer: events.Customer{Email: "ann@gmail.com"}, Survey: "shop", Question: events.NPS, Scale: events.NPS, Score: &score})
		at(5, 12)
		code := regexp.MustCompile(`FRIEND-[0-9A-Z-]{14}`).FindString(w.Sink.Mails()[0].Raw)
		if code == "" {
			t.Fatalf("no code in the invitation:\n%s", w.Sink.Mails()[0].Raw)
		}
		redeem := func(email, id, consent string) {
			r := &events.ReferralRedeemed{Customer: events.Customer{Email: email}, Referral: events.Referral{Code: strings.ToLower(code), OrderID: id}}
			w.Publish("main", r)
			order(email, id, consent)
			w.Publish("main", r) // again
		}
		redeem("lee@example.com", "2001", events.Subscribed)
		order("a.nn+tea@googlemail.com", "2002", events.Subscribed)
		time.Sleep(time.Second) // what is refused at once is refused for what is known by then
		redeem("a.nn+tea@googlemail.com", "2002", events.Subscribed)
		at(6, 12)
		redeem("kim@example.com", "2003", events.Subscribed)
		at(7, 12)
		redeem("pat@example.com", "2004", events.Unsubscribed)
		at(8, 12)
		redeem("joe@example.com", "2005", events.Subscribed)
		// Kim makes an account, under which the shop tells that it came back.
		w.Publish("main", &events.CustomerCreated{Customer: events.Customer{ID: "kim-7", Email: "kim@example.com"}})
		w.Publish("main", &events.OrderReturned{Customer: events.Customer{ID: "kim-7"}, Order: events.OrderChange{ID: "2003"}})
		w.Publish("main", &events.ReferralRedeemed{Customer: events.Customer{Email: "eve@example.com"}, Referral: events.Referral{Code: "FRIEND-NO-SUCH-CODE", OrderID: "2006"}})
		at(30, 12)

		var got []string
		for _, m := range w.Sink.Mails() {
			got = append(got, m.At.UTC().Format("2 Jan ")+m.To)
		}
		slices.Sort(got)
		if d := cmp.Diff([]string{
			"19 Jan ann@gmail.com", "19 Jan lee@example.com", // Lee
			"21 Jan ann@gmail.com", // Pat, who gets no email
			"22 Jan joe@example.com",
			"4 Jan ann@gmail.com",
		}, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		outcomes := happened(w, "referral")
		for i, o := range outcomes {
			outcomes[i] = regexp.MustCompile(`[a-z2-7]{16}`).ReplaceAllString(o, "*")
		}
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{
			"friend came refunded", "friend came self_referral", "friend came sent", "friend came sent", "friend came unsubscribed",
			"invitation 2000-1 sent",
			"reward * referral_limit", "reward * refunded", "reward * self_referral", "reward * sent", "reward * sent",
		}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}

// The shop tells of orders alone: a friend's code in one of them is a recommendation, once,
// however often the order is told and although it is told as such as well. An order with
// another code is none, nor is one of before.
func TestACodeInAnOrderIsARecommendation(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, recommending)
		w.Start("intake", "referral")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		at := func(day int) { time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + 12*time.Hour))) }
		order := func(email, id string, coupons ...string) {
			o := homingtest.Order("", id)
			now := time.Now()
			o.Customer = events.Customer{Email: email, Consent: &events.Consent{Email: events.Subscribed, At: &now}}
			o.Order.Coupons = coupons
			w.Publish("main", o)
		}
		at(1)
		order("ann@example.com", "1001")
		at(2)
		score := 10
		w.Publish("main", &events.CustomerAnswered{Customer: events.Customer{Email: "ann@example.com"}, Survey: "shop", Question: events.NPS, Scale: events.NPS, Score: &score})
		at(5)
		code := regexp.MustCompile(`FRIEND-[0-9A-Z-]{14}`).FindString(w.Sink.Mails()[0].Raw)
		if code == "" {
			t.Fatal("no code in the invitation")
		}
		order("lee@example.com", "2001", "SPRING", strings.ToLower(code))
		order("kim@example.com", "2002", "SPRING")
		order("ann@example.com", "2003", code) // her own
		time.Sleep(time.Minute)
		order("lee@example.com", "2001", "SPRING", strings.ToLower(code)) // told again
		w.Publish("main", &events.ReferralRedeemed{Customer: events.Customer{Email: "lee@example.com"}, Referral: events.Referral{Code: code, OrderID: "2001"}})
		at(30)

		outcomes := happened(w, "referral")
		for i, o := range outcomes {
			outcomes[i] = regexp.MustCompile(`[a-z2-7]{16}`).ReplaceAllString(o, "*")
		}
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{"friend came self_referral", "friend came sent", "invitation 2000-1 sent", "reward * self_referral", "reward * sent"}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}
