package homingtest_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// The relay is away, and the thanks for an order is in flight, when the customer is
// erased and orders again within the same moment.
func TestWhatIsInFlightAtAnErasureIsNotSentToACustomerWhoComesBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start("intake", "thank-you")
		w.Publish("main", lostOrder("5001"))
		time.Sleep(29 * time.Minute)
		w.Sink.Answer = func(string, string) string { return homingtest.CutBefore }
		time.Sleep(2 * time.Minute)
		gone, again := &events.CustomerErased{Customer: events.Customer{ID: lostID}}, lostOrder("5002")
		now := time.Now().UTC()
		w.PublishEvent(events.Event{ID: "gone", Source: "/shop", Type: gone.Type(), Store: "main", Time: now, Data: gone})
		w.PublishEvent(events.Event{ID: "again", Source: "/shop", Type: again.Type(), Store: "main", Time: now.Add(2 * time.Millisecond), Data: again})
		time.Sleep(time.Minute)
		w.Sink.Answer = nil
		time.Sleep(time.Hour)
		got := happened(w, "thank-you")
		if slices.Contains(got, "thanks 5001 sent") || !slices.Contains(got, "thanks 5002 sent") {
			t.Errorf("outcomes: %v; want thanks for 5002, and none for 5001", got)
		}
	})
}
