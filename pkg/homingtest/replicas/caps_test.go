package replicas

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// Two in any four seconds, four in any hour: short, so that the first of the
// windows moves on while the test looks.
const (
	shortCap, shortWindow = 2, 4 * time.Second
	longCap               = 4
)

const capped = `pacing:
  quiet_hours: {from: "00:00", to: "00:00"}
  throughput: {per_second: 0}
  frequency: [{limit: 2, window: 4s}, {limit: 4, window: 1h}]
workers:
  thank-you: {class: marketing}
  review-request: {after_order: 25m, reminder_after: 0s, merge_within: 0s, ask_again_after: 0s}
  cart-recovery: {steps: [{template: cart-recovery/reminder, after: 10m}]}
`

// What several workers want to say to the same customers falls due at once, on
// three replicas. No customer gets more than the caps allow in any stretch of
// their length; all else waits for a time to come, and says why.
func TestCapsHoldAcrossReplicas(t *testing.T) {
	t.Parallel()
	const people = 40
	s := open(t, replicas, capped, slow)
	l := s.follow()
	var orders, carts []events.Event
	for i := range people {
		o, c := wishes(i)
		orders, carts = append(orders, o...), append(carts, c)
	}
	s.happens(orders...)
	s.takenIn() // a cart is told from others by the orders before it
	s.happens(carts...)
	const each = 4 + 4 + 1 // thanks, reviews, a cart
	until(t, "a word on each touch", time.Minute, func() bool { return len(l.all()) >= people*each })
	pause(2 * shortWindow) // for the short window to move on
	s.stop()
	pause(300 * time.Millisecond) // for the ledger to hear the last of it
	if n := len(l.all()); n != people*each {
		t.Errorf("%d touches, want %d", n, people*each)
	}
	s.audit(l, 0)
	workers := map[string]int{}
	held := map[string]int{}
	sent := map[string][]time.Time{} // by customer
	for id, facts := range l.all() {
		last := facts[len(facts)-1]
		b := last.Data.(events.Fact).Body()
		switch {
		case last.Type == events.TypeEmailSent:
			sent[b.Customer] = append(sent[b.Customer], last.Time)
			workers[b.Worker]++
		case last.Type != events.TypeEmailHeld || b.Reason != "frequency_cap" && b.Reason != "yields":
			t.Errorf("%s: %s: %s", id, b.Reason, b.Detail)
		case !b.Until.After(last.Time):
			t.Errorf("%s is held until %v, which is before %v", id, b.Until, last.Time)
		default:
			held[b.Reason]++
		}
	}
	later := 0
	for token, at := range sent {
		slices.SortFunc(at, time.Time.Compare)
		later += max(0, len(at)-shortCap)
		within(t, token, at, shortCap, shortWindow-onItsWay)
		within(t, token, at, longCap, time.Hour)
	}
	if len(sent) != people || later == 0 {
		t.Errorf("%d of %d customers got an email, and %d after the first window", len(sent), people, later)
	}
	t.Logf("sent %v, %d of them after the first window; held %v", workers, later, held)
}

// onItsWay is how long an email may be under way: a claim counts from when it was
// taken, the fact from when the relay had answered.
const onItsWay = 2 * time.Second

// within fails when there were more than limit in some stretch of that length.
func within(t *testing.T, who string, at []time.Time, limit int, length time.Duration) {
	t.Helper()
	for i := limit; i < len(at); i++ {
		if d := at[i].Sub(at[i-limit]); d < length {
			t.Errorf("%s got %d emails within %v, and may get %d", who, limit+1, d, limit)
		}
	}
}

// wishes is what leads to nine touches of one customer that are due at once:
// orders, each of which is to be thanked for and to be reviewed, and a cart.
func wishes(i int) (orders []events.Event, cart events.Event) {
	who := fmt.Sprintf("c-%d", i)
	for n := range 4 {
		o := homingtest.Order(who, fmt.Sprintf("4%d0%d", n, i))
		o.Order.Items[0].ProductID = fmt.Sprintf("tea-%d", 10+n)
		orders = append(orders, event(fmt.Sprintf("order-%d-%d", n, i), time.Duration(35-n)*time.Minute, o))
	}
	like := homingtest.Order(who, "")
	return orders, event(fmt.Sprint("cart-", i), 20*time.Minute, &events.CartAbandoned{Customer: like.Customer,
		Cart: events.Cart{ID: "cart-" + who, URL: "https://shop.example/cart", Items: like.Order.Items}})
}
