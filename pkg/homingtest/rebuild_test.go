package homingtest_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
)

// Redis was emptied and nobody folds the timeline again: to say that nothing is known
// about a customer, or that this is all, would be a wrong answer to somebody who asks
// for their data. While Homing runs it notices by itself, even if nothing happens.
func TestNobodyIsUnknownWhileRedisKnowsLessThanTheTimeline(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		w.Publish("main", homingtest.Order("bob", "1002"))
		time.Sleep(time.Hour)
		asked := func(who string) (why, export error) {
			l := w.Installation()
			_, why = l.Why(t.Context(), "main", who, installation.WhyOptions{})
			_, export = l.Export(t.Context(), "main", who)
			return why, export
		}
		expect := func(when, who string, want error) {
			t.Helper()
			if why, export := asked(who); !errors.Is(why, want) || !errors.Is(export, want) {
				t.Errorf("%s, %s: why %v, export %v; want %v", when, who, why, export, want)
			}
		}
		expect("at first", "ann", nil)
		expect("at first", "eve", installation.ErrUnknown)

		w.Stop()
		w.Redis.Mini().FlushAll()
		expect("with Redis empty", "ann", installation.ErrBehind)
		w.Start()
		time.Sleep(time.Minute)
		expect("folded again at the start", "ann", nil)

		w.Redis.Mini().FlushAll()
		time.Sleep(25 * time.Hour)
		expect("emptied while nothing happens", "bob", nil)
		expect("emptied while nothing happens", "eve", installation.ErrUnknown)
	})
}

// The timeline is folded again while emails leave and events come: each order has its thanks
// once, and no cap forgets what was sent.
func TestARebuildUnderLoadForgetsNothingThatCounts(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, `
pacing: {frequency: [{limit: 1, window: 24h}], quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {after: 30m}
  cart-recovery: {steps: [{template: cart-recovery/reminder, after: 1h}]}
`)
		w.Start()
		const people = 60
		for i := range people {
			who := fmt.Sprint("c", i)
			w.Publish("main", homingtest.Order(who, fmt.Sprint(1000+i)))
			w.Publish("main", &events.CartAbandoned{Customer: events.Customer{ID: who}, Cart: basket("k"+who, "pot")})
		}
		time.Sleep(30 * time.Minute)
		for range 3 { // as the thanks leave
			if n, err := w.Installation().Rebuild(t.Context(), "main", w.Log); err != nil || n < 2*people {
				t.Fatalf("%d entries were folded: %v", n, err)
			}
			time.Sleep(20 * time.Second)
		}
		time.Sleep(20 * time.Hour)
		mails := map[string]int{}
		for _, f := range w.Facts() {
			b := f.Data.(events.Fact).Body()
			if f.Type == events.TypeEmailSent {
				mails[b.Worker]++
			}
			if f.Type == events.TypeEmailUncertain {
				t.Errorf("%s is uncertain: %s", b.Touch, b.Detail)
			}
		}
		if mails["thank-you"] != people || mails["cart-recovery"] != 0 || len(w.Sink.Mails()) != people {
			t.Errorf("sent %v in %d emails; want %d of thanks, and no second email within a day", mails, len(w.Sink.Mails()), people)
		}
	})
}
