package homingtest_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
)

const comesBack = "smtp: {return_path: \"bounces+*@shop.example\"}\nfeedback: {listen: \"127.0.0.1:0\"}\n"

// watchPaths has the relay answer as also says, and returns a function that returns the
// envelope sender of the newest email.
func watchPaths(w *homingtest.World, also func(command, arg string) string) func() string {
	said := make(chan string, 1000)
	w.Sink.Answer = func(command, arg string) string {
		if command == "MAIL" {
			said <- arg
		}
		if also != nil {
			return also(command, arg)
		}
		return ""
	}
	last := ""
	return func() string {
		for {
			select {
			case last = <-said:
			default:
				return last
			}
		}
	}
}

// real is a bounce that a real server wrote.
func real(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../feedback/testdata/" + name + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func answered(err error) int {
	if e := (*smtp.SMTPError)(nil); errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return -1
	}
	return 250
}

// orderer orders in a world, and says what became of the email.
func orderer(w *homingtest.World) func(who string, consent *events.Consent) string {
	n := 0
	return func(who string, consent *events.Consent) string {
		n++
		o := homingtest.Order(who, fmt.Sprint(1000+n))
		o.Customer.Consent = consent
		w.Publish("main", o)
		time.Sleep(time.Hour)
		all := outcomes(w)
		return all[len(all)-1]
	}
}

const spam = "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n" +
	"Feedback-Type: abuse\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <%s>\r\n\r\n--b--\r\n"

func TestABounceThatComesBackStopsTheAddress(t *testing.T) {
	dir := t.TempDir()
	hard, full, warning, blocked := real(t, "exim-nouser1-failed"), real(t, "postfix-full1-failed"), real(t, "postfix-later1-delayed"), real(t, "opensmtpd-blocked1-failed")
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, comesBack)
		last := watchPaths(w, nil)
		w.Start()
		order := orderer(w)
		expect := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		report := func(what, from, to, mail string, want int) {
			t.Helper()
			if got := answered(w.Report(from, to, mail)); got != want {
				t.Errorf("%s: answered %d, want %d", what, got, want)
			}
			time.Sleep(time.Minute)
		}
		expect("the first", order("ann", nil), "sent")
		ann := last()
		forged := strings.Replace(ann, "+", "+a", 1)[:len(ann)] // of the right length, and nobody's
		report("forged", "", forged, hard, 550)
		report("foreign", "", "bounces@shop.example", hard, 550)
		report("a warning", "", ann, warning, 250)
		report("the sender is at fault", "", ann, blocked, 250)
		expect("after all these", order("ann", nil), "sent")
		ann2 := last()

		report("hard", "", ann2, hard, 250)
		expect("after a hard bounce", order("ann", nil), "bounced")
		expect("others", order("bob", nil), "sent")

		now := time.Now().UTC()
		expect("an explicit yes", order("ann", &events.Consent{Email: events.Subscribed, At: &now}), "sent")
		report("the same report again", "", ann2, hard, 250)
		report("another about an older email", "", ann, hard, 250)
		expect("after reports that are known", order("ann", nil), "sent")
		report("hard, about a new email", "", last(), hard, 250)
		expect("after a new hard bounce", order("ann", nil), "bounced")

		expect("carol", order("carol", nil), "sent")
		carol := last()
		report("spam, to where complaints go", "fbl@provider.example", "bounces+complaints@shop.example", fmt.Sprintf(spam, carol), 250)
		expect("after a complaint", order("carol", nil), "complained")
		now = time.Now().UTC()
		expect("carol comes back", order("carol", &events.Consent{Email: events.Subscribed, At: &now}), "sent")
		report("the complaint again", "fbl@provider.example", "bounces+complaints@shop.example", fmt.Sprintf(spam, carol), 250)
		expect("after a complaint that is known", order("carol", nil), "sent")

		report("no report", "dan@example.com", carol, "Subject: Away\r\n\r\nI'm away\r\n", 250)
		s, err := w.JS.Stream(t.Context(), bus.Rejected)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.GetLastMsgForSubject(t.Context(), "rejected.main.unknown_report")
		if err != nil || !strings.Contains(string(m.Data), "I'm away") {
			t.Errorf("%v, %v", m, err)
		}
		// A full mailbox, three times over a week: nobody is there any more.
		for i := range 4 {
			want := "sent"
			if i == 3 {
				want = "bounced"
			}
			expect(fmt.Sprint("to a full mailbox, ", i), order("full", nil), want)
			if i < 3 {
				report("full", "", last(), full, 250)
				report("full, the same again", "", last(), full, 250)
				time.Sleep(40 * time.Hour)
			}
		}
		// One that is full for one day is not.
		for i := range 4 {
			expect(fmt.Sprint("to a mailbox that is full now and then, ", i), order("erin", nil), "sent")
			if i != 1 {
				report("full", "", last(), full, 250)
			}
			time.Sleep(40 * time.Hour)
		}
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(events.AddressData); ok && (*d.Mailed() != "" || e.Source != "/homing/feedback") {
				t.Errorf("the timeline has %+v", e)
			}
		}
	})
}

