package homingtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// What falls due at night leaves in the morning of where each customer is, and
// the control group gets nothing but transactional emails.
func TestTheNightAndTheControlGroup(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, `
pacing: {quiet_hours: {spread: 10m}}
workers:
  thank-you: {class: marketing}
  review-request: {status: "off"}
  replenishment: {holdout: 100%, lead: 1d}
`)
		w.Start()
		for name, zone := range map[string]string{"london": "Europe/London", "tokyo": "Asia/Tokyo", "karachi": "Asia/Karachi"} {
			o := homingtest.Order(name, name)
			o.Customer.TimeZone, o.Order.Items[0].SupplyDays = zone, 10
			w.Publish("main", o)
		}
		berlin := homingtest.Order("berlin", "berlin") // only the country is known
		berlin.Customer.TimeZone, berlin.Customer.Country = "", "DE"
		w.Publish("main", berlin)
		time.Sleep(20 * 24 * time.Hour)
		left, held, out := map[string]time.Time{}, map[string]int{}, map[string]int{}
		for _, f := range w.Facts() {
			b := f.Data.(events.Fact).Body()
			switch {
			case b.Worker == "thank-you" && f.Type == events.TypeEmailSent:
				left[b.Occasion] = f.Time
			case f.Type == events.TypeEmailHeld && b.Reason == "quiet_hours":
				held[b.Occasion]++
			case b.Worker == "replenishment" && f.Type == events.TypeEmailDropped:
				out[b.Touch]++
				if b.Reason != "holdout" {
					t.Errorf("%s was dropped for %s", b.Touch, b.Reason)
				}
			default:
				t.Errorf("%s of %s: %s", f.Type, b.Touch, b.Reason)
			}
		}
		begin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // orders at midnight in London, due half an hour later
		for name, hours := range map[string]time.Duration{"london": 8, "berlin": 7, "tokyo": 0, "karachi": 3} {
			after, want := left[name].Sub(begin), hours*time.Hour
			if name == "tokyo" { // half past nine
				want = 30 * time.Minute
			}
			if after < want || after > want+10*time.Minute+time.Second {
				t.Errorf("%s is mailed %v after midnight in London, want %v", name, after, want)
			}
			if n := held[name]; (n != 1) == (name != "tokyo") {
				t.Errorf("%s was held %d times", name, n)
			}
		}
		if len(out) != 3 {
			t.Errorf("%d touches were held out, want 3", len(out))
		}
		for touch, n := range out {
			if n != 1 {
				t.Errorf("%s: %d facts", touch, n)
			}
		}
		if n := len(w.Sink.Mails()); n != 4 {
			t.Errorf("%d emails", n)
		}
	})
}
