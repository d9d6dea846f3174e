package delivery_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/mailer"
	"homing/pkg/schedule"
	"homing/pkg/timeline"
	"homing/pkg/touch"
)

// realHolds are the holds as they are kept in NATS, of one replica.
type realHolds struct {
	*control.Controls
	*control.Watch
}

// withHolds has a replica keep holds.
func (r *rig) withHolds(stores ...string) func(o *delivery.Options) {
	c := control.New(control.Options{JS: r.js, Timeline: timeline.New(r.js), Stores: stores, Now: time.Now, Log: r.log})
	if err := c.Read(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	r.t.Cleanup(func() { cancel(); <-done })
	return func(o *delivery.Options) { o.Holds = realHolds{c, c.Watch(worker, stores)} }
}

// transitions lists the facts of holds: store, what happened, why.
func (r *rig) transitions(stores ...string) (out []string) {
	r.t.Helper()
	for _, store := range stores {
		err := timeline.New(r.js).Read(r.t.Context(), store, []uint8{0}, 1, 1<<40, func(batch []customer.Entry) error {
			for _, e := range batch {
				switch d := e.Event.Data.(type) {
				case *events.WorkerHeld:
					out = append(out, store+" held "+d.Reason+" "+d.Detail)
				case *events.WorkerResumed:
					out = append(out, store+" resumed "+d.Reason+" "+d.Detail)
				}
			}
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return out
}

// The relay is away for an hour, for three replicas: one fact when that has lasted,
// one when it is over, none for any of the touches, and all of them leave.
func TestARelayThatIsAwayIsOneHold(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann", "bob", "cid")
		var away atomic.Int32
		away.Store(refuses)
		relay := relayThat(r, &away)
		for range 3 {
			r.start(r.withHolds("main"), relay)
		}
		for _, id := range []string{"ann", "bob", "cid"} {
			r.touch(id, "offer", "l1", time.Minute, nil)
		}
		time.Sleep(time.Minute + 5*time.Second)
		if got := r.transitions("main"); len(got) != 0 {
			t.Errorf("after five seconds: %q", got)
		}
		time.Sleep(time.Hour)
		if d := cmp.Diff([]string{"main held smtp_down a fault of the test"}, r.transitions("main")); d != "" {
			t.Errorf("while it is away (-want +got):\n%s", d)
		}
		away.Store(0)
		time.Sleep(time.Minute)
		if d := cmp.Diff([]string{"main held smtp_down a fault of the test", "main resumed smtp_down a fault of the test"}, r.transitions("main")); d != "" {
			t.Errorf("when it is back (-want +got):\n%s", d)
		}
		if n := len(r.subjects()); n != 3 {
			t.Errorf("%d emails, want 3", n)
		}
		if f := r.facts(events.TypeEmailHeld); len(f) != 0 {
			t.Errorf("facts for single touches: %+v", f)
		}
	})
}

// What is wrong with a relay.
const (
	refuses = 1
	silent  = 2
)

// relayThat gives a replica a relay that is away for as long as that says.
func relayThat(r *rig, away *atomic.Int32) func(o *delivery.Options) {
	relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:25", Log: zap.NewNop(), Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		switch away.Load() {
		case refuses:
			return nil, errFault
		case silent:
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return r.sink.Dial(ctx, network, addr)
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = relay.Close() })
	return func(o *delivery.Options) {
		route := o.Routes["main"]
		route.Channel = r.email(relay)
		o.Routes["main"] = route
	}
}

// More touches than a replica takes in flight are due in a store whose relay is
// away. The emails of another store leave all the same.
func TestAStoreWithoutARelayDoesNotHoldUpAnother(t *testing.T) {
	lengthy.WithRace(t)
	for name, trouble := range map[string]int32{"its relay refuses": refuses, "its relay does not answer": silent} {
		t.Run(name, func(t *testing.T) { anotherStoreSends(t, trouble) })
	}
}

