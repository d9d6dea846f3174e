package homingtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
	copies "homing/pkg/kept"
)

// viewLink is what shows an email in a browser.
var viewLink = regexp.MustCompile(regexp.QuoteMeta(homingtest.PublicURL) + "/m/[a-z0-9.-]+")

// copiesOf are the copies of a customer's emails.
func copiesOf(t *testing.T, w *homingtest.World, id string) []copies.Copy {
	t.Helper()
	identity, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	out, err := copies.All(t.Context(), w.JS, identity.Key("main", id))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sizeOfMails is how much the stream has on disk.
func sizeOfMails(t *testing.T, w *homingtest.World) (messages, bytes uint64) {
	t.Helper()
	s, err := w.JS.Stream(t.Context(), bus.Mails)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs, s.CachedInfo().State.Bytes
}

// readersOfMails is how many consumers the stream has. Each costs the server memory for
// minutes, and there is a limit to them: anybody who has a link to an email can ask for it
// as often as they like.
func readersOfMails(t *testing.T, w *homingtest.World) int {
	t.Helper()
	s, err := w.JS.Stream(t.Context(), bus.Mails)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Consumers
}

// What is kept of an email is what the relay got, to the byte, and says what it was made
// from. An erasure deletes it, and somebody else's stays.
func TestACopyIsWhatTheRelayGotUntilAnErasure(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		w.Publish("main", lostOrder("5001"))
		w.Publish("main", homingtest.Order("bob", "6001"))
		time.Sleep(2 * time.Hour)
		all := copiesOf(t, w, lostID)
		if len(all) != 1 || len(copiesOf(t, w, "bob")) != 1 {
			t.Fatalf("%d copies, want one each", len(all))
		}
		mail, fact := w.Sink.Mails()[0], w.Facts()[0].Data.(*events.EmailSent)
		if mail.MessageID != all[0].MessageID {
			mail = w.Sink.Mails()[1]
		}
		if fact.Touch != all[0].Touch {
			fact = w.Facts()[1].Data.(*events.EmailSent)
		}
		c, got := all[0], parts(t, mail.Raw)
		lf := func(s string) string { return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n") }
		if len(got) != 2 || lf(c.Text) != lf(got[0]) || lf(c.HTML) != lf(got[1]) || len(c.HTML) < 2000 {
			t.Errorf("the relay got\n%s\nand kept is\n%s\n%s", got, c.Text, c.HTML)
		}
		if c.Touch != fact.Touch || c.Template != fact.Template || c.TemplateVersion != fact.TemplateVersion || c.Language != "en" || fact.Language != "en" || c.Subject == "" {
			t.Errorf("%s %s %s %q %q; the fact: %+v", c.Touch, c.Template, c.TemplateVersion, c.Language, c.Subject, fact)
		}
		link := viewLink.FindString(c.HTML)
		code, _, page := w.Request("GET", link, nil)
		if code != 200 || page != c.HTML {
			t.Errorf("%s shows %d\n%s", link, code, page)
		}
		if n := readersOfMails(t, w); n > 0 {
			t.Errorf("%d consumers are left on the server by who looked", n)
		}
		n, size := sizeOfMails(t, w)
		t.Logf("%d bytes on disk for an email of %d bytes", size/n, len(c.HTML)+len(c.Text))
		if size/n > 2500 {
			t.Errorf("a copy has %d bytes", size/n)
		}
		l := w.Installation()
		if found, err := l.Shown(t.Context(), "", c.Touch); err != nil || len(found) != 1 || found[0] != c {
			t.Errorf("%v, %+v", err, found)
		}
		x, err := l.Export(t.Context(), "main", lostID)
		if err != nil || len(x.Copies) != 1 || !strings.Contains(x.Copies[0].HTML, "Annegret") {
			doc, _ := json.Marshal(x.Copies)
			t.Errorf("%v; the export has of copies %s", err, doc)
		}
		erasure := &events.CustomerErased{Customer: events.Customer{ID: lostID}}
		w.Publish("main", erasure)
		time.Sleep(10 * time.Second)
		if left := copiesOf(t, w, lostID); len(left) != 0 {
			t.Errorf("after the erasure there is %+v", left)
		}
		if code, _, page := w.Request("GET", link, nil); code != 404 || strings.Contains(page, "Annegret") {
			t.Errorf("after the erasure the link shows %d\n%s", code, page)
		}
		if n := len(copiesOf(t, w, "bob")); n != 1 {
			t.Errorf("of bob's %d are left", n)
		}
		_, err = l.Shown(t.Context(), "", c.Touch)
		if !errors.Is(err, installation.ErrNoCopy) {
			t.Errorf("%v", err)
		}
		// One that was on its way while that was done goes in the night.
		identity, err := customer.NewIdentity(homingtest.Secret)
		if err != nil {
			t.Fatal(err)
		}
		keepNow(t, w, identity.Key("main", lostID), c)
		if n := len(copiesOf(t, w, lostID)); n != 1 {
			t.Fatalf("%d copies", n)
		}
		time.Sleep(day)
		if n := len(copiesOf(t, w, lostID)) + 10*len(copiesOf(t, w, "bob")); n != 10 {
			t.Errorf("the day after %d are left, want none and bob's", n)
		}
	})
}

