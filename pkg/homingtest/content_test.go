package homingtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/homingtest"
	"homing/pkg/installation"
)

// What a preview shows of a real customer is what is planned for them, and afterwards what
// led to it; it changes nothing.
func TestAPreviewShowsWhatARealCustomerGets(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Minute)
		at := w.Installation()
		ask := func(who string) installation.Content {
			t.Helper()
			c, err := at.Content(t.Context(), "main", who, "thank-you/thanks")
			if err != nil {
				t.Fatalf("%s: %v", who, err)
			}
			return c
		}
		for _, who := range []string{"ann", "1001", "ann@example.com"} {
			c := ask(who)
			if c.Touch.Snapshot.Order != "1001" || len(c.Touch.Snapshot.Items) == 0 || !strings.HasPrefix(c.Note, "Planned for ") || strings.Contains(c.Note, "@") {
				t.Errorf("%s: %+v, %s", who, c.Touch.Snapshot, c.Note)
			}
		}
		if n := len(w.Sink.Mails()); n != 0 {
			t.Fatalf("%d emails", n)
		}
		time.Sleep(24 * time.Hour)
		if n := len(w.Sink.Mails()); n != 1 {
			t.Fatalf("%d emails", n)
		}
		c := ask("ann")
		if c.Touch.Snapshot.Order != "1001" || c.To.FirstName == "" || !strings.HasPrefix(c.Note, "Not planned for them now") {
			t.Errorf("%+v, %+v, %s", c.Touch.Snapshot, c.To, c.Note)
		}
		if _, err := at.Content(t.Context(), "main", "ann", "birthday/greeting"); err == nil {
			t.Error("they have a birthday")
		}
		if _, err := at.Content(t.Context(), "main", "ann", "cart-recovery/last-call"); err == nil {
			t.Error("they have a cart")
		}
		if _, err := at.Content(t.Context(), "main", "zoe", "thank-you/thanks"); !errors.Is(err, installation.ErrUnknown) {
			t.Error(err)
		}
	})
}