func anotherStoreSends(t *testing.T, trouble int32) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		outlet := r.ids.Key("outlet", "ann")
		r.happenedTo(outlet, homingtest.Order("ann", "1001"))
		var away atomic.Int32
		away.Store(trouble)
		r.start(r.withHolds("main", "outlet"), alike("outlet"), relayThat(r, &away))
		at := time.Now().Add(time.Minute).UTC()
		var ts []touch.Touch
		for i := range 400 { // in flight: three batches of 32
			ts = append(ts, touch.Touch{Worker: worker, Step: "offer", Customer: r.key("ann"), Occasion: fmt.Sprint("l-", i), Due: at, Wake: at})
		}
		if err := schedule.New(r.js, clock.Scale{}).Put(r.t.Context(), ts); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		at = time.Now().UTC()
		if err := schedule.New(r.js, clock.Scale{}).Put(r.t.Context(), []touch.Touch{{Worker: worker, Step: "offer", Customer: outlet, Occasion: "other", Due: at, Wake: at}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if n := len(r.subjects()); n != 1 {
			t.Errorf("%d emails of the other store, want 1", n)
		}
		detail := map[int32]string{refuses: "a fault of the test", silent: "no answer in time"}[trouble]
		if d := cmp.Diff([]string{"main held smtp_down " + detail}, r.transitions("main", "outlet")); d != "" {
			t.Errorf("holds (-want +got):\n%s", d)
		}
		away.Store(0)
		time.Sleep(15 * time.Minute)
		if n := len(r.subjects()); n != 401 {
			t.Errorf("%d emails when the relay was back, want 401", n)
		}
	})
}

func TestAnEmptyListIsOneHoldUntilCodesAreLoaded(t *testing.T) {
	bubble(t, offering(list), func(r *rig) {
		r.known("ann", "bob")
		for range 2 {
			r.start(r.withHolds("main"))
		}
		for _, id := range []string{"ann", "bob"} {
			r.touch(id, "offer", "l1", time.Minute, nil)
		}
		time.Sleep(3 * time.Hour)
		want := []string{"main held no_offer_code list spring"}
		if d := cmp.Diff(want, r.transitions("main")); d != "" {
			t.Errorf("while there is none (-want +got):\n%s", d)
		}
		r.load("spring", "S-1", "S-2")
		time.Sleep(6 * time.Minute)
		got := r.subjects()
		slices.Sort(got)
		if d := cmp.Diff([]string{"S-1", "S-2"}, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		if d := cmp.Diff(append(want, "main resumed no_offer_code list spring"), r.transitions("main")); d != "" {
			t.Errorf("when there are some (-want +got):\n%s", d)
		}
	})
}

// A worker is paused in one of two stores: its touches wait outside the queue, and
// leave when they may.
func TestAPauseInOneStoreLeavesTheOtherFree(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		var o delivery.Options
		r.start(r.withHolds("main", "outlet"), alike("outlet"), func(x *delivery.Options) { o = *x })
		controls := o.Holds.(realHolds).Controls
		pause := control.Hold{Worker: worker, Store: "main", Reason: control.Paused}
		if _, err := controls.Pause(r.t.Context(), pause); err != nil {
			t.Fatal(err)
		}
		r.touch("ann", "offer", "l1", time.Minute, nil)
		time.Sleep(time.Hour)
		if n := len(r.subjects()); n != 0 {
			t.Errorf("%d emails while paused", n)
		}
		if _, err := controls.Resume(r.t.Context(), pause); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		if n := len(r.subjects()); n != 1 {
			t.Errorf("%d emails when it goes on, want 1", n)
		}
		if f := r.facts(events.TypeEmailHeld); len(f) != 0 {
			t.Errorf("facts for single touches: %+v", f)
		}
	})
}

// The relay took the email, Redis is away when that should be recorded, and somebody
// pauses the worker. What the relay said is not forgotten because of that: the email is
// sent, once.
func TestAPauseDoesNotForgetWhatTheRelaySaid(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		var controls *control.Controls
		outlet := alike("outlet")
		p := r.start(r.withHolds("main", "outlet"), outlet, func(o *delivery.Options) { controls = o.Holds.(realHolds).Controls })
		var away atomic.Bool
		r.setFault(func(op string) error {
			if op == "save" && away.Load() {
				return errFault
			}
			return nil
		})
		r.sink.Answer = func(command, _ string) string {
			if command == "." {
				away.Store(true)
			}
			return ""
		}
		r.touch("ann", "offer", "l1", time.Minute, nil)
		time.Sleep(time.Minute + 5*time.Second)
		pause := control.Hold{Worker: worker, Store: "main", Reason: control.Paused}
		if _, err := controls.Pause(r.t.Context(), pause); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		away.Store(false)
		time.Sleep(time.Minute)
		p.stop() // and what it knew is gone
		r.start(r.withHolds("main", "outlet"), outlet)
		if _, err := controls.Resume(r.t.Context(), pause); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if d := cmp.Diff(map[string]string{"l1": "sent"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if n := len(r.subjects()); n != 1 {
			t.Errorf("%d emails, want 1", n)
		}
	})
}
