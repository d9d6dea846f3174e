package homingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

// crowded is a world in which a review request falls due two hours after it begins,
// and a cart reminder half an hour later, with room for one of them in a window. An
// hour and a half have passed.
func crowded(t *testing.T, dir, window string) (w *homingtest.World, begin time.Time) {
	w = homingtest.New(t, dir, `
pacing: {frequency: [{limit: 1, window: `+window+`}], quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  replenishment: {status: "off"}
  cart-recovery: {steps: [{template: cart-recovery/reminder, after: 1h}]}
  review-request: {after_order: 2h, after_fulfilment: 1h, after_delivery: 1h}
`)
	w.Start()
	begin = time.Now()
	w.Publish("main", homingtest.Order("ann", "1001"))
	time.Sleep(90 * time.Minute)
	w.Publish("main", &events.CartAbandoned{Customer: events.Customer{ID: "ann"}, Cart: basket("k", "pot")})
	return w, begin
}

// A review request falls due half an hour before a cart reminder, and there is
// room for one of them.
func TestTheHigherPriorityGoesFirst(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, begin := crowded(t, dir, "4h")
		time.Sleep(10 * time.Hour)
		want := []line{
			{"review-request", "yields", 2},
			{"cart-recovery", "sent", 2.5},
			{"review-request", "frequency_cap", 2.5},
			{"review-request", "sent", 6.5},
		}
		if d := diff.Diff(want, lines(w, begin)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// line is one outcome or hold.
type line struct {
	Worker, Reason string
	Hours          float64 // after the beginning, in quarters
}

func lines(w *homingtest.World, begin time.Time) (out []line) {
	for _, f := range w.Facts() {
		b := f.Data.(events.Fact).Body()
		out = append(out, line{b.Worker, b.Reason, float64(f.Time.Sub(begin)/(15*time.Minute)) / 4})
	}
	return out
}

// A review request made room for a cart reminder, and then its time moves, since
// the parcel has come. At its new time there is another reminder to come: it goes
// first, having waited once.
func TestATouchThatYieldedDoesNotYieldAgainWhenPlannedAgain(t *testing.T) {
	for _, lost := range []bool{false, true} { // Redis, in the meantime
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w, begin := crowded(t, dir, "35m")
			time.Sleep(45 * time.Minute)
			w.Publish("main", &events.OrderDelivered{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "1001"}})
			time.Sleep(20 * time.Minute)
			w.Publish("main", &events.CartAbandoned{Customer: events.Customer{ID: "ann"}, Cart: basket("l", "cup")})
			if lost {
				w.Redis.Mini().FlushAll()
			}
			time.Sleep(2 * time.Hour)
			want := []line{
				{"review-request", "yields", 2},
				{"cart-recovery", "sent", 2.5},
				{"review-request", "sent", 3.25},
				{"cart-recovery", "frequency_cap", 3.5},
				{"cart-recovery", "sent", 3.75},
			}
			if d := diff.Diff(want, lines(w, begin)); d != "" {
				t.Errorf("Redis lost: %v (-want +got)\n%s", lost, d)
			}
		})
	}
}
