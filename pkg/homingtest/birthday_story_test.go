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

const birthdays = `
pacing: {frequency: []}
workers:
  thank-you: {status: "off"}
  replenishment: {status: "off"}
  birthday: {offer: {valid: 2d}, reminder_before_expiry: 1d}
`

// Bob says at noon that it is his birthday, and uses the coupon; Cleo changes
// the date once she has been greeted; Ann moves to New York that morning. It is
// told more than once, by the calendar too, and each is greeted once.
func TestEveryoneIsGreetedOnceOnTheirDay(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, birthdays)
		w.Start()
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000, in London as in UTC
		at := func(day, hour int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)))
		}
		person := func(id, born string) events.Customer {
			return events.Customer{ID: id, Email: id + "@example.com", FirstName: id, Birthday: born, TimeZone: "Europe/London",
				Consent: &events.Consent{Email: events.Subscribed}}
		}
		ann, bob, cleo := person("ann", "1990-01-02"), person("bob", "--01-01"), person("cleo", "--01-02")
		w.Publish("main", &events.CustomerCreated{Customer: ann})
		w.Publish("main", &events.CustomerCreated{Customer: cleo})
		at(1, 12)
		w.Publish("main", &events.CustomerUpdated{Customer: bob})
		w.Publish("main", &events.CustomerBirthday{Customer: cleo, Year: 2000})
		at(1, 20)
		order := homingtest.Order("bob", "1001")
		order.Order.Coupons = []string{"birthday15"}
		w.Publish("main", order)
		at(2, 8)
		ann.TimeZone = "America/New_York"
		w.Publish("main", &events.CustomerUpdated{Customer: ann})
		at(2, 10)
		cleo.Birthday = "--01-03"
		w.Publish("main", &events.CustomerUpdated{Customer: cleo})
		at(3, 15)

		var got []string
		for _, m := range w.Sink.Mails() {
			if !strings.Contains(m.Raw, "BIRTHDAY15") {
				t.Errorf("the email of %s to %s shows no code", m.At, m.To)
			}
			got = append(got, m.At.UTC().Format("2 Jan 15:04 ")+m.To)
		}
		want := []string{
			"1 Jan 12:00 bob@example.com",
			"2 Jan 09:00 cleo@example.com", "2 Jan 14:00 ann@example.com", // 09:00 in New York
			"3 Jan 09:00 cleo@example.com", "3 Jan 14:00 ann@example.com", // reminded: the coupons expire with the 4th
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		outcomes := happened(w, "birthday")
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{
			"greeting 2000 sent", "greeting 2000 sent", "greeting 2000 sent",
			"reminder 2000 purchased", "reminder 2000 sent", "reminder 2000 sent",
		}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}
