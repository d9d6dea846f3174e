package homingtest_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

// Ann's birthday is first told by an order of that day, Bob's by a cart; both say
// so again with all that follows.
func TestABirthdayFirstToldByAnOrderOrACartIsGreetedOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, birthdays)
		w.Start()
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000, in London as in UTC
		at := func(day, hour int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)))
		}
		person := func(id string) events.Customer {
			return events.Customer{ID: id, Email: id + "@example.com", Birthday: "--01-01", TimeZone: "Europe/London",
				Consent: &events.Consent{Email: events.Subscribed}}
		}
		order := homingtest.Order("ann", "1001")
		order.Customer = person("ann")
		cart := &events.CartUpdated{Customer: person("bob"), Cart: events.Cart{ID: "k1"}}
		at(1, 12)
		w.Publish("main", order)
		w.Publish("main", cart)
		at(1, 14)
		again := homingtest.Order("ann", "1002")
		again.Customer = person("ann")
		w.Publish("main", again)
		w.Publish("main", cart)
		at(2, 8)

		var got []string
		for _, m := range w.Sink.Mails() {
			got = append(got, m.At.UTC().Format("2 Jan 15:04 ")+m.To)
		}
		slices.Sort(got)
		if d := cmp.Diff([]string{"1 Jan 12:00 ann@example.com", "1 Jan 12:00 bob@example.com"}, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
	})
}
