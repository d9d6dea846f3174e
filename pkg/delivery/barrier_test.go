package delivery_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/delivery"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/mailer"
	"homing/pkg/schedule"
	"homing/pkg/touch"

	"go.uber.org/zap"
)

// many puts touches of one customer on the schedule, all due at the same time.
func (r *rig) many(n int, id string, at time.Time) {
	r.t.Helper()
	var ts []touch.Touch
	for i := range n {
		ts = append(ts, touch.Touch{Worker: worker, Step: "offer", Customer: r.key(id), Occasion: fmt.Sprint("l-", i), Due: at, Wake: at})
	}
	if err := schedule.New(r.js, clock.Scale{}).Put(r.t.Context(), ts); err != nil {
		r.t.Fatal(err)
	}
}

// A relay that takes every message, but slowly, has far more of them due than a
// process takes in flight. Another store's messages leave all the same, and the
// slow relay is never idle.
func TestASlowRelayDelaysNoOtherStore(t *testing.T) {
	lengthy.WithRace(t)
	const due, each = 600, 20 * time.Second
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		outlet := r.ids.Key("outlet", "ann")
		r.happenedTo(outlet, homingtest.Order("ann", "1001"))
		slow := &homingtest.Sink{Answer: func(command, _ string) string {
			if command == "." {
				time.Sleep(each)
			}
			return ""
		}}
		r.t.Cleanup(slow.Close)
		relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:26", Dial: slow.Dial, Log: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		r.t.Cleanup(func() { _ = relay.Close() })
		r.start(func(o *delivery.Options) {
			alike("outlet")(o)
			o.Routes["main"] = delivery.Route{Channel: r.email(relay), Rate: r.rate}
			o.InFlight = bus.MostInFlight(48, 1)
		})
		began := time.Now().Add(time.Minute).UTC()
		r.many(due, "ann", began)
		for i := range 10 {
			at := began.Add(time.Duration(i) * time.Minute)
			x := touch.Touch{Worker: worker, Step: "offer", Customer: outlet, Occasion: fmt.Sprint("o-", i), Due: at, Wake: at}
			r.put(x)
		}
		for i := range 10 {
			time.Sleep(time.Until(began.Add(time.Duration(i)*time.Minute + 30*time.Second)))
			if n := len(r.sink.Mails()); n != i+1 {
				t.Fatalf("%d of the other store's messages left after %v, want %d", n, time.Since(began), i+1)
			}
		}
		time.Sleep(time.Until(began.Add(due / 8 * each * 3 / 2)))
		if n := len(slow.Mails()); n != due {
			t.Errorf("%d messages left over the slow relay, want %d: it was idle", n, due)
		}
	})
}

// A message that takes long delays none of its batch, nor of the next.
func TestNoTouchWaitsForTheSlowestOfItsBatch(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		var stuck atomic.Bool
		stuck.Store(true)
		free := make(chan struct{})
		r.sink.Answer = func(command, _ string) string {
			if command == "." && stuck.Swap(false) {
				<-free
			}
			return ""
		}
		const people = 200
		ids := make([]string, people)
		for i := range ids {
			ids[i] = fmt.Sprint("c-", i)
		}
		r.known(ids...)
		r.start()
		for _, id := range ids {
			r.touch(id, "offer", "l", time.Minute, nil)
		}
		time.Sleep(time.Minute + 5*time.Second)
		if n := len(r.sink.Mails()); n != people-1 {
			t.Errorf("%d messages left while one was stuck, want %d", n, people-1)
		}
		close(free)
		time.Sleep(time.Second)
		if n := len(r.sink.Mails()); n != people {
			t.Errorf("%d messages left, want %d", n, people)
		}
	})
}

// A stop hands back what was not begun, and waits for what was.
func TestAStopHandsBackWhatWasNotBegun(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.sink.Answer = func(command, _ string) string {
			if command == "." {
				time.Sleep(10 * time.Second)
			}
			return ""
		}
		p := r.start()
		at := time.Now().Add(time.Minute).UTC()
		r.many(90, "ann", at) // eight at a time
		time.Sleep(time.Minute + 5*time.Second)
		stopped := time.Now()
		p.stop()
		if took := time.Since(stopped); took > 11*time.Second {
			t.Errorf("the stop took %v: it waited for more than what was under way", took)
		}
		left := len(r.sink.Mails())
		if left != 8 {
			t.Errorf("%d messages left, want the 8 that were under way", left)
		}
		r.sink.Answer = nil
		r.start()
		time.Sleep(5 * time.Second)
		if n := len(r.sink.Mails()); n != 90 {
			t.Errorf("%d messages after another process took over, want 90", n)
		}
	})
}

