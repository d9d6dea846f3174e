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
	"homing/pkg/homingtest"
)

// A company's buyers order tea under one account within an hour, each with an address of
// their own, and each is asked when their own order is right. Bob was asked about the
// tea there, so he is not asked again about the tea that he orders for himself, but for
// the cup that comes with it; when some time has passed, he is.
func TestWhoWasAskedIsWhoAnswersToTheMailbox(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, sharedReviews)
		w.Start()
		start := time.Now()
		at := func(h float64) { time.Sleep(time.Until(start.Add(time.Duration(h * float64(time.Hour))))) }
		order := func(who events.Customer, id string, products ...string) {
			o := orderOf(who, id)
			o.Order.Items = nil
			for _, p := range products {
				o.Order.Items = append(o.Order.Items, events.Item{ProductID: p, Name: "The " + p, Quantity: 1, URL: "https://shop.example/p/" + p})
			}
			w.Publish("main", o)
		}
		w.Publish("main", &events.CustomerCreated{Customer: events.Customer{ID: "acme", Email: "office@example.com"}})
		order(events.Customer{ID: "acme", Email: "Alice@example.com"}, "1001", "tea")
		at(1)
		order(events.Customer{ID: "acme", Email: "bob@example.com"}, "1002", "tea")
		order(events.Customer{ID: "acme", Email: "bob@example.com"}, "1003", "pot") // shares bob's email
		at(70)
		w.Publish("main", &events.CustomerCreated{Customer: events.Customer{ID: "bob", Email: "bob@example.com"}})
		order(events.Customer{ID: "bob", Email: "bob@example.com"}, "2001", "tea", "cup")
		order(events.Customer{ID: "acme", Email: "office@example.com"}, "1004", "tea") // nobody asked there
		at(80)
		order(events.Customer{ID: "bob", Email: "bob@example.com"}, "2002", "pot") // it was asked about with the tea
		at(110)
		order(events.Customer{Email: "bob@example.com"}, "2003", "tea")
		at(200)
		var got []string
		for _, m := range w.Sink.Mails() {
			line := []string{fmt.Sprintf("%.1f %s", m.At.Sub(start).Hours(), m.To)}
			for _, p := range []string{"tea", "cup", "pot"} {
				if strings.Contains(m.Raw, "The "+p) {
					line = append(line, p)
				}
			}
			got = append(got, strings.Join(line, " "))
		}
		if d := cmp.Diff([]string{
			"60.0 Alice@example.com tea", "61.0 bob@example.com tea pot",
			"72.0 Alice@example.com tea", "73.0 bob@example.com tea pot", // the reminders
			"130.0 bob@example.com cup", "130.0 office@example.com tea",
			"142.0 bob@example.com cup", "142.0 office@example.com tea",
			"170.0 bob@example.com tea", "182.0 bob@example.com tea",
		}, sortedLines(got)); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		outcomes := happened(w, "review-request")
		slices.Sort(outcomes)
		if !slices.Contains(outcomes, "ask 2002 bundled") {
			t.Errorf("outcomes: %q", outcomes)
		}
	})
}

// sortedLines sorts lines that begin with hours.
func sortedLines(lines []string) []string {
	hours := func(s string) (h float64) {
		if _, err := fmt.Sscan(s, &h); err != nil {
			panic(err)
		}
		return h
	}
	slices.SortStableFunc(lines, func(a, b string) int {
		if x, y := hours(a), hours(b); x != y {
			return int(10 * (x - y))
		}
		return strings.Compare(a, b)
	})
	return lines
}
