package homingtest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/attribution"
	"homing/pkg/homingtest"
	"homing/pkg/numbers"
	"homing/pkg/statistics"
)

const halfOfThem = `
pacing: {frequency: [], look_ahead: 0s, quiet_hours: {from: "00:00", to: "00:00"}}
numbers: {attribution: {after_sending: 2d}, lift: {window: 1d}}
workers:
  thank-you: {status: "off"}
  review-request: {status: "off"}
  replenishment: {status: "off"}
  win-back:
    holdout: 50%
    steps:
      - {template: win-back/miss-you, after: 0s, expires: 1h}
`

// Of those who stay away half get an email, and all of these order; the others don't. The
// night finds out by what the gate really did.
func TestANightComparesThoseWhoWereEmailedWithTheOthers(t *testing.T) {
	const h, people = time.Hour, 16
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &mall{w: homingtest.New(t, dir, halfOfThem)}
		s.w.Start()
		s.opened = time.Now().UTC().Truncate(time.Millisecond)
		name := func(i int) string { return fmt.Sprint("who", i) }
		for i := range people {
			s.orders(-4800*h, name(i), "", "tea")
		}
		time.Sleep(time.Minute)
		for i := range people {
			s.lapses(h, name(i))
		}
		s.until(2 * h)
		emailed := 0
		for i := range people {
			if len(s.mails(t, name(i))) > 0 {
				emailed++
				s.orders(3*h, name(i), "", "pot")
			}
		}
		s.until(27 * h)
		if err := statistics.Ask(t.Context(), s.w.JS.Conn(), "main"); err != nil {
			t.Fatal(err)
		}
		got, err := numbers.Read(t.Context(), s.w.JS, "main")
		if err != nil || got == nil || len(got.Trials) != 1 {
			t.Fatalf("%v, %+v", err, got)
		}
		x := got.Trials[0]
		if x.Worker != "win-back" || int(x.Emailed.People) != emailed || int(x.Emailed.Ordered) != emailed || int(x.Control.People) != people-emailed || x.Control.Ordered != 0 || emailed == 0 || emailed == people {
			t.Errorf("%d of %d were emailed; %+v", emailed, people, x)
		}
		for _, d := range got.Days {
			if w := d.Workers["win-back"]; w != nil && (w.Sent != emailed || w.HeldOut != people-emailed || w.Orders != emailed || w.Revenue[attribution.Last]["GBP"] != d.Revenue["GBP"]) {
				t.Errorf("%s: %+v of %v", d.Date, w, d.Revenue)
			}
		}
	})
}
