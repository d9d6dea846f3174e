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

// A shop tells what became of its orders bit by bit, twice, late and in turns. Each has
// a neighbour to whom nothing of the kind happened.
func TestAnOrderIsWhatTheShopLastSaid(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, `
pacing: {frequency: [], quiet_hours: {from: "00:00", to: "00:00", spread: 0s}}
`)
		w.Start()
		now, n := time.Now().UTC().Truncate(time.Second), 0
		ago := func(d time.Duration, data events.Data) {
			n++
			w.PublishEvent(events.Event{ID: fmt.Sprint("p-", n), Source: "/shop", Type: data.Type(), Store: "main", Time: now.Add(-d), Data: data})
		}
		who := func(id string) events.Customer { return events.Customer{ID: id, Email: id + "@example.com"} }
		order := func(id string, products ...string) *events.OrderPlaced {
			o := &events.OrderPlaced{Customer: who(strings.TrimSuffix(id, "-2")), Order: events.Order{ID: id, Total: pounds(10)}}
			for _, p := range products {
				o.Order.Items = append(o.Order.Items, events.Item{ProductID: p, Name: "The " + p, Quantity: 2, Price: pounds(5), URL: "https://shop.example/p/" + p})
			}
			return o
		}
		oil := func(id string) *events.OrderPlaced {
			o := order(id, "oil")
			o.Order.Items[0].SupplyDays = 5
			return o
		}
		one := func(id, product string) events.OrderChange {
			return events.OrderChange{ID: id, Items: []events.ChangedItem{{ProductID: product, Quantity: 1}}}
		}
		soon := 10 * time.Minute // before which an email is due

		ago(10*day-soon, oil("rex")) // two pieces come back, one at a time
		ago(5*day, &events.OrderRefunded{Customer: who("rex"), Order: one("rex", "oil")})
		ago(4*day, &events.OrderRefunded{Customer: who("rex"), Order: one("rex", "oil")})
		ago(10*day-soon, oil("sue"))
		ago(5*day, &events.OrderRefunded{Customer: who("sue"), Order: one("sue", "tea")}) // of another product

		ago(21*day-soon, order("liz", "cup")) // two pieces are cancelled, one at a time
		ago(20*day, &events.OrderCancelled{Customer: who("liz"), Order: one("liz", "cup")})
		ago(19*day, &events.OrderCancelled{Customer: who("liz"), Order: one("liz", "cup")})

		ago(21*day-soon, order("tom", "lamp", "chair")) // the chair is on backorder
		ago(19*day, &events.OrderFulfilled{Customer: who("tom"), Order: one("tom", "lamp")})

		ago(500*day, order("hana", "sofa")) // a shop that cleans up
		ago(7*day-soon, &events.OrderDelivered{Customer: who("hana"), Order: events.OrderChange{ID: "hana"}})
		ago(30*day, order("hal", "sofa"))
		ago(7*day-soon, &events.OrderDelivered{Customer: who("hal"), Order: events.OrderChange{ID: "hal"}})

		stale := now.Add(-200 * day) // a list that was drawn before will ordered
		for _, id := range []string{"will", "xena"} {
			ago(200*day, order(id, "pot"))
			if id == "will" {
				ago(time.Hour, order("will-2", "pot"))
			}
			ago(soon, &events.CustomerLapsed{Customer: who(id), LastOrderAt: &stale})
		}

		ago(3*time.Hour, order("ida", "jug")) // the bank transfer came after the shop's timer
		ago(2*time.Hour, &events.OrderCancelled{Customer: who("ida"), Order: events.OrderChange{ID: "ida"}})
		ago(20*time.Minute, order("ida", "jug"))

		ago(60*day, order("yara", "mat")) // synchronised again
		ago(time.Minute, order("yara", "mat"))
		for _, id := range []string{"yara", "dave"} { // whose cart service doesn't know about consent
			yes := who(id)
			yes.Consent = &events.Consent{Email: events.Subscribed}
			ago(10*day, &events.CustomerCreated{Customer: yes})
			c := who(id)
			c.Consent = &events.Consent{Email: events.ConsentUnknown}
			ago(50*time.Minute, &events.CartAbandoned{Customer: c, Cart: basket("cart-"+id, "rug")})
		}
		time.Sleep(time.Hour)

		var got []string
		names := map[string]string{}
		for _, id := range []string{"rex", "sue", "liz", "tom", "hana", "hal", "will", "xena", "ida", "yara", "dave"} {
			names[w.Identity().Key("main", id).Token] = id
		}
		for _, f := range w.Facts() {
			if b := f.Data.(events.Fact).Body(); f.Type == events.TypeEmailSent {
				got = append(got, b.Worker+" "+b.Step+" "+names[b.Customer])
			}
		}
		slices.Sort(got)
		if d := cmp.Diff([]string{
			"cart-recovery reminder dave", "cart-recovery reminder yara", "replenishment reorder sue", "review-request ask hal",
			"review-request ask tom", "thank-you thanks ida", "thank-you thanks will", "win-back miss-you xena",
		}, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		for _, m := range w.Sink.Mails() {
			if m.To == "tom@example.com" && (!strings.Contains(m.Raw, "The lamp") || strings.Contains(m.Raw, "The chair")) {
				t.Error("tom is asked about the chair, or not about the lamp")
			}
		}
		if r, _, _ := ask(t, w.Installation(), "ida"); r.Profile.Orders != 1 {
			t.Errorf("ida has %d orders", r.Profile.Orders)
		}
	})
}