// unknown is how many emails are listed as uncertain.
func unknown(t *testing.T, w *homingtest.World) int {
	t.Helper()
	all, err := w.Installation().Uncertain(t.Context(), "main", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// A report says that the relay had an email of which nobody knew that.
func TestAReportSettlesAnUncertainEmail(t *testing.T) {
	dir := t.TempDir()
	full := real(t, "postfix-full1-failed")
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, marketing+comesBack)
		last := watchPaths(w, func(command, _ string) string {
			if command == "." {
				return homingtest.CutAfter
			}
			return ""
		})
		w.Start()
		if got := orderer(w)("ann", nil); got != "uncertain" {
			t.Fatal(got)
		}
		if got := unknown(t, w); got != 1 {
			t.Errorf("%d are listed as uncertain, want 1", got)
		}
		for range 2 {
			if err := w.Report("", last(), full); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		var uncertain, sent int
		for _, f := range w.Facts() {
			switch f.Type {
			case events.TypeEmailUncertain:
				uncertain++
			case events.TypeEmailSent:
				sent++
			}
		}
		if uncertain != 1 || sent != 1 {
			t.Errorf("%d facts of uncertain, %d of sent", uncertain, sent)
		}
		if got := unknown(t, w); got != 0 {
			t.Errorf("%d are listed as uncertain, want none", got)
		}
	})
}

// Without Redis or NATS nothing is taken, and nothing is lost.
func TestAReportWaitsForTheServers(t *testing.T) {
	dir := t.TempDir()
	hard := real(t, "exim-nouser1-failed")
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, comesBack)
		last := watchPaths(w, nil)
		w.Start()
		order := orderer(w)
		if got := order("ann", nil); got != "sent" {
			t.Fatal(got)
		}
		w.Redis.Mini().SetError("LOADING Redis is loading the dataset in memory")
		if got := answered(w.Report("", last(), hard)); got != 451 {
			t.Errorf("without Redis: %d, want 451", got)
		}
		w.Redis.Mini().SetError("")
		time.Sleep(time.Minute)
		if got := answered(w.Report("", last(), hard)); got != 250 {
			t.Errorf("with it: %d, want 250", got)
		}
		if got := order("ann", nil); got != "bounced" {
			t.Error(got)
		}
		if got := order("bob", nil); got != "sent" {
			t.Error(got)
		}
		w.NATS.Stop()
		for what, mail := range map[string]string{"a report": hard, "an answer": "Subject: Re: Tea\r\n\r\nThanks!\r\n"} {
			if got := answered(w.Report("", last(), mail)); got != 451 {
				t.Errorf("%s, without NATS: %d, want 451", what, got)
			}
		}
	})
}
