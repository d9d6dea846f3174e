package homingtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// split tells a story of two partitions, each with a process of its own. That of the first
// takes events in for both.
func split(t *testing.T, pacing string, tell func(t *testing.T, first, second *homingtest.World)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.Split(t, dir, 2, strings.Replace(plain, "%FREQUENCY%", pacing, 1))
		w.Share(0)
		second := w.Beside()
		second.Share(1)
		tell(t, w, second)
	})
}

// in returns n ids of customers of a partition.
func in(w *homingtest.World, partition, n int) (out []string) {
	for i := 0; len(out) < n; i++ {
		id := fmt.Sprint("c", i)
		if int(w.Identity().Key("main", id).Bucket)/128 == partition {
			out = append(out, id)
		}
	}
	return out
}

// setFull has a stream take no more than it has, or any number again.
func setFull(t *testing.T, w *homingtest.World, stream string, full bool) {
	t.Helper()
	s, err := w.JS.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	if c.MaxMsgs = -1; full {
		c.MaxMsgs = int64(s.CachedInfo().State.Msgs)
	}
	if _, err := w.JS.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// A partition has trouble: its process is not there, its part of the timeline takes
// nothing, or what is planned is told by nobody. The emails of the other leave at their
// time, also those whose orders come in the meantime; its own leave afterwards, each once.
func TestAPartitionInTroubleHoldsUpNoOther(t *testing.T) {
	lengthy.Always(t)
	for name, trouble := range map[string]func(t *testing.T, w, second *homingtest.World, over bool){
		"its process is stopped": func(_ *testing.T, _, second *homingtest.World, over bool) {
			if over {
				second.Share(1)
			} else {
				second.Stop()
			}
		},
		"its timeline is full": func(t *testing.T, w, _ *homingtest.World, over bool) { setFull(t, w, "TIMELINE-1", !over) },
		"its process is stopped, and its timeline is full": func(t *testing.T, w, second *homingtest.World, over bool) {
			if setFull(t, w, "TIMELINE-1", !over); over {
				second.Share(1)
			} else {
				second.Stop()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			split(t, uncapped, func(t *testing.T, w, second *homingtest.World) {
				const before, since = 5, 40
				ours, theirs := in(w, 0, before+since), in(w, 1, before+since)
				order := func(ids []string) {
					for _, id := range ids {
						w.Publish("main", homingtest.Order(id, "o-"+id))
					}
				}
				order(ours[:before])
				order(theirs[:before])
				time.Sleep(10 * time.Minute)
				trouble(t, w, second, false)
				order(theirs[before:])
				order(ours[before:])
				time.Sleep(time.Hour)
				addresses := func(ids []string) (out []string) {
					for _, id := range ids {
						out = append(out, id+"@example.com")
					}
					slices.Sort(out)
					return out
				}
				if d := cmp.Diff(addresses(ours), mailed(w)); d != "" {
					t.Errorf("during the trouble (-want +got):\n%s", d)
				}
				if err := w.Ready(); err != nil {
					t.Errorf("the process of the other partition: %v", err)
				}
				trouble(t, w, second, true)
				time.Sleep(2 * time.Hour)
				if d := cmp.Diff(addresses(slices.Concat(ours, theirs)), mailed(w)); d != "" {
					t.Errorf("afterwards (-want +got):\n%s", d)
				}
			})
		})
	}
}

// A person has an id in each partition: there is one budget, and a no counts for both.
func TestAPersonInTwoPartitionsIsOne(t *testing.T) {
	split(t, daily, func(t *testing.T, w, _ *homingtest.World) {
		a, b := in(w, 0, 2), in(w, 1, 2)
		cart := func(id, email string) { w.Publish("main", leftCart(by(id, email), "cart-"+id)) }
		cart(a[0], "ann@example.com")
		cart(b[0], "ann@example.com")
		cart(a[1], "bob@example.com")
		cart(b[1], "bob@example.com")
		time.Sleep(time.Minute)
		w.Publish("main", &events.CustomerUnsubscribed{Customer: by(b[1], "bob@example.com"), Scope: events.ScopeAll})
		time.Sleep(10 * time.Hour)
		if d := cmp.Diff([]string{"ann@example.com"}, mailed(w)); d != "" {
			t.Errorf("one email to Ann, and none to Bob (-want +got):\n%s", d)
		}
	})
}

// A person whose other id is in a partition that is away waits for it; the others of the
// same moment do not.
func TestOnlyWhoNeedsAnotherPartitionWaitsForIt(t *testing.T) {
	lengthy.Always(t)
	split(t, uncapped, func(t *testing.T, w, second *homingtest.World) {
		a, b := in(w, 0, 30), in(w, 1, 1)
		w.Publish("main", &events.CustomerCreated{Customer: by(b[0], "ann@example.com")})
		time.Sleep(time.Minute)
		second.Stop()
		if err := w.JS.DeleteStream(t.Context(), "SCHEDULE-thank-you-1"); err != nil {
			t.Fatal(err)
		}
		w.Publish("main", bought(by(a[0], "ann@example.com"), "both", "tea"))
		for _, id := range a[1:] {
			w.Publish("main", homingtest.Order(id, "o-"+id))
		}
		time.Sleep(2 * time.Hour)
		if got := mailed(w); len(got) != len(a)-1 || slices.Contains(got, "ann@example.com") {
			t.Errorf("%d emails left, of %d that need nothing of the other partition: %v", len(got), len(a)-1, got)
		}
		second.Share(1) // which makes the stream again
		time.Sleep(2 * time.Hour)
		if got := mailed(w); len(got) != len(a) {
			t.Errorf("%d emails left afterwards, want %d", len(got), len(a))
		}
	})
}

// The second partition's timeline takes no facts for a while, and its process has nothing
// else that would notice that it does again: no intake, and no email that may leave.
func TestAProcessOfOneWorkerNoticesThatItsTimelineTakesFactsAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.Split(t, dir, 2, strings.Replace(plain, "%FREQUENCY%", uncapped, 1))
		w.Share(0)
		second := w.Beside()
		second.ShareOf([]string{"thank-you"}, 1)
		ids := in(w, 1, 20)
		for _, id := range ids {
			w.Publish("main", homingtest.Order(id, "o-"+id))
		}
		time.Sleep(29 * time.Minute)
		setFull(t, w, "TIMELINE-1", true)
		time.Sleep(10 * time.Minute)
		if err := second.Ready(); err == nil || !strings.Contains(err.Error(), "timeline_full") {
			t.Errorf("with its timeline full the process says: %v", err)
		}
		setFull(t, w, "TIMELINE-1", false)
		time.Sleep(30 * time.Minute)
		if err := second.Ready(); err != nil {
			t.Error(err)
		}
		if got := mailed(w); len(got) != len(ids) {
			t.Errorf("%d emails left, want %d", len(got), len(ids))
		}
	})
}

// The number of partitions is chosen once: another is refused, and nothing is changed.
func TestAnotherNumberOfPartitionsIsRefused(t *testing.T) {
	lengthy.Always(t)
	for _, c := range []struct{ was, is int }{{1, 2}, {2, 1}, {2, 4}, {4, 2}} {
		t.Run(fmt.Sprint(c.was, " to ", c.is), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.Split(t, dir, c.was, "")
				if _, err := app.SetupStreams(t.Context(), w.Config, w.JS); err != nil {
					t.Fatal(err)
				}
				other := *w.Config
				other.NATS.Partitions = c.is
				err := w.Refused(&other, w.Redis)
				if o, is := errors.AsType[*bus.Otherwise](err); !is || o.Want.Count() != c.is || !strings.Contains(err.Error(), "nats.partitions: is ") {
					t.Errorf("refused with: %v", err)
				}
				names := map[string]bool{}
				for n := range w.JS.StreamNames(context.Background(), jetstream.WithStreamListSubject("timeline.main.7.>")).Name() {
					names[n] = true
				}
				if want := bus.Partitions(c.was).Timeline(0); len(names) != 1 || !names[want] {
					t.Errorf("the timeline is now %v, want %s", names, want)
				}
			})
		})
	}
}
