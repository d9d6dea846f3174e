package homingtest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

// Redis is away, and a customer leaves whose next email is about to fall due. Redis comes
// back before intake does: until that has the unsubscribe no marketing email leaves, in a
// process that was there all the time and in one that starts now.
func TestAnUnsubscribeWithoutRedisIsInForceBeforeTheNextEmail(t *testing.T) {
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
		w.Publish("main", homingtest.Order("ann", "1002")) // the cap lets it go sixteen hours after the first
		time.Sleep(15 * time.Hour)
		w.Publish("main", homingtest.Order("bob", "2001"))
		time.Sleep(time.Minute)
		w.Stop()
		w.Start("gateway", "thank-you")

		w.Redis.Mini().SetError("LOADING Redis is loading the dataset in memory")
		time.Sleep(time.Minute)
		clicked := time.Now().UTC()
		if code, _, body := w.Request("POST", link, oneClick); code != 202 || !strings.Contains(body, "unsubscribed") {
			t.Fatalf("%d %s", code, body)
		}
		time.Sleep(10 * time.Minute)
		w.Redis.Mini().SetError("")
		time.Sleep(25 * time.Minute) // both are due, and looked at every second
		none := func(when string) {
			t.Helper()
			if d := cmp.Diff([]string{"sent"}, outcomes(w)); d != "" || len(w.Sink.Mails()) != 1 {
				t.Fatalf("%s: %d emails, outcomes %s", when, len(w.Sink.Mails()), d)
			}
		}
		none("Redis is back, intake isn't")
		w.Stop()
		w.Start("gateway", "thank-you")
		time.Sleep(10 * time.Minute)
		none("a process that started since")
		if got := held(w); !slices.Contains(got, "held rebuilding") {
			t.Errorf("nobody was told that emails wait: %v", got)
		}
		w.Stop()
		w.Start()
		time.Sleep(time.Hour)
		got := outcomes(w)
		slices.Sort(got)
		if d := cmp.Diff([]string{"sent", "sent", "unsubscribed"}, got); d != "" {
			t.Error(d)
		}
		if got := held(w); got[len(got)-1] != "resumed rebuilding" {
			t.Errorf("nobody was told that emails leave again: %v", got)
		}
		mails := w.Sink.Mails()
		if len(mails) != 2 || mails[1].To != "bob@example.com" {
			t.Errorf("%d emails", len(mails))
		}
		left := unsubscribes(w)
		if len(left) != 1 {
			t.Fatalf("%d unsubscribes, want 1", len(left))
		}
		u := left[0].Data.(*events.CustomerUnsubscribed)
		if u.Customer.ID != "ann" || u.Scope != "all" || left[0].Source != "/homing/gateway" || left[0].Time.Sub(clicked).Abs() > time.Second {
			t.Errorf("%+v at %s, from %s", u, left[0].Time, left[0].Source)
		}
	})
}

// While an unsubscribe waits, what is not marketing leaves, and so does marketing once
// intake has it: nothing needs a restart.
func TestWhileAnUnsubscribeWaitsOtherEmailsLeave(t *testing.T) {
	afterFirstMail(t, func(t *testing.T, w *homingtest.World, link string) {
		w.Redis.Mini().SetError("LOADING Redis is loading the dataset in memory")
		if code, _, _ := w.Request("POST", link, oneClick); code != 202 {
			t.Fatal(code)
		}
		w.Redis.Mini().SetError("")
		w.Publish("main", homingtest.Order("bob", "2001"))
		w.Publish("main", homingtest.Order("ann", "1002"))
		time.Sleep(17 * time.Hour)
		got := outcomes(w)
		slices.Sort(got)
		if d := cmp.Diff([]string{"sent", "sent", "unsubscribed"}, got); d != "" {
			t.Error(d)
		}
	})
}
