package homingtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Two presses of a button are two emails, and one press is one, however often and wherever its
// form arrives: each has a claim and a Message-ID of its own, and goes by the whole gate. Who
// asked is on the timeline.
func TestAnEmailIsSentAgainOnceAPress(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "pacing: {quiet_hours: {from: \"00:00\", to: \"00:00\"}}\nworkers: {win-back: {status: \"off\"}}\n")
		w.Start("intake", "thank-you", "review-request")
		o := homingtest.Order("ann", "100")
		w.Publish("main", o)
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 1 {
			t.Fatalf("%d emails before anybody asked", n)
		}
		at := w.Installation()
		k := w.Identity().Key("main", "ann")
		thanks := touch.Touch{Worker: "thank-you", Step: "thanks", Customer: k, Occasion: "100"}
		press := func(name string) string { return strings.Repeat("a", 26-len(name)) + name }
		ask := func(id, pressed string) (installation.Again, error) {
			return at.Again(t.Context(), "main", k.Token, id, pressed, "Ann of support")
		}
		send := func(name string) bool {
			t.Helper()
			a, err := ask(thanks.ID(), press(name))
			if err != nil || a.Verdict.Action != touch.Send {
				t.Fatal(a.Verdict, err)
			}
			asked, err := at.SendAgain(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			return asked
		}
		a, err := ask(thanks.ID(), press("one"))
		if err != nil {
			t.Fatal(err)
		}
		first, second := send("one"), send("one")
		if _, err := at.SendAgain(t.Context(), a); err != nil { // of a page that was read before
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if !first || second || send("one") {
			t.Error("one press counts twice")
		}
		send("two")
		time.Sleep(time.Minute)
		mails := w.Sink.Mails()
		ids := map[string]bool{}
		for _, m := range mails {
			ids[m.MessageID] = true
			if m.Subject != mails[0].Subject || m.To != mails[0].To {
				t.Errorf("%s to %s is another email", m.Subject, m.To)
			}
		}
		if len(mails) != 3 || len(ids) != 3 {
			t.Errorf("%d emails with %d ids after two presses", len(mails), len(ids))
		}
		said := 0
		for _, f := range w.Facts() {
			b := f.Data.(events.Fact).Body()
			if b.Again == "" {
				continue
			}
			if said++; b.Again != "100" || b.By != "Ann of support" || !strings.HasPrefix(b.Occasion, "again-") || b.Class != "transactional" {
				t.Errorf("the timeline says %+v", *b)
			}
		}
		if said != 2 {
			t.Errorf("the timeline says %d times that it was sent again", said)
		}
		var told strings.Builder
		report, err := at.Why(t.Context(), "main", "ann", installation.WhyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range report.Story {
			told.WriteString(l.Text + "\n")
		}
		if n := strings.Count(told.String(), "email thank-you/thanks for 100, which Ann of support asked to send again, sent"); n != 2 {
			t.Errorf("it is told %d times:\n%s", n, told.String())
		}
		again := touch.Touch{Worker: "thank-you", Step: "thanks", Customer: k, Occasion: "again-" + press("one")}
		if a, err := ask(again.ID(), press("three")); err != nil || a.Touch.Again.Occasion != "100" {
			t.Errorf("what was sent again is about %+v (%v)", a.Touch.Again, err)
		}
		w.Publish("main", &events.OrderCancelled{Customer: o.Customer, Order: events.OrderChange{ID: "100"}})
		time.Sleep(time.Minute)
		a, err = ask(thanks.ID(), press("four"))
		if err != nil || a.Verdict.Reason != reason.Cancelled {
			t.Fatalf("of a cancelled order: %+v (%v)", a.Verdict, err)
		}
		if _, err := at.SendAgain(t.Context(), a); err != nil { // who insists is told by the gate
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		facts := w.Facts()
		if b := facts[len(facts)-1].Data.(events.Fact).Body(); len(w.Sink.Mails()) != 3 || b.Reason != string(reason.Cancelled) || b.By != "Ann of support" {
			t.Errorf("%d emails, and at last %+v", len(w.Sink.Mails()), *b)
		}
	})
}

// What is marketing, is over, was never sent, or comes from no page of ours is not sent again.
func TestWhatIsNotSentAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "pacing: {quiet_hours: {from: \"00:00\", to: \"00:00\"}}\nworkers: {thank-you: {class: marketing}}\n")
		w.Start("intake", "thank-you")
		w.Publish("main", homingtest.Order("ann", "100"))
		time.Sleep(time.Hour)
		k := w.Identity().Key("main", "ann")
		id := func(worker, step, occasion string, k customer.Key) string {
			return touch.Touch{Worker: worker, Step: step, Customer: k, Occasion: occasion}.ID()
		}
		for name, c := range map[string]struct{ touch, press, want string }{
			"marketing":    {id("thank-you", "thanks", "100", k), strings.Repeat("a", 26), "marketing"},
			"never sent":   {id("thank-you", "thanks", "101", k), strings.Repeat("a", 26), "no such email"},
			"someone else": {id("thank-you", "thanks", "100", w.Identity().Key("main", "bob")), strings.Repeat("a", 26), "no such email"},
			"no page":      {id("thank-you", "thanks", "100", k), "a.b", "open it again"},
		} {
			_, err := w.Installation().Again(t.Context(), "main", k.Token, c.touch, c.press, "Ann")
			if !errors.Is(err, installation.ErrNotAgain) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
