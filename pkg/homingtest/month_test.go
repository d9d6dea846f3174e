package homingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server/ats"

	"homing/pkg/homingtest"
)

func init() { ats.Register() } // its ticker must belong to no bubble

func TestSmoke(t *testing.T) {
	dir := t.TempDir()
	real := time.Now()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir)
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(29 * time.Minute)
		if n := len(w.Sink.Mails()); n != 0 {
			t.Fatalf("%d mails before they were due", n)
		}
		time.Sleep(2 * time.Minute)
		for _, m := range w.Sink.Mails() {
			t.Log(m.To, m.MessageID, m.Subject, m.At)
		}
		for _, f := range w.Timeline() {
			t.Logf("%s %+v", f.Type, f.Data)
		}
		time.Sleep(24 * time.Hour)
	})
	t.Log(time.Since(real))
}
