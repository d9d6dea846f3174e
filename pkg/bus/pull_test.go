package bus_test

import (
	"context"
	"testing"
	"time"

	"homing/pkg/bus"
)

// A replica stops, again and again, while much is on its way to it. What it had
// not begun is with the next one at once, and does not wait for an AckWait.
func TestWhatAStoppedReplicaWasSentIsFreeAtOnce(t *testing.T) {
	const n, stops = 20_000, 15
	bubble(t, func(s *server) {
		s.publish(n)
		var j journal
		work := func(_ context.Context, batch []*bus.Msg) {
			time.Sleep(10 * time.Millisecond) // so that not all is done before the stops
			for _, m := range batch {
				j.note(m)
				m.Done(nil)
			}
		}
		began := time.Now()
		for i := range stops {
			s.run(bus.Storefront, bus.IntakeConsumer, work)
			time.Sleep(time.Duration(5+i) * time.Millisecond)
			s.stop()
			s.ctx, s.cancel = context.WithCancel(context.Background())
		}
		done := j.len()
		s.run(bus.Storefront, bus.IntakeConsumer, work)
		for j.len() < n && time.Since(began) < bus.AckWait {
			time.Sleep(10 * time.Millisecond)
		}
		if j.len() < n {
			unacked, undelivered, _ := s.pending()
			t.Fatalf("%d of %d handled after %s; %d unacked, %d undelivered", j.len(), n, time.Since(began), unacked, undelivered)
		}
		if done == 0 || done == n {
			t.Errorf("%d of %d were handled between the stops: the test shows nothing", done, n)
		}
		if took := time.Since(began); took > bus.AckWait/2 { // fake time
			t.Errorf("it took %s", took)
		}
	})
}

// The server goes away while a pull waits for messages, and comes back: the next
// pull is made as soon as there is a connection.
func TestAPullDoesNotOutliveItsConnection(t *testing.T) {
	s := start(t, t.TempDir())
	src, err := bus.Consumer(s.js, bus.Storefront, bus.IntakeConsumer)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- src.Pull(t.Context(), 10, 5*time.Minute, nil) }()
	<-time.After(100 * time.Millisecond)
	if err := s.nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("it ended as if there were nothing to do")
	}
}
