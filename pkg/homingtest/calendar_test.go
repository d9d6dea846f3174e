package homingtest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// told returns what the calendar said, by type and customer: when, and how often.
func told(w *homingtest.World) (when map[string]time.Time, times map[string]int) {
	when, times = map[string]time.Time{}, map[string]int{}
	for _, e := range w.Timeline() {
		if e.Source == "/homing/calendar" {
			key := string(e.Type) + " " + e.Data.(events.CustomerData).Who().ID
			when[key] = e.Time
			times[key]++
		}
	}
	return when, times
}

// Dates become events, in time and once, for customers in any zone, with ids and
// without, through restarts.
func TestDatesBecomeEvents(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start("intake", "calendar")
		start := time.Now() // 2000-01-01, midnight in UTC
		zones := []string{"Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London", "Asia/Kathmandu", "America/St_Johns"}
		for i, z := range zones {
			w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: fmt.Sprint("c", i), Birthday: "1980-01-06", TimeZone: z}})
		}
		w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{Email: "guest@example.com", Birthday: "--01-06"}})
		w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: "over", Birthday: "--12-30"}})
		order := func(id string, daysAgo ...int) {
			for _, d := range daysAgo {
				e := homingtest.Order(id, fmt.Sprint(id, d))
				w.PublishEvent(events.Event{ID: fmt.Sprint(id, d), Source: "/test", Type: e.Type(), Store: "main", Time: start.AddDate(0, 0, -d).Add(-time.Hour), Data: e})
			}
		}
		order("quick", 176)
		order("slow", 176, 276, 376) // of so few nobody knows who comes back: the days count
		order("past", 300)
		for d := range 8 {
			time.Sleep(day)
			if d%3 == 0 {
				w.Stop()
				time.Sleep(time.Minute)
				w.Start("intake", "calendar")
			}
		}
		when, times := told(w)
		guest := ""
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(*events.CustomerBirthday); ok {
				if d.Year != 2000 {
					t.Errorf("%+v", d)
				}
				if len(d.Customer.ID) > len("guest:") && d.Customer.ID[:6] == "guest:" {
					guest = d.Customer.ID
				}
			}
		}
		want := []string{"customer.birthday " + guest, "customer.lapsed quick", "customer.lapsed slow"}
		for i, z := range zones {
			key := fmt.Sprint("customer.birthday c", i)
			want = append(want, key)
			zone, err := time.LoadLocation(z)
			if err != nil {
				t.Fatal(err)
			}
			if notice := time.Date(2000, 1, 6, 0, 0, 0, 0, zone).Sub(when[key]); notice < 36*time.Hour {
				t.Errorf("a birthday in %s was told %v before it", z, notice)
			}
		}
		for _, key := range want {
			if times[key] != 1 {
				t.Errorf("%s was told %d times", key, times[key])
			}
		}
		if len(times) != len(want) || guest == "" {
			t.Errorf("told %v, want %v", times, want)
		}
		if at := when["customer.lapsed quick"]; at.Before(start.Add(4*day-time.Hour)) || at.After(start.Add(5*day)) {
			t.Errorf("the lapse was told %v after the start", at.Sub(start))
		}
	})
}
