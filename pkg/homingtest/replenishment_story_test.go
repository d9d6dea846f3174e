package homingtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/statistics"
	"homing/pkg/touch"
)

// pantry is a shop whose goods last for days, so that its story is short.
type pantry struct {
	w      *homingtest.World
	opened time.Time
}

func (p pantry) order(customer, order string, items ...events.Item) *events.OrderPlaced {
	o := homingtest.Order(customer, order)
	o.Order.Items = items
	return o
}

// before publishes an order that was placed some days before the story begins.
func (p pantry) before(days int, o *events.OrderPlaced) {
	p.w.PublishEvent(events.Event{ID: "old-" + o.Order.ID, Source: "/test", Type: o.Type(), Store: "main", Time: p.opened.AddDate(0, 0, -days), Data: o})
}

func good(id string, quantity, supply int) events.Item {
	return events.Item{ProductID: id, Name: "The " + id, Quantity: quantity, SupplyDays: supply, URL: "https://shop.example/p/" + id}
}

// until sleeps to a time of the story: days after the shop opened.
func (p pantry) until(days float64) {
	time.Sleep(time.Until(p.opened.Add(time.Duration(days * float64(day)))))
}

// became lists what became of replenishment's touches, by product and order, and
// of the emails what they rest on.
func (p pantry) became(names map[string]string) map[string]string {
	out := map[string]string{}
	for _, f := range p.w.Facts() {
		b := f.Data.(events.Fact).Body()
		if b.Worker != "replenishment" || f.Type == events.TypeEmailHeld {
			continue
		}
		name, what := names[b.Occasion], fmt.Sprintf("day %d: %s", int(f.Time.Sub(p.opened)/day), b.Reason)
		if f.Type == events.TypeEmailSent {
			what += ", " + b.Detail
		}
		if before := out[name]; before != "" {
			what = before + ", and then " + what
		}
		out[name] = what
	}
	return out
}

// A week in a shop whose goods run out: customers are reminded in time, once,
// and not of what they bought again, sent back, or cannot buy.
func TestCustomersAreRemindedOfWhatRunsOut(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "workers: {thank-you: {status: \"off\"}, review-request: {status: \"off\"}, replenishment: {lead: 2d, bundle: 3d}}\n")
		time.Sleep(12 * time.Hour) // until noon
		p := pantry{w, time.Now().UTC()}
		w.Start()
		for i := range 10 { // ten who buy soap every six days, so that it is known
			who := fmt.Sprint("regular-", i)
			p.before(12, p.order(who, who+"-1", good("soap", 1, 0)))
			p.before(6, p.order(who, who+"-2", good("soap", 1, 0)))
		}
		p.before(18, p.order("fay", "f1", good("tea", 1, 0)))
		p.before(12, p.order("fay", "f2", good("tea", 2, 0)))
		w.Publish("main", &events.ProductUpdated{Product: events.Product{ID: "oil", SupplyDays: 6}})
		time.Sleep(time.Minute)
		if err := statistics.Ask(t.Context(), w.JS.Conn(), "main"); err != nil {
			t.Fatal(err)
		}
		p.opened = time.Now().UTC()

		w.Publish("main", p.order("ann", "a1", good("coffee", 2, 3), good("filters", 1, 8), good("kettle", 1, 0)))
		w.Publish("main", p.order("bob", "b1", good("coffee", 1, 6)))
		w.Publish("main", p.order("cid", "c1", good("coffee", 1, 6)))
		w.Publish("main", p.order("dan", "d1", good("oil", 1, 0)))
		w.Publish("main", p.order("eve", "e1", good("coffee", 1, 6)))
		w.Publish("main", p.order("fay", "f3", good("tea", 1, 0))) // six days, then twelve of two pieces
		w.Publish("main", p.order("gus", "g1", good("kettle", 1, 0)))
		w.Publish("main", p.order("hal", "h1", good("soap", 1, 0)))
		p.until(1)
		w.Publish("main", &events.OrderRefunded{Customer: events.Customer{ID: "eve"}, Order: events.OrderChange{ID: "e1"}})
		p.until(2)
		w.Publish("main", &events.OrderDelivered{Customer: events.Customer{ID: "bob"}, Order: events.OrderChange{ID: "b1"}})
		w.Publish("main", p.order("cid", "c2", good("coffee", 1, 6)))
		p.until(3.9)
		w.Publish("main", &events.ProductUpdated{Product: events.Product{ID: "oil", Available: new(bool)}})
		p.until(6.3)

		names := map[string]string{}
		for _, s := range []string{"coffee a1", "filters a1", "coffee b1", "coffee c1", "coffee c2", "oil d1", "coffee e1", "tea f3", "kettle g1", "soap h1"} {
			product, order, _ := strings.Cut(s, " ")
			names[touch.Token(product+"\n"+order)] = s
		}
		const early = "; it is early: with only 13 repurchases so far, the shop is taken for a typical one"
		soap := "33 % likely in these two weeks; bought once; 10 of its 11 buyers bought it again, about every 6 days; expected to last 6.2 days from 1 Jan 2000" + early
		want := map[string]string{
			"coffee a1":  "day 4: sent, 2 × 3 days (the shop's supply_days) from 1 Jan 2000; sent whatever the chance; with 1 more that would follow",
			"filters a1": "day 4: bundled",
			"coffee b1":  "day 6: sent, 1 × 6 days (the shop's supply_days) from 3 Jan 2000; sent whatever the chance", // delivered on day 2
			"coffee c1":  "day 4: repurchased",
			"coffee c2":  "day 6: sent, 1 × 6 days (the shop's supply_days) from 3 Jan 2000; sent whatever the chance",
			"oil d1":     "day 4: unavailable",
			"coffee e1":  "day 4: refunded",
			"tea f3":     "day 5: sent, 52 % likely in these two weeks; bought three times, about every 8.2 days; expected to last 7.6 days from 1 Jan 2000" + early,
			"soap h1":    "day 4: sent, " + soap,
		}
		if d := cmp.Diff(want, p.became(names)); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		to := map[string]int{}
		for _, m := range w.Sink.Mails() {
			if !strings.HasPrefix(m.Subject, "You may be running low") {
				continue
			}
			to[m.To]++
			if m.To == "ann@example.com" && (!strings.Contains(m.Raw, "The coffee") || !strings.Contains(m.Raw, "The filters") || strings.Contains(m.Raw, "kettle")) {
				t.Errorf("ann is not shown coffee and filters, and nothing else:\n%s", m.Raw)
			}
		}
		if d := cmp.Diff(map[string]int{"ann@example.com": 1, "bob@example.com": 1, "cid@example.com": 1, "fay@example.com": 1, "hal@example.com": 1}, to); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
	})
}