// keepNow stores a copy as a process does.
func keepNow(t *testing.T, w *homingtest.World, k customer.Key, c copies.Copy) {
	t.Helper()
	keeper := copies.NewKeeper(w.JS, w.Log)
	keeper.Keep(k, c)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	keeper.Run(stopped)
	if keeper.Kept() != 1 || keeper.Lost() != 0 {
		t.Fatalf("%d kept, %d lost", keeper.Kept(), keeper.Lost())
	}
}

// Without room for copies, and without the stream, emails leave all the same, once each.
func TestCopiesThatCannotBeKeptHoldNothingUp(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		full := func(change func(*jetstream.StreamConfig)) {
			t.Helper()
			s, err := w.JS.Stream(t.Context(), bus.Mails)
			if err != nil {
				t.Fatal(err)
			}
			c := s.CachedInfo().Config
			change(&c)
			if _, err := w.JS.UpdateStream(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		full(func(c *jetstream.StreamConfig) { c.MaxBytes, c.Discard = 10, jetstream.DiscardNew })
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 1 || len(w.Facts()) != 1 || len(copiesOf(t, w, "ann")) != 0 {
			t.Errorf("%d emails, facts %v", n, w.Facts())
		}
		full(func(c *jetstream.StreamConfig) { c.MaxBytes, c.Discard = -1, jetstream.DiscardOld })
		w.Publish("main", homingtest.Order("bob", "1002"))
		time.Sleep(time.Hour)
		if len(copiesOf(t, w, "bob")) != 1 {
			t.Error("nothing is kept once there is room")
		}
		if err := w.JS.DeleteStream(t.Context(), bus.Mails); err != nil {
			t.Fatal(err)
		}
		w.Publish("main", homingtest.Order("cat", "1003"))
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 3 {
			t.Errorf("%d emails, want 3", n)
		}
	})
}

// Where none are wanted none are kept.
func TestWithoutRetentionNothingIsKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "retain_mails: 0s\n")
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Hour)
		if n, _ := sizeOfMails(t, w); n != 0 || len(w.Sink.Mails()) != 1 {
			t.Errorf("%d copies", n)
		}
		l := w.Installation()
		touch := w.Facts()[0].Data.(*events.EmailSent).Touch
		if _, err := l.Shown(t.Context(), "", touch); !errors.Is(err, installation.ErrNoCopy) || !strings.Contains(err.Error(), "retain_mails: 0s") {
			t.Errorf("%v", err)
		}
		w.Config.RetainMails = 10 * time.Minute
		if _, err := l.Shown(t.Context(), "", touch); !errors.Is(err, installation.ErrNoCopy) || !strings.Contains(err.Error(), "copies are kept for 10m") {
			t.Errorf("%v", err)
		}
		if _, err := l.Shown(t.Context(), "", strings.Replace(touch, "1001", "1002", 1)); !errors.Is(err, installation.ErrNoCopy) || !strings.Contains(err.Error(), "no such email left") {
			t.Errorf("%v", err)
		}
	})
}
