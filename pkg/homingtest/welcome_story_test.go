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

const welcoming = `
consent: {policy: explicit}
pacing: {frequency: []}
workers:
  welcome: {status: live}
`

// Ann is new, and uses her code after the story. Bob signs up while he orders. Cleo was
// here before, left, and is back; Dan says yes and leaves again. Eve does nothing.
func TestWhoIsNewIsWelcomed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, welcoming)
		w.Start("intake", "welcome")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		at := func(day, hour int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)))
		}
		yes := func(id string) {
			now := time.Now()
			w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: id, Email: id + "@example.com", FirstName: id,
				Consent: &events.Consent{Email: events.Subscribed, At: &now}}})
		}
		at(1, 10)
		yes("cleo")
		at(1, 11)
		w.Publish("main", &events.CustomerUnsubscribed{Customer: events.Customer{ID: "cleo"}})
		at(9, 12)
		w.Publish("main", homingtest.Order("bob", "1001"))
		time.Sleep(time.Second) // the greeting leaves at once, by what is known then
		for _, id := range []string{"ann", "bob", "cleo", "dan", "eve"} {
			yes(id)
		}
		at(10, 12)
		w.Publish("main", &events.CustomerUnsubscribed{Customer: events.Customer{ID: "dan"}})
		yes("eve") // again
		at(12, 12)
		order := homingtest.Order("ann", "1002")
		order.Order.Coupons = []string{"welcome10"}
		w.Publish("main", order)
		at(16, 12)

		var got []string
		for _, m := range w.Sink.Mails() {
			code := ""
			if strings.Contains(m.Raw, "WELCOME10") {
				code = " with the code"
			}
			got = append(got, m.At.UTC().Format("2 Jan ")+m.To+code)
		}
		slices.Sort(got)
		want := []string{
			"1 Jan cleo@example.com with the code",
			"9 Jan ann@example.com with the code", "11 Jan ann@example.com",
			"9 Jan bob@example.com", "11 Jan bob@example.com",
			"9 Jan dan@example.com with the code",
			"9 Jan eve@example.com with the code", "11 Jan eve@example.com", "14 Jan eve@example.com with the code",
		}
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		outcomes := happened(w, "welcome")
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{
			"greeting 2000-01-01 sent", "greeting 2000-01-09 sent", "greeting 2000-01-09 sent", "greeting 2000-01-09 sent", "greeting 2000-01-09 sent",
			"reminder 2000-01-01 unsubscribed", "reminder 2000-01-09 insufficient_data", "reminder 2000-01-09 purchased", "reminder 2000-01-09 sent", "reminder 2000-01-09 unsubscribed",
			"story 2000-01-01 unsubscribed", "story 2000-01-09 sent", "story 2000-01-09 sent", "story 2000-01-09 sent", "story 2000-01-09 unsubscribed",
		}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}
