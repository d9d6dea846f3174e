package homingtest_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/backup"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/place"
)

// A backup is taken while emails go out, the original goes on for a while, and the backup
// is brought back next to an empty Redis. It sends nothing until it is adopted. Then what
// the original had sent is not sent again, and what it had not is sent: of what may have
// left in between, only what is transactional.
func TestARestoredBackupSendsNothingTwice(t *testing.T) {
	lengthy.Always(t)
	for _, class := range []string{"marketing", "transactional"} {
		t.Run(class, func(t *testing.T) {
			first, second, dir := t.TempDir(), t.TempDir(), t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				more := strings.Replace(marketing, "marketing", class, 1)
				w := homingtest.New(t, first, more)
				w.Start()
				w.Publish("main", homingtest.Order("ann", "before"))
				time.Sleep(time.Hour)
				w.Publish("main", homingtest.Order("bea", "between"))
				time.Sleep(10 * time.Minute)
				o := backup.Options{JS: w.JS, Dir: dir + "/b"}
				if _, err := backup.Take(t.Context(), o); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Minute) // ann's and bea's leave; cat's event is unknown to the backup
				order := homingtest.Order("cat", "after")
				after := events.Event{ID: "after", Source: "/shop", Type: order.Type(), Store: "main", Time: time.Now().UTC().Truncate(time.Millisecond), Data: order}
				w.PublishEvent(after)
				time.Sleep(time.Hour)
				w.Stop()
				sent := to(w)
				if len(sent) != 3 {
					t.Fatalf("the original sent %v", sent)
				}

				twin := homingtest.New(t, second, more)
				o.JS, o.Restored = twin.JS, func(ctx context.Context, m *backup.Manifest) error {
					if class == "marketing" {
						return nil // as with the nats command, which marks nothing
					}
					return place.MarkRestored(ctx, o.JS, m.Begun)
				}
				m, err := backup.Read(t.Context(), o)
				if err == nil {
					err = backup.Restore(t.Context(), o, m)
				}
				if err != nil {
					t.Fatal(err)
				}
				twin.Begin()
				time.Sleep(time.Hour)
				if err := twin.Ready(); err == nil || !strings.Contains(err.Error(), "unadopted") {
					t.Errorf("ready: %v", err)
				}
				// The shop tells the copy what it told the original.
				twin.PublishEvent(after)
				time.Sleep(time.Minute)
				if sent := to(twin); len(sent) > 0 {
					t.Fatalf("the copy sent %v before anybody adopted it", sent)
				}
				h, err := twin.Installation().Home(t.Context())
				if err == nil {
					_, err = twin.Installation().Adopt(t.Context(), h, "somebody", time.Now())
				}
				if err != nil {
					t.Fatal(err)
				}
				twin.Publish("main", homingtest.Order("dot", "new"))
				time.Sleep(2 * time.Hour)
				if err := twin.Ready(); err != nil {
					t.Error(err)
				}
				want := []string{"dot"}
				if class == "transactional" {
					want = []string{"bea", "cat", "dot"}
				}
				if d := cmp.Diff(want, to(twin)); d != "" {
					t.Errorf("sent by the copy (-want +got):\n%s", d)
				}
				reasons := outcomes(twin)
				slices.Sort(reasons)
				if n := strings.Count(strings.Join(reasons, " "), "uncertain"); class == "marketing" && n != 1 && n != 2 || class != "marketing" && n != 0 {
					t.Errorf("outcomes %v", reasons)
				}
			})
		})
	}
}

// to are the customers who got an email, in order of their names.
func to(w *homingtest.World) (out []string) {
	for _, m := range w.Sink.Mails() {
		name, _, _ := strings.Cut(m.To, "@")
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
