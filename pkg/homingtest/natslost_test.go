package homingtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/control"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/installation"
	"homing/pkg/reason"
)

// The bucket of pauses is gone: nobody puts an empty one in its place unasked, and while
// it is made again on purpose nothing leaves that is paused a moment later.
func TestALostPauseIsNotForgotten(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Watch, w.Log = true, zap.NewNop()
		w.Start()
		controls := installation.Controls(w.Config, w.JS, clock.Scale{})
		paused := control.Hold{Worker: "thank-you", Reason: control.Paused}
		did := func(did bool, err error) {
			t.Helper()
			if err != nil || !did {
				t.Fatal(did, err)
			}
		}
		did(controls.Pause(t.Context(), paused))
		orders(w, 5)
		time.Sleep(time.Hour)
		nothing := func(when string) {
			t.Helper()
			if n := len(w.Sink.Mails()); n > 0 {
				t.Fatalf("%s: %d emails of a paused worker left", when, n)
			}
		}
		if err := w.JS.DeleteKeyValue(t.Context(), bus.ControlsBucket); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		stopped(t, w, reason.ControlsUnknown)
		_, err := app.SetupStreams(t.Context(), w.Config, w.JS)
		lost, is := errors.AsType[*bus.ControlsLost](err)
		if !is || len(lost.Paused) != 1 || lost.Paused[0] != "thank-you in the store main" || !strings.Contains(err.Error(), "--pause-all") {
			t.Fatalf("setting up: %v", err)
		}
		nothing("without the bucket")
		if err := app.MakeControls(t.Context(), w.Config, w.JS); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second) // longer than a process waits to read it again
		nothing("while it is empty")
		did(controls.Pause(t.Context(), paused))
		time.Sleep(10 * time.Minute)
		stopped(t, w, "")
		nothing("paused again")
		if _, err := app.SetupStreams(t.Context(), w.Config, w.JS); err != nil {
			t.Error(err)
		}
		did(controls.Resume(t.Context(), paused))
		time.Sleep(time.Minute)
		each(t, w, 5)
	})
}

// An installation that nothing was written to yet has lost nothing.
func TestANewInstallationMakesItsControls(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		for range 2 {
			if _, err := app.SetupStreams(t.Context(), w.Config, w.JS); err != nil {
				t.Fatal(err)
			}
			if err := w.JS.DeleteKeyValue(t.Context(), bus.ControlsBucket); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A limit on the stream of what is planned deletes it: that limit is taken away, and named.
func TestALimitOnWhatIsPlannedIsTakenAwayAndNamed(t *testing.T) {
	for name, change := range map[string]func(*jetstream.StreamConfig){
		"max_msgs":     func(c *jetstream.StreamConfig) { c.MaxMsgs = 1_000_000 },
		"max_bytes":    func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 24 },
		"max_age":      func(c *jetstream.StreamConfig) { c.MaxAge = 10_000 * time.Hour },
		"max_msg_size": func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, "")
				core, logs := observer.New(zap.ErrorLevel)
				w.Watch, w.Log = true, zap.New(core)
				w.Start()
				planned := bus.PartitionsOf(w.JS).Schedule("thank-you", 0)
				s, err := w.JS.Stream(t.Context(), planned)
				if err != nil {
					t.Fatal(err)
				}
				c := s.CachedInfo().Config
				change(&c)
				if _, err := w.JS.UpdateStream(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				i, err := s.Info(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if c := i.Config; c.MaxMsgs > 0 || c.MaxBytes > 0 || c.MaxAge > 0 || c.MaxMsgSize > 0 {
					t.Errorf("it still has a limit: %+v", c)
				}
				told := logs.FilterMessageSnippet("deletes emails that are planned").All()
				if len(told) != 1 || told[0].ContextMap()["name"] != planned || !strings.Contains(told[0].ContextMap()["limits"].([]any)[0].(string), name) {
					t.Errorf("the log says %v", logs.All())
				}
			})
		})
	}
}

// deleteConsumers deletes the consumers that a worker's emails come by, in every partition,
// and returns their names, by stream.
func deleteConsumers(t *testing.T, w *homingtest.World) map[string][]string {
	t.Helper()
	durable := map[string][]string{bus.Storefront: {bus.IntakeConsumer}}
	n := bus.PartitionsOf(w.JS)
	for p := range n.Count() {
		durable[n.Timeline(p)] = []string{n.Erase(p), n.Plan("thank-you", p)}
		durable[n.Schedule("thank-you", p)] = []string{n.Due("thank-you", p)}
	}
	for stream, names := range durable {
		for _, name := range names {
			if err := w.JS.DeleteConsumer(t.Context(), stream, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	return durable
}

// Somebody deletes the consumers of a running installation: each is there again within
// seconds, and nothing is lost or sent twice.
func TestAConsumerThatIsDeletedIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Watch, w.Log = true, zap.NewNop()
		w.Start()
		orders(w, 10)
		time.Sleep(10 * time.Minute)
		durable := deleteConsumers(t, w)
		time.Sleep(5 * time.Second)
		for stream, names := range durable {
			for _, name := range names {
				if _, err := w.JS.Consumer(t.Context(), stream, name); err != nil {
					t.Errorf("%s of %s: %v", name, stream, err)
				}
			}
		}
		w.Publish("main", homingtest.Order("zoe", "z1"))
		time.Sleep(time.Hour)
		stopped(t, w, "")
		each(t, w, 11)
	})
}
