package homingtest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/reason"
)

// stopped fails the test unless Homing is not ready for a reason; empty: it is ready.
func stopped(t *testing.T, w *homingtest.World, why reason.Reason) {
	t.Helper()
	switch err := w.Ready(); {
	case why == "" && err != nil:
		t.Errorf("not ready: %v", err)
	case why != "" && (err == nil || !strings.HasPrefix(err.Error(), string(why))):
		t.Errorf("%v, want %s", err, why)
	}
}

// held lists what the timeline says of a worker's holds.
func held(w *homingtest.World) []string {
	var out []string
	for _, e := range w.Timeline() {
		switch d := e.Data.(type) {
		case *events.WorkerHeld:
			if d.Worker == "thank-you" {
				out = append(out, "held "+d.Reason)
			}
		case *events.WorkerResumed:
			if d.Worker == "thank-you" {
				out = append(out, "resumed "+d.Reason)
			}
		}
	}
	return out
}

// orders publishes orders whose emails fall due in half an hour.
func orders(w *homingtest.World, n int) {
	for i := range n {
		w.Publish("main", homingtest.Order(fmt.Sprint("c", i), fmt.Sprint("o", i)))
	}
}

// each fails the test unless every order has led to one email and one fact.
func each(t *testing.T, w *homingtest.World, n int) {
	t.Helper()
	if got := len(w.Sink.Mails()); got != n {
		t.Errorf("%d emails, want %d", got, n)
	}
	sent := map[string]bool{}
	for _, f := range w.Facts() {
		if b := f.Data.(events.Fact).Body(); b.Reason == string(reason.Sent) {
			sent[b.Touch] = true
		}
	}
	if len(sent) != n {
		t.Errorf("%d touches have the fact that they were sent, want %d", len(sent), n)
	}
}

// Nobody can say what is paused: nothing leaves, and it goes on when somebody can.
func TestWhoCannotHearAPauseDoesNotSend(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Watch = true
		w.Start()
		orders(w, 20)
		time.Sleep(29 * time.Minute)
		if err := w.JS.DeleteKeyValue(t.Context(), bus.ControlsBucket); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		stopped(t, w, reason.ControlsUnknown)
		if n := len(w.Sink.Mails()); n > 0 {
			t.Errorf("%d emails left", n)
		}
		if _, err := w.JS.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: bus.ControlsBucket, History: 5}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		stopped(t, w, "")
		each(t, w, 20)
	})
}

// limit changes how many messages the timeline takes, in each partition; -1: any number.
func limit(t *testing.T, w *homingtest.World, more int64) {
	t.Helper()
	for _, stream := range bus.PartitionsOf(w.JS).Timelines() {
		s, err := w.JS.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		c := s.CachedInfo().Config
		if c.MaxMsgs = -1; more >= 0 {
			c.MaxMsgs = int64(s.CachedInfo().State.Msgs) + more
		}
		if _, err := w.JS.UpdateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

// The timeline is full. An event that it does not take is enough to stop emails; and
// where nothing told of it before, no more leave than were on their way.
func TestWithTheTimelineFullNothingLeaves(t *testing.T) {
	for _, c := range []struct {
		name  string
		event bool
		most  int
	}{{"an event was not taken", true, 0}, {"the first fact is not taken", false, 96}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				const n = 300
				w := homingtest.New(t, dir, "")
				w.Watch = true
				w.Start()
				orders(w, n)
				time.Sleep(29 * time.Minute)
				limit(t, w, 0)
				if c.event {
					w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: "zoe", Email: "zoe@example.com"}})
				}
				time.Sleep(10 * time.Minute)
				stopped(t, w, reason.TimelineFull)
				t.Logf("%d emails left", len(w.Sink.Mails()))
				if got := len(w.Sink.Mails()); got > c.most {
					t.Errorf("%d emails left, and nobody can say so", got)
				}
				limit(t, w, -1)
				time.Sleep(2 * time.Minute)
				stopped(t, w, "")
				each(t, w, n)
				told := held(w)
				if bus.PartitionsOf(w.JS).Count() > 1 {
					told = slices.Compact(told) // each part of the timeline says so
				}
				if got := fmt.Sprint(told); got != "[held timeline_full resumed timeline_full]" {
					t.Errorf("the timeline says %s", got)
				}
			})
		})
	}
}

// A clock that is minutes ahead sends what is not due yet, and lets no claim hold.
func TestWithAWrongClockNothingLeaves(t *testing.T) {
	for _, off := range []time.Duration{-10 * time.Minute, 6 * time.Second} {
		t.Run(off.String(), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, "")
				w.Watch = true
				w.Start()
				orders(w, 20)
				time.Sleep(27 * time.Minute)
				end := time.Now().Add(10 * time.Minute)
				for time.Now().Before(end) { // its clock ticks, and is wrong
					w.Redis.Mini().SetTime(time.Now().Add(off))
					time.Sleep(500 * time.Millisecond)
				}
				stopped(t, w, reason.ClockSkew)
				if n := len(w.Sink.Mails()); n > 0 {
					t.Errorf("%d emails left", n)
				}
				for range 60 {
					w.Redis.Mini().SetTime(time.Now().Add(3 * time.Second)) // odd, and not that bad
					time.Sleep(500 * time.Millisecond)
				}
				stopped(t, w, "")
				w.Redis.Mini().SetTime(time.Time{})
				time.Sleep(time.Minute)
				each(t, w, 20)
				if got := fmt.Sprint(held(w)); got != "[held clock_skew resumed clock_skew]" {
					t.Errorf("the timeline says %s", got)
				}
			})
		})
	}
}

// An ACL that forbids a command is no server that is away: it has a name, and ends when
// the right is there.
func TestWhatRedisForbidsIsSaid(t *testing.T) {
	lengthy.Always(t)
	t.Parallel()
	server, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	r := homingtest.StartRedis(t)
	admin := homingtest.Redis(t, r.AdminURL())
	acl := func(rule string) {
		if err := admin.Do(t.Context(), "acl", "setuser", "homing", rule).Err(); err != nil {
			t.Fatal(err)
		}
	}
	acl("-time")
	c := homingtest.Config(t, "")
	c.NATS.URL, c.Redis.URL, c.HTTP.Listen, c.HTTP.Gateway = config.URL(server.URL()), config.URL(r.URL()), "127.0.0.1:0", "127.0.0.1:0"
	a, err := app.New(app.Options{Config: c, Log: zap.NewNop(), Templates: homingtest.Templates(), Load: homingtest.Load, CheckRedis: 2 * time.Second})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	until := func(what string, is func(error) bool) {
		t.Helper()
		for range 600 {
			if is(a.Ready()) {
				return
			}
			<-time.After(100 * time.Millisecond)
		}
		t.Fatalf("not %s after a minute: %v", what, a.Ready())
	}
	says := func(words ...string) func(error) bool {
		return func(err error) bool {
			for _, word := range words {
				if err == nil || !strings.Contains(err.Error(), word) {
					return false
				}
			}
			return true
		}
	}
	until("forbidden at start", says(string(reason.Forbidden), " time,"))
	acl("+time")
	until("ready", func(err error) bool { return err == nil })
	acl("-evalsha")

	acl("-hget")
	until("forbidden at run time", says(string(reason.Forbidden), "hget", "evalsha"))
	acl("+evalsha")
	acl("+hget")
	until("ready again", func(err error) bool { return err == nil })
}
