package homingtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/homingtest"
)

// marketing leaves at any hour: worlds begin at midnight, and processes whenever
// the tests are run.
const marketing = `
workers: {thank-you: {class: marketing, quiet_hours: {from: "00:00", to: "00:00"}}}
`

// outcomes lists what the timeline says became of touches, holds left out.
func outcomes(w *homingtest.World) []string {
	var out []string
	for _, f := range w.Facts() {
		if f.Type != events.TypeEmailHeld {
			out = append(out, f.Data.(events.Fact).Body().Reason)
		}
	}
	return out
}

// The same order, however often and under whatever ids it is told, is one email.
func TestRepetitionsAreOneEmail(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		order := homingtest.Order("ann", "1001")
		e := events.Event{ID: "e-1", Source: "/shop", Type: order.Type(), Store: "main", Time: time.Now().UTC().Truncate(time.Millisecond), Data: order}
		for range 5 {
			w.PublishEvent(e)
		}
		time.Sleep(time.Hour)
		body, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.JS.Publish(t.Context(), events.Subject("main", e.Type), body, jetstream.WithMsgID("another")); err != nil {
			t.Fatal(err)
		}
		e.ID = "e-2"
		w.PublishEvent(e)
		w.Publish("main", order) // another id, and a later time
		time.Sleep(2 * time.Hour)
		if n := len(w.Sink.Mails()); n != 1 {
			t.Errorf("%d emails, want 1", n)
		}
		if d := cmp.Diff([]string{"sent"}, outcomes(w)); d != "" {
			t.Error(d)
		}
	})
}

// Every way in which a relay can fail has one outcome.
func TestRelayFaults(t *testing.T) {
	once := func(command, reply string) func() func(string, string) string {
		return func() func(string, string) string {
			n := 0
			return func(c, _ string) string {
				if c != command {
					return ""
				}
				if n++; n > 1 {
					return ""
				}
				return reply
			}
		}
	}
	always := func(command, reply string) func() func(string, string) string {
		return func() func(string, string) string {
			return func(c, _ string) string {
				if c == command {
					return reply
				}
				return ""
			}
		}
	}
	for _, c := range []struct {
		name   string
		config string
		answer func() func(string, string) string
		want   string
		mails  int
	}{
		{"temporary refusal of the recipient", "", once("RCPT", "450 4.2.0 greylisted"), "sent", 1},
		{"temporary refusal after the dot", "", once(".", "451 4.3.0 later"), "sent", 1},
		{"connection lost before the dot is answered, nothing taken, transactional", "", once(".", homingtest.CutBefore), "sent", 1},
		{"connection lost after the mail was taken, transactional", "", once(".", homingtest.CutAfter), "sent", 2},
		{"connection lost after the mail was taken, marketing", marketing, once(".", homingtest.CutAfter), "uncertain", 1},
		{"connection always lost after the dot, transactional", "", always(".", homingtest.CutAfter), "uncertain", 3},
		{"connection lost at DATA", "", once("DATA", homingtest.CutBefore), "sent", 1},
		{"no such mailbox", "", always("RCPT", "550 5.1.1 no such user"), "bounced", 0},
		{"content refused", "", always(".", "554 5.6.0 bad content"), "rejected_by_server", 0},
		{"no such mailbox, in words", "", always("RCPT", "550 Unrouteable address"), "bounced", 0},
		{"refused for good, without a reason, and nobody else is taken", "", always("RCPT", "550 no"), "expired", 0},
		{"the relay has had enough for a while", "", once("MAIL", "451 4.7.1 too much mail"), "sent", 1},
		{"sender refused until the touch expires", "", always("MAIL", "550 5.7.1 blocked"), "expired", 0},
		{"one write, temporary refusal of the recipient", "", once("RCPT", "450 4.2.0 greylisted"), "sent", 1},
		{"one write, nothing taken, transactional", "", once(".", homingtest.CutBefore), "sent", 1},
		{"one write, the mail was taken, transactional", "", once(".", homingtest.CutAfter), "sent", 2},
		{"one write, the mail was taken, marketing", marketing, once(".", homingtest.CutAfter), "uncertain", 1},
		{"one write, no such mailbox", "", always("RCPT", "550 5.1.1 no such user"), "bounced", 0},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, c.config)
				w.Log = w.Log.WithOptions()
				w.Sink.Answer, w.Sink.Chunking = c.answer(), strings.HasPrefix(c.name, "one write")
				w.Start("intake", "thank-you")
				w.Publish("main", homingtest.Order("ann", "1001"))
				wait := 12 * time.Hour
				if c.want == "expired" {
					wait = 74 * time.Hour
				}
				time.Sleep(wait)
				if d := cmp.Diff([]string{c.want}, outcomes(w)); d != "" {
					t.Error(d)
				}
				ids := map[string]bool{}
				for _, m := range w.Sink.Mails() {
					ids[m.MessageID] = true
				}
				if n := len(w.Sink.Mails()); n != c.mails || n > 0 && len(ids) != 1 {
					t.Errorf("%d emails with %d Message-IDs, want %d with one", n, len(ids), c.mails)
				}
			})
		})
	}
}

