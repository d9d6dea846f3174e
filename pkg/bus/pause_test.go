package bus_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// hold is a switch for LoopOptions.Paused.
type hold struct {
	mu      sync.Mutex
	held    bool
	changed chan struct{}
}

func (h *hold) ask() (bool, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.held, h.changed
}

func (h *hold) set(held bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held = held
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// consumer is all that the server knows of the intake consumer.
func (s *server) consumer() *jetstream.ConsumerInfo {
	s.t.Helper()
	c, err := s.js.Consumer(context.Background(), bus.Storefront, bus.IntakeConsumer)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.CachedInfo()
}

// TestAHeldLoopCostsNothing holds a loop in the middle of its work, with 3,000
// messages waiting: nobody says anything to the server about them until it goes
// on, and then each is done.
func TestAHeldLoopCostsNothing(t *testing.T) {
	const n = 3_000
	bubble(t, func(s *server) {
		var j journal
		var h hold
		work := func(ctx context.Context, batch []*bus.Msg) {
			for _, m := range batch {
				if ctx.Err() != nil {
					m.Done(bus.ErrShutdown)
					continue
				}
				j.note(m)
				time.Sleep(time.Millisecond)
				m.Done(nil)
			}
		}
		s.publish(n)
		s.run(bus.Storefront, bus.IntakeConsumer, work, func(o *bus.LoopOptions) { o.Paused = h.ask })
		time.Sleep(500 * time.Millisecond)
		h.set(true)
		time.Sleep(time.Second) // what is under way ends, what is not begun is given back
		done := j.len()
		if done == 0 || done > n/2 {
			s.t.Fatalf("%d were handled before the hold; the test shows nothing", done)
		}
		before, said := s.consumer(), s.nc.Stats().OutMsgs
		time.Sleep(24 * time.Hour)
		if more := s.nc.Stats().OutMsgs - said; more != 0 {
			s.t.Errorf("%d messages to the server in a day of being held", more)
		}
		ignore := cmpopts.IgnoreFields(jetstream.ConsumerInfo{}, "TimeStamp", "NumWaiting")
		if d := cmp.Diff(before, s.consumer(), ignore, cmpopts.IgnoreUnexported(jetstream.ConsumerInfo{})); d != "" {
			s.t.Errorf("the consumer moved while held (-before +a day later):\n%s", d)
		}
		if s.loop.Waiting() || j.len() != done {
			s.t.Errorf("waiting %v, %d handled while held", s.loop.Waiting(), j.len()-done)
		}
		h.set(false)
		time.Sleep(time.Minute)
		if a, u, _ := s.pending(); a+u != 0 || j.len() != n || int(s.loop.Handled()) < n {
			s.t.Errorf("%d of %d handled, %d counted; unacked %d, undelivered %d", j.len(), n, s.loop.Handled(), a, u)
		}
	})
}

func TestAHeldLoopWaitsForNoServer(t *testing.T) {
	bubble(t, func(s *server) {
		var h hold
		s.run(bus.Storefront, bus.IntakeConsumer, new(journal).answering(func(*bus.Msg) error { return errors.New("down") }),
			func(o *bus.LoopOptions) { o.Paused = h.ask })
		s.publish(3)
		time.Sleep(time.Minute)
		if !s.loop.Waiting() {
			s.t.Error("it does not wait for the server that is down")
		}
		h.set(true)
		time.Sleep(time.Second)
		if a, u, _ := s.pending(); s.loop.Waiting() || a+u != 3 {
			s.t.Errorf("waiting %v while held; %d unacked, %d undelivered", s.loop.Waiting(), a, u)
		}
	})
}

func TestALoopThatIsHeldFromTheStartStops(t *testing.T) {
	bubble(t, func(s *server) {
		h := hold{held: true}
		var j journal
		s.run(bus.Storefront, bus.IntakeConsumer, j.answering(func(*bus.Msg) error { return nil }),
			func(o *bus.LoopOptions) { o.Paused = h.ask })
		s.publish(3)
		time.Sleep(time.Hour)
		s.stop()
		if a, u, _ := s.pending(); a != 0 || u != 3 || j.len() != 0 {
			s.t.Errorf("%d handled, %d unacked, %d undelivered", j.len(), a, u)
		}
	})
}
