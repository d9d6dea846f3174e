package homingtest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/control"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
)

// pauses are what `homing pause` and `homing resume` use.
func pauses(w *homingtest.World) *control.Controls {
	return installation.Controls(w.Config, w.JS, clock.Scale{})
}

func must(t *testing.T, did bool, err error) {
	t.Helper()
	if err != nil || !did {
		t.Fatal(did, err)
	}
}

// due is all that the server knows of the touches that fell due: the streams, one for each
// partition, their consumers, and how many of these are not done with.
func due(t *testing.T, w *homingtest.World) (streams []jetstream.StreamState, consumers []*jetstream.ConsumerInfo, waiting int) {
	t.Helper()
	n := bus.PartitionsOf(w.JS)
	for p := range n.Count() {
		s, err := w.JS.Stream(t.Context(), n.Schedule("thank-you", p))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Consumer(t.Context(), n.Due("thank-you", p))
		if err != nil {
			t.Fatal(err)
		}
		info := c.CachedInfo()
		streams, consumers = append(streams, s.CachedInfo().State), append(consumers, info)
		waiting += int(info.NumPending) + info.NumAckPending
	}
	return streams, consumers, waiting
}

// A worker is paused: it goes on planning, nothing leaves, and what falls due
// costs nothing. It lasts over a restart. When it goes on, every email leaves.
func TestAPausedWorkerPlansAndWaits(t *testing.T) {
	dir := t.TempDir()
	const n = 300
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		time.Sleep(time.Minute)
		hold := control.Hold{Worker: "thank-you", Reason: control.Paused}
		did, err := pauses(w).Pause(context.Background(), hold)
		must(t, did, err)
		for i := range n {
			w.Publish("main", homingtest.Order(fmt.Sprint("c", i), fmt.Sprint("o", i)))
		}
		time.Sleep(time.Hour)
		w.Stop()
		w.Start()
		time.Sleep(time.Hour)
		streams, consumers, waiting := due(t, w)
		if waiting != n || len(w.Sink.Mails()) != 0 {
			t.Fatalf("%d touches wait, want %d; %d emails", waiting, n, len(w.Sink.Mails()))
		}
		time.Sleep(24 * time.Hour)
		streamsLater, consumersLater, _ := due(t, w)
		if d := cmp.Diff(streams, streamsLater, cmpopts.IgnoreUnexported(jetstream.StreamState{})); d != "" {
			t.Errorf("a day of being paused changed the streams (-before +after):\n%s", d)
		}
		ignore := cmpopts.IgnoreFields(jetstream.ConsumerInfo{}, "TimeStamp")
		if d := cmp.Diff(consumers, consumersLater, ignore, cmpopts.IgnoreUnexported(jetstream.ConsumerInfo{})); d != "" {
			t.Errorf("a day of being paused changed the consumers (-before +after):\n%s", d)
		}
		did, err = pauses(w).Resume(context.Background(), hold)
		must(t, did, err)
		time.Sleep(time.Minute)
		if got := len(w.Sink.Mails()); got != n {
			t.Errorf("%d emails after it went on, want %d", got, n)
		}
		var told []events.Type
		for _, e := range w.Timeline() {
			switch e.Type {
			case events.TypeWorkerHeld, events.TypeWorkerResumed, events.TypeEmailHeld:
				told = append(told, e.Type)
			}
		}
		if want := []events.Type{events.TypeWorkerHeld, events.TypeWorkerResumed}; !slices.Equal(want, told) {
			t.Errorf("the timeline says %v, want %v", told, want)
		}
	})
}

// A pause acts in the middle of a batch that waits for its turn at the relay.
func TestAPauseActsWithinASecond(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "pacing: {throughput: {per_second: 2}}\n")
		for id, s := range w.Config.Stores {
			s.Pacing.Throughput.PerSecond = 2
			w.Config.Stores[id] = s
		}
		w.Start()
		for i := range 200 {
			w.Publish("main", homingtest.Order(fmt.Sprint("c", i), fmt.Sprint("o", i)))
		}
		time.Sleep(31 * time.Minute)
		hold := control.Hold{Worker: "thank-you", Reason: control.Paused}
		did, err := pauses(w).Pause(context.Background(), hold)
		must(t, did, err)
		time.Sleep(time.Second)
		before := len(w.Sink.Mails())
		time.Sleep(time.Hour)
		if after := len(w.Sink.Mails()); before == 0 || before > 190 || after != before {
			t.Errorf("%d emails when it was paused, %d an hour later", before, after)
		}
		did, err = pauses(w).Resume(context.Background(), hold)
		must(t, did, err)
		time.Sleep(10 * time.Minute)
		if got := len(w.Sink.Mails()); got != 200 {
			t.Errorf("%d emails in the end, want 200", got)
		}
	})
}
