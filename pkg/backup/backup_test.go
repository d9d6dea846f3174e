package backup_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/backup"
	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
)

const worker = "thank-you"

// bubble runs a test with a NATS that has an installation, and an empty one.
func bubble(t *testing.T, f func(t *testing.T, from, to jetstream.JetStream, dir string)) {
	one, two, dir := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	synctest.Test(t, func(t *testing.T) {
		from, to := natstest.Start(t, one), natstest.Start(t, two)
		if _, err := bus.Setup(t.Context(), from.JS, bus.Limits{}, []bus.Worker{{Name: worker}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		f(t, from.JS, to.JS, dir)
	})
}

func publish(t *testing.T, js jetstream.JetStream, m *nats.Msg) {
	t.Helper()
	if _, err := js.PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func take(t *testing.T, js jetstream.JetStream, dir string) {
	t.Helper()
	if _, err := backup.Take(t.Context(), backup.Options{JS: js, Dir: dir, Version: "test", Secret: "s"}); err != nil {
		t.Fatal(err)
	}
}

func bring(t *testing.T, js jetstream.JetStream, dir string, replicas int, restored func(context.Context, *backup.Manifest) error) error {
	t.Helper()
	o := backup.Options{JS: js, Dir: dir, Replicas: replicas, Restored: restored}
	m, err := backup.Read(t.Context(), o)
	if err != nil {
		return err
	}
	return backup.Restore(t.Context(), o, m)
}

func nothing(context.Context, *backup.Manifest) error { return nil }

// scheduled is a message for a time.
func scheduled(subject string, at time.Time) *nats.Msg {
	return &nats.Msg{Subject: "schedule.main.ann." + worker + "." + subject, Data: []byte(subject), Header: nats.Header{
		jetstream.ScheduleHeader: {"@at " + at.UTC().Format(time.RFC3339Nano)}, jetstream.ScheduleTargetHeader: {"due." + worker + ".main.ann." + subject}}}
}

// All that a stream has comes back: its messages with their sequences and times, how far its consumers are, the revisions of a bucket, and what is scheduled,
// which fires at its time, or at once if that has passed.
func TestABackupBringsBackAllThereWas(t *testing.T) {
	bubble(t, func(t *testing.T, from, to jetstream.JetStream, dir string) {
		ctx := t.Context()
		for range 3 {
			publish(t, from, &nats.Msg{Subject: "storefront.main.order.placed", Data: []byte("{}")})
		}
		in, err := from.Consumer(ctx, bus.Storefront, bus.IntakeConsumer)
		if err != nil {
			t.Fatal(err)
		}
		m, err := in.Next(jetstream.FetchMaxWait(time.Second))
		if err == nil {
			err = m.DoubleAck(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		kv, err := from.KeyValue(ctx, bus.ControlsBucket)
		if err == nil {
			_, err = kv.Put(ctx, "hold.thank-you._.paused", []byte("{}"))
		}
		if err != nil {
			t.Fatal(err)
		}
		publish(t, from, scheduled("thanks.soon", time.Now().Add(time.Minute)))
		publish(t, from, scheduled("thanks.later", time.Now().Add(time.Hour)))
		take(t, from, dir)
		time.Sleep(10 * time.Minute)

		var first []string
		err = bring(t, to, dir, 1, func(context.Context, *backup.Manifest) error {
			for name := range to.StreamNames(ctx).Name() {
				first = append(first, name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"KV_controls"}, first); d != "" {
			t.Errorf("it says that it is a copy when these are there (-want +got):\n%s", d)
		}
		for _, name := range []string{bus.Storefront, bus.Timeline, "KV_controls", bus.Offers} {
			was, is := info(t, from, name), info(t, to, name)
			if was.State.LastSeq != is.State.LastSeq || was.State.Msgs != is.State.Msgs || !was.State.LastTime.Equal(is.State.LastTime) {
				t.Errorf("%s was %v %+v and is %v %+v", name, was.Created, was.State, is.Created, is.State)
			}
		}
		back, err := to.Consumer(ctx, bus.Storefront, bus.IntakeConsumer)
		if err != nil || back.CachedInfo().AckFloor.Stream != 1 || back.CachedInfo().NumPending != 2 {
			t.Errorf("the consumer came back otherwise: %v", err)
		}
		if changes, err := bus.Setup(ctx, to, bus.Limits{}, []bus.Worker{{Name: worker}}, time.Now()); err != nil || slices.ContainsFunc(changes, func(c bus.Change) bool { return c.Did != bus.Unchanged }) {
			t.Errorf("setup had something to do: %v %v", changes, err)
		}
		time.Sleep(time.Minute)
		if n := waiting(t, to); n != 1 {
			t.Errorf("%d due, want what should have fired while there was no server", n)
		}
		time.Sleep(time.Hour)
		if n := waiting(t, to); n != 2 {
			t.Errorf("%d due after an hour, want 2", n)
		}
	})
}

func info(t *testing.T, js jetstream.JetStream, name string) *jetstream.StreamInfo {
	t.Helper()
	s, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo()
}

func waiting(t *testing.T, js jetstream.JetStream) uint64 {
	t.Helper()
	c, err := js.Consumer(t.Context(), bus.ScheduleStream(worker), bus.DueConsumer(worker))
	if err != nil {
		t.Fatal(err)
	}
	return c.CachedInfo().NumPending
}

// Nothing is overwritten, and a backup that is not whole is not begun with. What fails in
// the middle leaves nothing behind.
func TestARestoreOverwritesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, from, to jetstream.JetStream, dir string) {
		publish(t, from, &nats.Msg{Subject: "storefront.main.order.placed", Data: []byte("{}")})
		take(t, from, dir)
		says := func(err error, words string) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%v, want that it says %q", err, words)
			}
		}
		_, err := backup.Take(t.Context(), backup.Options{JS: from, Dir: dir})
		says(err, "is not empty")
		says(bring(t, from, dir, 1, nothing), "has an installation already")
		says(bring(t, to, dir, 3, nothing), "replicas")
		says(bring(t, to, dir, 1, func(context.Context, *backup.Manifest) error { return errors.New("no") }), "no")
		for name := range to.StreamNames(t.Context()).Name() {
			t.Errorf("%s is left over", name)
		}
		data, err := filepath.Glob(filepath.Join(dir, bus.Storefront, "stream.*"))
		if err != nil || len(data) != 1 {
			t.Fatal(data, err)
		}
		f, err := os.OpenFile(data[0], os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString("x")
		}
		if err != nil || f.Close() != nil {
			t.Fatal(err)
		}
		says(bring(t, to, dir, 1, nothing), "has changed since")
		if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil {
			t.Fatal(err)
		}
		says(bring(t, to, dir, 1, nothing), "was not finished")
	})
}

// Of an installation that is split, all parts are in a backup, the timeline before the
// schedules; it is restored with the same number of partitions alone.
func TestABackupHasAllPartitions(t *testing.T) {
	one, two, dir := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	synctest.Test(t, func(t *testing.T) {
		from, to := bus.Split(natstest.Start(t, one).JS, 2), natstest.Start(t, two).JS
		if _, err := bus.Setup(t.Context(), from, bus.Limits{}, []bus.Worker{{Name: worker}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		publish(t, from, &nats.Msg{Subject: "timeline.main.3.order.placed", Data: []byte("{}")})
		publish(t, from, &nats.Msg{Subject: "timeline.main.200.order.placed", Data: []byte("{}")})
		take(t, from, dir)
		for _, n := range []bus.Partitions{1, 4} {
			if err := bring(t, bus.Split(to, n), dir, 1, nothing); err == nil || !strings.Contains(err.Error(), "nats.partitions") {
				t.Errorf("with %d partitions: %v", n, err)
			}
		}
		m, err := backup.Read(t.Context(), backup.Options{JS: to, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range m.Streams {
			names = append(names, s.Name)
		}
		want := []string{"KV_controls", "STOREFRONT", "TIMELINE-0", "TIMELINE-1", "SCHEDULE-thank-you-0", "SCHEDULE-thank-you-1", "OFFERS", "MAILS", "REJECTED", "KV_templates", "OBJ_products"}
		if d := cmp.Diff(want, names); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if err := bring(t, bus.Split(to, 2), dir, 1, nothing); err != nil {
			t.Fatal(err)
		}
		for _, name := range want {
			if was, is := info(t, from, name), info(t, to, name); was.State.Msgs != is.State.Msgs {
				t.Errorf("%s had %d messages and has %d", name, was.State.Msgs, is.State.Msgs)
			}
		}
	})
}
