package homingtest_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/numbers"
	"homing/pkg/statistics"
)

// sendTo has some addresses get the weekly digest.
func sendTo(w *homingtest.World, addresses ...string) {
	s := w.Config.Stores["main"]
	s.DigestTo = addresses
	w.Config.Stores["main"] = s
}

// Two people of the shop get the digest of a Monday, each once and whole, though two processes
// plan and send it, the numbers cannot be read at first, then Redis is away, and the relay
// takes nothing for an hour. One of them is a customer, too, who wants no email; and none of
// it is among what is counted.
func TestTheDigestReachesThePeopleOfTheShopOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "consent: {policy: explicit}\nworkers: {thank-you: {status: \"off\"}}\n")
		sendTo(w, "owner@shop.example", "ann@shop.example")
		w.Start("intake", "calendar")
		other := w.Beside()
		other.Start("calendar")
		defer other.Stop()
		at := func(day, hour, minute int) {
			time.Sleep(time.Until(time.Date(2000, 1, day, hour, minute, 0, 0, time.UTC))) // the 3rd is a Monday
		}
		ann := events.Customer{ID: "ann", Email: "ann@shop.example"}
		w.Publish("main", &events.CustomerUpdated{Customer: ann})
		w.Publish("main", &events.CustomerUnsubscribed{Customer: ann, Scope: events.ScopeEverything})
		for i := range 5 {
			w.Publish("main", homingtest.Order(fmt.Sprint("c", i), fmt.Sprint(100+i)))
		}
		at(3, 7, 59)
		if n := len(w.Sink.Mails()); n > 0 {
			t.Errorf("%d left too soon", n)
		}
		var tried atomic.Bool
		w.Sink.Answer = func(command, _ string) string {
			if command == "MAIL" {
				tried.Store(true)
			}
			if command == "MAIL" && time.Now().Before(time.Date(2000, 1, 3, 9, 0, 0, 0, time.UTC)) {
				return "451 4.3.0 try again"
			}
			return ""
		}
		night, _, err := bus.GetObject(t.Context(), w.JS, bus.ProductsBucket, "main/numbers", "")
		put := func(data []byte) {
			if _, err := bus.PutObject(t.Context(), w.JS, bus.ProductsBucket, "main/numbers", data); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil || len(night) == 0 {
			t.Fatal(err)
		}
		put([]byte("half a snapsh"))
		at(3, 8, 20)
		put(night)
		w.Redis.Mini().SetError("LOADING Redis is loading the dataset in memory")
		at(3, 8, 40)
		if tried.Load() {
			t.Error("the relay was asked to take a digest of numbers that cannot be read")
		}
		w.Redis.Mini().SetError("")
		at(3, 11, 0)
		if !tried.Load() {
			t.Error("nothing was tried")
		}
		var to []string
		for _, m := range w.Sink.Mails() {
			to = append(to, m.To)
			if m.At.Hour() < 9 {
				t.Errorf("it left at %v", m.At)
			}
			if strings.Contains(m.Raw, "List-Unsubscribe") || strings.Contains(m.Raw, "/u/") {
				t.Error("it can be unsubscribed from")
			}
		}
		slices.Sort(to)
		if !slices.Equal(to, []string{"ann@shop.example", "owner@shop.example"}) {
			t.Errorf("it went to %v", to)
		}
		if err := statistics.Ask(t.Context(), w.JS.Conn(), "main"); err != nil {
			t.Fatal(err)
		}
		got, err := numbers.Read(t.Context(), w.JS, "main")
		if err != nil || got == nil {
			t.Fatal(err)
		}
		if got.Customers.All != 6 {
			t.Errorf("%d customers are counted, of six", got.Customers.All)
		}
		for _, d := range got.Days {
			if d.Workers["digest"] != nil || len(d.Dropped) > 0 {
				t.Errorf("the numbers of %s know the digest: %+v", d.Date, d)
			}
		}
		said := 0
		for _, f := range w.Facts() {
			b := f.Data.(events.Fact).Body()
			if b.Worker != "digest" {
				continue
			}
			if said++; b.Class != "staff" || strings.Contains(fmt.Sprintf("%+v", *b), "shop.example") && !strings.Contains(b.MessageID, "shop.example") {
				t.Errorf("the timeline says %+v", *b)
			}
		}
		if said < 2 {
			t.Errorf("the timeline has %d facts of two digests", said)
		}
	})
}

// Who is taken off the list gets no digest that is planned already, and a digest at another
// time takes the place of the one that is.
func TestADigestFollowsTheConfiguration(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		sendTo(w, "owner@shop.example", "left@shop.example")
		w.Start("calendar")
		time.Sleep(time.Hour) // planned for Monday at eight
		w.Stop()
		sendTo(w, "owner@shop.example")
		s := w.Config.Stores["main"]
		if err := s.DigestAt.UnmarshalText([]byte("tue 09:30")); err != nil {
			t.Fatal(err)
		}
		w.Config.Stores["main"] = s
		w.Start("calendar")
		time.Sleep(6 * 24 * time.Hour)
		mails := w.Sink.Mails()
		if len(mails) != 1 || mails[0].To != "owner@shop.example" || mails[0].At.UTC().Format("Mon 15:04") != "Tue 09:30" {
			t.Errorf("%d left: %+v", len(mails), mails)
		}
	})
}

// NATS is down when the digest is due, for an hour and a half: both processes send what is due
// once it is back, each recipient gets it once, and no second one comes when NATS goes and
// comes back once more.
func TestTheDigestIsSentOnceNATSIsBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Log = zap.NewNop() // it says that NATS is away
		sendTo(w, "owner@shop.example", "ann@shop.example")
		w.Start("calendar")
		defer w.Stop()
		other := w.Beside()
		other.Start("calendar")
		defer other.Stop()
		at := func(hour, minute int) {
			time.Sleep(time.Until(time.Date(2000, 1, 3, hour, minute, 0, 0, time.UTC))) // a Monday
		}
		at(7, 50)
		w.StopNATS()
		at(9, 20)
		if n := len(w.Sink.Mails()); n > 0 {
			t.Fatalf("%d left while NATS was down", n)
		}
		w.StartNATS()
		at(11, 0)
		once := func(when string) {
			t.Helper()
			var to []string
			for _, m := range w.Sink.Mails() {
				if to = append(to, m.To); m.At.UTC().Hour() < 9 {
					t.Errorf("%s: it left at %v", when, m.At)
				}
			}
			slices.Sort(to)
			if !slices.Equal(to, []string{"ann@shop.example", "owner@shop.example"}) {
				t.Errorf("%s: it went to %v", when, to)
			}
		}
		once("NATS is back")
		w.StopNATS()
		at(11, 30)
		w.StartNATS()
		time.Sleep(24 * time.Hour)
		once("the next day")
		sent := 0
		for _, f := range w.Facts() {
			if f.Type == events.TypeEmailSent {
				sent++
			}
		}
		if sent != 2 {
			t.Errorf("the timeline has %d that were sent", sent)
		}
	})
}