// Far more messages of a store are due than it may have in flight, since another
// store is there as well, which has none. They leave as fast as the relay takes them.
func TestACrowdedStoreLeavesItsRelayNoTimeToRest(t *testing.T) {
	lengthy.WithRace(t)
	const due, each = 1000, 80 * time.Millisecond
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.sink.Answer = func(command, _ string) string {
			if command == "." {
				time.Sleep(each)
			}
			return ""
		}
		r.start(alike("outlet"), func(o *delivery.Options) { o.InFlight = bus.MostInFlight(48, 1) })
		began := time.Now().Add(time.Minute).UTC()
		r.many(due, "ann", began)
		time.Sleep(time.Until(began.Add(due / 8 * each * 2)))
		if n := len(r.sink.Mails()); n != due {
			t.Errorf("%d messages left in twice the time that the relay takes, want %d", n, due)
		}
		time.Sleep(10 * time.Minute)
	})
}

// A store's messages to one domain wait in flight for seconds, as many as may, and
// its others have all of its share. There is room for another store's all the same.
func TestWhatWaitsForADomainIsOfItsStoresShare(t *testing.T) {
	lengthy.WithRace(t)
	const batch = 192 // as many as in an installation: two of them in flight, a third of that aside
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.batch = batch
		outlet := r.ids.Key("outlet", "ann")
		r.happenedTo(outlet, homingtest.Order("ann", "1001"))
		turns := &turns{}
		r.rate = turns
		r.start(func(o *delivery.Options) {
			alike("outlet")(o)
			o.Routes["outlet"] = delivery.Route{Channel: o.Routes["main"].Channel, Rate: noLimit{}}
			o.InFlight = bus.MostInFlight(batch, 1)
		})
		at := time.Now().Add(time.Minute).UTC()
		r.many(700, "ann", at)
		for i := range 3 {
			at := at.Add(time.Duration(i) * time.Minute)
			r.put(touch.Touch{Worker: worker, Step: "offer", Customer: outlet, Occasion: fmt.Sprint("o-", i), Due: at, Wake: at})
		}
		for i := range 3 {
			time.Sleep(time.Until(at.Add(time.Duration(i)*time.Minute + 10*time.Second)))
			if n := len(r.sink.Mails()); n < i+1 {
				t.Fatalf("%d of the other store's messages left, want %d", n, i+1)
			}
		}
		turns.over.Store(true)
		time.Sleep(20 * time.Minute)
	})
}

// turns is a throughput in which every second message is to let others pass, for as
// long as a touch waits in flight, and the others wait where they are.
type turns struct {
	asked atomic.Int32
	over  atomic.Bool
}

func (*turns) GiveBack(context.Context, time.Time) error { return nil }

func (s *turns) Wait(ctx context.Context, _ string, _, had bool) (time.Duration, string, error) {
	switch {
	case s.over.Load():
		return 0, "", nil
	case had || s.asked.Add(1)%2 == 0:
		return 3 * time.Second, "it is another's turn", nil
	}
	select {
	case <-ctx.Done():
		return 0, "", ctx.Err()
	case <-time.After(time.Minute):
		return time.Hour, "there is no room", nil
	}
}

// A relay may be given many connections, and all of them are used.
func TestAllConnectionsAreUsed(t *testing.T) {
	const connections = 100
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		var under, most atomic.Int32
		r.sink.Answer = func(command, _ string) string {
			if command == "." {
				most.Store(max(most.Load(), under.Add(1)))
				time.Sleep(time.Second)
				under.Add(-1)
			}
			return ""
		}
		relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:25", Connections: connections, Dial: r.sink.Dial, Log: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		r.t.Cleanup(func() { _ = relay.Close() })
		r.start(func(o *delivery.Options) {
			o.Routes["main"] = delivery.Route{Channel: r.email(relay), Connections: connections, Rate: r.rate}
		})
		r.many(140, "ann", time.Now().Add(time.Minute).UTC()) // of 96 that the loop has in flight
		time.Sleep(time.Minute + 30*time.Second)
		if n := most.Load(); n < 90 {
			t.Errorf("%d emails were on their way at a time, with %d connections", n, connections)
		}
		if n := len(r.sink.Mails()); n != 140 {
			t.Errorf("%d emails left, want 140", n)
		}
	})
}
