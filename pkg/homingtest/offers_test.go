package homingtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	lists "homing/pkg/codelist"
	"homing/pkg/homingtest"
)

const fromAList = `
workers:
  cart-recovery:
    steps: [{template: cart-recovery/last-call, after: 1h, offer: {percent: 10, valid: 3d, code: list, list: spring}}]
`

// A list of codes runs dry: emails wait, others go on, and once the shop loads
// codes each customer gets one of their own.
func TestEmailsWaitForCodes(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, fromAList)
		w.Log = w.Log.WithOptions()
		w.Start()
		subscribed := time.Now().UTC()
		for i := range 3 {
			id := fmt.Sprint("c", i)
			w.Publish("main", &events.CartAbandoned{
				Customer: events.Customer{ID: id, Email: id + "@example.com", TimeZone: "Europe/London",
					Consent: &events.Consent{Email: events.Subscribed, At: &subscribed}},
				Cart: events.Cart{ID: "k-" + id, Items: []events.Item{{ProductID: "tea", Name: "Tea", Quantity: 1}}},
			})
		}
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(12 * time.Hour) // noon: no quiet hours stand in the way
		var to []string
		for _, m := range w.Sink.Mails() {
			to = append(to, m.To)
		}
		if d := cmp.Diff([]string{"ann@example.com"}, to); d != "" {
			t.Fatalf("emails while the list is empty (-want +got):\n%s", d)
		}
		all := []string{"SPRING-1", "SPRING-2", "SPRING-3", "SPRING-4"}
		if _, err := lists.New(w.JS).Load(t.Context(), "main", "spring", all, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		var got []string
		for _, m := range w.Sink.Mails()[1:] {
			text := strings.Join(parts(t, m.Raw), "\n")
			for _, code := range all {
				if strings.Contains(text, code) {
					got = append(got, code)
				}
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(all[:3], got); d != "" {
			t.Errorf("codes in the emails (-want +got):\n%s", d)
		}
	})
}
