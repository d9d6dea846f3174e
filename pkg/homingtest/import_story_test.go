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

// A shop brings over its past at noon, in the middle of a day on which it sells. Nobody
// hears of what is over; who runs out of something tomorrow, or has a birthday, does.
func TestAnImportLeadsToNoEmailAboutThePast(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, `
pacing: {frequency: [], quiet_hours: {from: "00:00", to: "00:00", spread: 0s}}
workers: {thank-you: {merge_within: 1h}, cart-recovery: {idle: 1h}}
`)
		time.Sleep(12 * time.Hour) // until noon of 1 January
		now := time.Now().UTC().Truncate(time.Second)
		n := 0
		says := func(historical bool, ago time.Duration, data events.Data) {
			n++
			w.PublishEvent(events.Event{ID: fmt.Sprint("p-", n), Source: "/shop", Type: data.Type(), Store: "main", Time: now.Add(-ago), Data: data, Historical: historical})
		}
		brings := func(ago time.Duration, data events.Data) { says(true, ago, data) }
		tells := func(ago time.Duration, data events.Data) { says(false, ago, data) }
		who := func(id string) events.Customer {
			return events.Customer{ID: id, Email: id + "@example.com", TimeZone: "Europe/London", Consent: &events.Consent{Email: events.Subscribed}}
		}
		order := func(id string, supply int) *events.OrderPlaced {
			name, _, _ := strings.Cut(id, "-")
			return &events.OrderPlaced{Customer: who(name), Order: events.Order{ID: id, Total: pounds(10),
				Items: []events.Item{{ProductID: "oil", Name: "The oil", Quantity: 1, SupplyDays: supply, Price: pounds(10), URL: "https://shop.example/p/oil"}}}}
		}
		whole := func(id string) events.OrderChange { return events.OrderChange{ID: id} }
		born := func(id, day string) *events.CustomerUpdated {
			c := who(id)
			c.Birthday = day
			return &events.CustomerUpdated{Customer: c}
		}
		w.Start()

		brings(20*time.Minute, order("ann", 0)) // a thank-you would be due after the import
		brings(day, order("bob", 0))
		brings(20*day, order("cat", 0)) // a review request would be
		brings(24*day, order("dan", 30))
		brings(27*day, order("eve", 30)) // to be reordered two days ago

		tells(2*time.Minute, order("fay", 0))
		time.Sleep(time.Second)
		brings(2*time.Minute, order("fay", 0)) // once more, and as of the same time
		brings(2*time.Minute, order("gus", 0))
		brings(2*time.Minute-time.Second, order("hal", 0)) // the export's clock is ahead
		time.Sleep(time.Second)
		tells(2*time.Minute, order("gus", 0))
		tells(2*time.Minute, order("hal", 0))

		brings(20*day, order("ida", 0)) // what happens to it now asks for no review
		brings(time.Hour, order("jon", 0))
		changed := order("jon", 0)
		time.Sleep(time.Second)
		tells(0, &events.OrderUpdated{Customer: changed.Customer, Order: changed.Order})
		tells(0, &events.OrderFulfilled{Customer: who("ida"), Order: whole("ida")})
		tells(0, &events.OrderDelivered{Customer: who("ida"), Order: whole("ida")})

		brings(20*time.Minute, order("kim", 0)) // whom an order of now shares no thanks with
		tells(0, order("kim-2", 0))

		brings(3000*day, born("lea", "--01-02"))
		brings(3000*day, born("max", "--01-01")) // greeted at nine, had the shop said so before

		brings(time.Minute, &events.CartAbandoned{Customer: who("ned"), Cart: basket("ned", "rug")})
		brings(time.Minute, &events.CartUpdated{Customer: who("ora"), Cart: basket("ora", "rug")})
		brings(time.Minute, &events.CustomerLapsed{Customer: who("pam")})
		time.Sleep(30 * day)

		names := map[string]string{}
		for _, id := range []string{"ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kim", "lea", "max", "ned", "ora", "pam"} {
			names[w.Identity().Key("main", id).Token] = id
		}
		var got []string
		for _, f := range w.Facts() {
			if b := f.Data.(events.Fact).Body(); f.Type == events.TypeEmailSent {
				got = append(got, names[b.Customer]+" "+b.Worker+" "+b.Step+" "+f.Time.UTC().Format("2 Jan"))
			} else if f.Type == events.TypeEmailDropped {
				t.Errorf("%s %s of %s was planned, and dropped as %s", b.Worker, b.Step, names[b.Customer], b.Reason)
			}
		}
		slices.Sort(got)
		if d := cmp.Diff([]string{
			"dan replenishment reorder 2 Jan",
			"fay review-request ask 22 Jan", "fay review-request reminder 29 Jan", "fay thank-you thanks 1 Jan",
			"gus review-request ask 22 Jan", "gus review-request reminder 29 Jan", "gus thank-you thanks 1 Jan",
			"hal review-request ask 22 Jan", "hal review-request reminder 29 Jan", "hal thank-you thanks 1 Jan",
			"kim review-request ask 22 Jan", "kim review-request reminder 29 Jan", "kim thank-you thanks 1 Jan",
			"lea birthday greeting 2 Jan", "lea birthday reminder 13 Jan",
		}, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		r, text, _ := ask(t, w.Installation(), "ann")
		if r.Profile.Orders != 1 || !strings.Contains(string(text), "ordered ann: 1 item, £10.00 (came by an import)") ||
			!strings.Contains(string(text), "leads to no email about what it tells") {
			t.Errorf("why says of ann:\n%s", text)
		}
	})
}
