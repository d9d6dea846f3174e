package homingtest_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
)

// Consumers that someone deleted under a running Homing are made again.
func TestConsumersThatAreDeletedAreMadeAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		deleteConsumers(t, w)
		time.Sleep(10 * time.Minute)
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 1 {
			t.Errorf("%d emails, want 1", n)
		}
	})
}

// An email that waits for a connection while its customer changes address goes to
// the new one.
func TestAnEmailThatWaitedGoesToTheNewAddress(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "smtp: {connections: 1}\n")
		w.Sink.Answer = func(command, arg string) string {
			if command == "." && arg == "bob@example.com" {
				time.Sleep(5 * time.Minute)
			}
			return ""
		}
		w.Start()
		w.Publish("main", homingtest.Order("bob", "1001"))
		time.Sleep(time.Minute)
		ann := homingtest.Order("ann", "1002")
		w.Publish("main", ann)
		time.Sleep(31 * time.Minute) // bob's holds the connection, ann's is made and waits
		w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "ann@example.org"}})
		time.Sleep(time.Hour)
		var to []string
		for _, m := range w.Sink.Mails() {
			to = append(to, m.To)
		}
		if fmt.Sprint(to) != "[bob@example.com ann@example.org]" {
			t.Errorf("mailed %v", to)
		}
	})
}

// An event so large that REJECTED could not hold it either is cut there, and does
// not come again for ever.
func TestAnEventThatIsTooLargeToBeRejectedWhole(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		huge := bytes.Repeat([]byte("x"), 1<<20-200)
		if _, err := w.JS.Publish(t.Context(), events.Subject("main", events.TypeOrderPlaced), huge); err != nil {
			t.Fatal(err)
		}
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Hour)
		s, err := w.JS.Stream(t.Context(), bus.Rejected)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.GetLastMsgForSubject(t.Context(), "rejected.main."+string(events.ReasonTooLarge))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Header.Get(bus.HeaderTruncated); got != fmt.Sprint(len(huge)) {
			t.Errorf("%s: %q, want the size of the original", bus.HeaderTruncated, got)
		}
		info, err := w.JS.Consumer(t.Context(), bus.Storefront, bus.IntakeConsumer)
		if err != nil {
			t.Fatal(err)
		}
		if n := info.CachedInfo().NumAckPending; n != 0 || len(w.Sink.Mails()) != 1 {
			t.Errorf("%d events are stuck, %d emails", n, len(w.Sink.Mails()))
		}
	})
}
