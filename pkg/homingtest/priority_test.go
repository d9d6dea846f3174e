package homingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

// A review request falls due half an hour before a cart reminder, and there is
// room for one of them.
func TestTheHigherPriorityGoesFirst(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, `
pacing: {frequency: [{limit: 1, window: 4h}], quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  replenishment: {status: "off"}
  cart-recovery: {steps: [{template: cart-recovery/reminder, after: 1h}]}
  review-request: {after_order: 2h, after_fulfilment: 1h, after_delivery: 1h}
`)
		w.Start()
		begin := time.Now()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(90 * time.Minute)
		w.Publish("main", &events.CartAbandoned{Customer: events.Customer{ID: "ann"}, Cart: basket("k", "pot")})
		time.Sleep(10 * time.Hour)
		type line struct {
			Worker, Reason string
			Hours          float64 // after the beginning, in quarters
		}
		var got []line
		for _, f := range w.Facts() {
			b := f.Data.(events.Fact).Body()
			got = append(got, line{b.Worker, b.Reason, float64(f.Time.Sub(begin)/(15*time.Minute)) / 4})
		}
		want := []line{
			{"review-request", "yields", 2},
			{"cart-recovery", "sent", 2.5},
			{"review-request", "frequency_cap", 2.5},
			{"review-request", "sent", 6.5},
		}
		if d := diff.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}
