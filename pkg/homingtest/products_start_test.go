package homingtest_test

import (
	"context"
	"encoding/base64"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
)

// Product statistics that cannot be read, or take long to compute, keep nobody
// waiting but the worker that rests on them.
func TestIntakeDoesNotWaitForTheProductStatistics(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := homingtest.New(t, dir, "")
		w.Start("intake")
		w.Stop()
		object := "$O." + bus.ProductsBucket + ".M." + base64.URLEncoding.EncodeToString([]byte("main"))
		objects, err := w.JS.Stream(ctx, "OBJ_"+bus.ProductsBucket)
		if err == nil {
			_, err = w.JS.Publish(ctx, object, []byte("not what it should be"))
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.AfterFunc(20*time.Second, func() {
			if !slices.ContainsFunc(w.Timeline(), func(e events.Event) bool { return e.Type == events.TypeOrderPlaced }) {
				t.Error("the order was not taken in")
			}
			if err := objects.Purge(ctx, jetstream.WithPurgeSubject(object)); err != nil {
				t.Error(err)
			}
		})
		w.Start() // waits until all roles can work
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 1 {
			t.Errorf("%d emails, want 1", n)
		}
	})
}
