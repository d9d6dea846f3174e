package homingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// Thousands are due when a process is told to stop: it finishes the few that the relay
// is being told, and gives back all others at once. The next process sends them, once.
func TestAProcessWithThousandsDueStopsAtOnce(t *testing.T) {
	lengthy.Always(t)
	const due = 2000
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Sink.Answer = func(command, _ string) string {
			if command == "." {
				time.Sleep(100 * time.Millisecond)
			}
			return ""
		}
		w.Start()
		orders(w, due)
		time.Sleep(30*time.Minute + 2*time.Second)
		before, began := len(w.Sink.Mails()), time.Now()
		if err := w.StopWithin(25 * time.Second); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Second { // fake time
			t.Errorf("it stopped after %v", took)
		}
		if left := due - len(w.Sink.Mails()); before == 0 || left < due/2 {
			t.Fatalf("%d emails left before the stop, %d are to be sent: nothing is shown", before, left)
		}
		w.Sink.Answer = nil
		w.Start()
		time.Sleep(5 * time.Minute)
		each(t, w, due)
	})
}
