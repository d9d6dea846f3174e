package homingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// An order of before an erasure is told again before the night that deletes what told it.
// It is forgotten until then, and a new order from then on, whether Redis is rebuilt or not.
func TestAnOrderThatIsToldAgainBeforeTheNightIsAsARebuildHasIt(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		who := events.Customer{ID: lostID, Email: lostAddress}
		say := publisher(w)
		say(lostOrder("5001"))
		say(lostOrder("5002"))
		say(lostOrder("5003"))
		time.Sleep(time.Minute)
		began := time.Now().UTC()
		say(&events.CustomerErased{Customer: who})
		time.Sleep(time.Minute)
		say(lostOrder("5001"))
		say(&events.OrderFulfilled{Customer: who, Order: events.OrderChange{ID: "5002"}})
		old := lostOrder("5003") // it says that it is of before
		old.Order.PlacedAt = &began
		say(old)
		say(lostOrder("5004"))
		rebuild := func() {
			w.Stop()
			w.Redis.Mini().FlushAll()
			w.Start()
		}
		for _, c := range []struct {
			when   string
			wait   time.Duration
			orders int
		}{{"before the night", time.Second, 1}, {"after it", day, 2}, {"after the next", day, 2}} {
			time.Sleep(c.wait)
			live, data := kept(t, w, lostID)
			if live.OrderCount() != c.orders {
				t.Errorf("%s: %d orders, want %d", c.when, live.OrderCount(), c.orders)
			}
			if c.orders == 1 {
				continue // a Redis that is empty does not know that a night's work is done, and does it
			}
			rebuild()
			if again, after := kept(t, w, lostID); after != data {
				t.Errorf("%s a rebuild gives\n%+v, and there was\n%+v", c.when, again, live)
			}
		}
	})
}