// An address that bounced gets nothing more; another address of the same customer does.
func TestABounceConcernsTheAddress(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Sink.Answer = func(command, arg string) string {
			if command == "RCPT" && arg == "ann@example.com" {
				return "550 5.1.1 no such user"
			}
			return ""
		}
		w.Start()
		for i := range 3 {
			o := homingtest.Order("ann", fmt.Sprint(1001+i))
			if i == 2 {
				w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "ann@example.org"}})
				time.Sleep(time.Second)
				o.Customer.Email = "ann@example.org"
			}
			w.Publish("main", o)
			time.Sleep(time.Hour)
		}
		if d := cmp.Diff([]string{"bounced", "bounced", "sent"}, outcomes(w)); d != "" {
			t.Error(d)
		}
	})
}

// A transactional email stops for customers who said no to everything, and for nobody else;
// a marketing one stops for any no, and for customers who may not be mailed so soon.
func TestACustomerWhoSaidNoIsNotMailed(t *testing.T) {
	for _, c := range []struct {
		name, config, scope string
		want                []string
	}{
		{"transactional, no to marketing", "", "all", []string{"sent", "sent"}},
		{"transactional, no to everything", "", "everything", []string{"sent", "unsubscribed"}},
		{"marketing, no to marketing", marketing, "all", []string{"sent", "unsubscribed"}},
		{"marketing, no to this worker", marketing, "thank-you", []string{"sent", "unsubscribed"}},
		{"marketing, no to another worker, held by the cap", marketing, "win-back", []string{"sent", "sent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, c.config)
				w.Start()
				o := homingtest.Order("ann", "1001")
				w.Publish("main", o)
				time.Sleep(time.Hour)
				w.Publish("main", &events.CustomerUnsubscribed{Customer: o.Customer, Scope: c.scope})
				w.Publish("main", homingtest.Order("ann", "1002"))
				time.Sleep(24 * time.Hour)
				if d := cmp.Diff(c.want, outcomes(w)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// Sixteen hours must lie between two marketing emails; the second waits for it.
func TestTheFrequencyCapHolds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, marketing)
		w.Start()
		for i := range 3 {
			w.Publish("main", homingtest.Order("ann", fmt.Sprint(1001+i)))
		}
		time.Sleep(70 * time.Hour)
		mails := w.Sink.Mails()
		if len(mails) != 3 {
			t.Fatalf("%d emails, want 3", len(mails))
		}
		for i := 1; i < len(mails); i++ {
			if gap := mails[i].At.Sub(mails[i-1].At); gap < 16*time.Hour-time.Second {
				t.Errorf("emails %d and %d are %v apart", i-1, i, gap)
			}
		}
	})
}

// Two processes work side by side on fake time too: each touch is sent once.
func TestAnErasedCustomerGetsNothing(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		o := homingtest.Order("ann", "1001")
		w.Publish("main", o)
		time.Sleep(10 * time.Minute)
		w.Publish("main", &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
		time.Sleep(time.Hour)
		if got := outcomes(w); len(got) != 0 || len(w.Sink.Mails()) != 0 {
			t.Errorf("outcomes %v, %d emails", got, len(w.Sink.Mails()))
		}
	})
}

// A Redis that outlives its NATS has marks of a timeline that no longer exists. They
// must not hide what the new one says.
func TestARecreatedTimelineIsFoldedFromTheStart(t *testing.T) {
	dir, dir2 := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		for i := range 5 {
			w.Publish("main", homingtest.Order("ann", fmt.Sprint(1001+i)))
		}
		time.Sleep(time.Hour)
		w.Stop()
		w.ReplaceNATS(dir2)
		w.Start()
		w.Publish("main", homingtest.Order("ann", "2001"))
		time.Sleep(10 * time.Minute)
		w.Redis.Mini().FlushAll() // the order is on the new timeline alone
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 6 {
			t.Errorf("%d emails, want 6", n)
		}
	})
}
