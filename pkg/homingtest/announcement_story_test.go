package homingtest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/announcement"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/schedule"
	"homing/pkg/timeline"
)

const announcing = `
consent: {policy: explicit}
pacing: {frequency: [{limit: 1, window: 24h}]}
workers:
  announcements: {status: live}
`

// cut are customers of whom a process reads some, and then dies.
type cut struct{ announcement.Customers }

var errDied = errors.New("it died")

func (c cut) ScanFrom(ctx context.Context, store, place string, resumed func(bool), fn func([]customer.Record, string) error) error {
	return c.Customers.ScanFrom(ctx, store, place, resumed, func(batch []customer.Record, next string) error {
		if err := fn(batch[:len(batch)/3], next); err != nil {
			return err
		}
		time.Sleep(time.Second) // until these are on the schedule
		return errDied
	})
}

// halfPlanned has a process plan what was announced that dies after some of it.
func halfPlanned(t *testing.T, w *homingtest.World, entries announcement.Entries) {
	customers, people := w.Customers()
	stores, err := programme.Open(w.Config, w.Identity())
	if err != nil {
		t.Fatal(err)
	}
	board := announcement.NewBoard(entries, time.Now)
	if err := board.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := announcement.NewPlanner(announcement.Options{
		Board: board, Entries: entries, Stores: stores, Customers: cut{customers}, Schedule: schedule.New(w.JS, clock.Scale{}), Facts: timeline.New(w.JS), Scale: clock.Scale{}, Log: zap.NewNop(),
		Recipients: func(context.Context, string) (*announcement.Recipients, error) {
			return &announcement.Recipients{Store: stores["main"], People: people, Address: func(email string) string { return w.Identity().Address("main", email) }}, nil
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	p.Run(ctx)
}

// 600 customers in three zones get a newsletter at nine in the morning of their own: each
// once, though the process that plans it dies halfway, and somebody pauses it before London
// wakes up. One left, two had another email that day and get it a day later, and some are
// held out.
func TestAnAnnouncementReachesEachOnce(t *testing.T) {
	dir := t.TempDir()
	const n = 600
	zones := []string{"Asia/Tokyo", "Europe/London", "America/New_York"}
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, announcing)
		w.Start("intake", "thank-you")
		start := time.Now().Truncate(24 * time.Hour)
		at := func(day, hour, minute int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)))
		}
		joined := time.Now()
		zoneOf := map[string]*time.Location{}
		for i := range n {
			zone := zones[i%len(zones)]
			id := fmt.Sprint("c", i)
			zoneOf[id+"@example.com"], _ = time.LoadLocation(zone)
			w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: id, Email: id + "@example.com", TimeZone: zone,
				Consent: &events.Consent{Email: events.Subscribed, At: &joined}}})
		}
		w.Publish("main", &events.CustomerUnsubscribed{Customer: events.Customer{ID: "c7"}})
		entries := announcement.Entries{JS: w.JS}
		_, err := entries.Create(t.Context(), announcement.Definition{
			ID: "spring", Store: "main", Template: "announcements/newsletter", Expires: 48 * time.Hour, Holdout: 0.1,
			At: announcement.When{Date: localtime.DateOf(start.AddDate(0, 0, 2)), Clock: 9 * 60},
		}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		get := func() *announcement.Announcement {
			a, err := entries.Get(t.Context(), "main", "spring")
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		at(2, 17, 30) // 09:00 in the first zone there is, two hours before
		halfPlanned(t, w, entries)
		scheduled, _, err := schedule.New(w.JS, clock.Scale{}).Count(t.Context(), announcement.Worker, "main", "newsletter", "spring")
		if err != nil || scheduled == 0 || scheduled >= n-1 || !get().Planned.IsZero() {
			t.Fatalf("after the process died: %d scheduled, planned %v (%v)", scheduled, get().Planned, err)
		}
		w.Stop()
		w.Start("intake", "thank-you", "announcements")
		at(2, 18, 30)
		if a := get(); a.State() != announcement.Sending || a.Walk.Customers != n || a.Walk.Planned != n-1 || a.Walk.Left[reason.Unsubscribed] != 1 {
			t.Fatalf("planned: %s %+v", a.State(), a.Walk)
		}
		late := events.Customer{ID: "late", Email: "late@example.com", TimeZone: zones[1], Consent: &events.Consent{Email: events.Subscribed, At: &joined}}
		w.Publish("main", &events.CustomerUpdated{Customer: late})
		at(3, 1, 0)
		if _, did, err := entries.Pause(t.Context(), "main", "spring", time.Now()); err != nil || !did {
			t.Fatal(did, err)
		}
		capped := []string{"c1@example.com", "c4@example.com"} // of London; their thanks come half an hour later
		for i, id := range []string{"c1", "c4"} {
			o := homingtest.Order(id, fmt.Sprint("10", i))
			o.Customer.TimeZone = zones[1]
			at(3, 8, 0)
			w.Publish("main", o)
		}
		at(3, 11, 52) // every quarter of an hour what is paused is looked at, and is on no schedule for that moment
		held, err := schedule.New(w.JS, clock.Scale{}).Held(t.Context(), announcement.Worker, "main", "newsletter", "spring")
		if paused := held[reason.Paused]; err != nil || len(held) != 1 || paused < n/6 || paused > n/3 { // those of London, whose time was nine
			t.Errorf("%v are held while it is paused (%v)", held, err)
		}
		tokyo := len(w.Sink.Mails())
		at(3, 12, 0)
		if _, did, err := entries.Resume(t.Context(), "main", "spring"); err != nil || !did {
			t.Fatal(did, err)
		}
		at(3, 13, 0) // New York is not awake
		if held, err := schedule.New(w.JS, clock.Scale{}).Held(t.Context(), announcement.Worker, "main", "newsletter", "spring"); err != nil || !maps.Equal(held, map[reason.Reason]int{reason.FrequencyCap: len(capped)}) {
			t.Errorf("after the pause %v are held (%v)", held, err)
		}
		at(5, 18, 0)

		got := map[string][]time.Time{}
		for _, m := range w.Sink.Mails() {
			got[m.To] = append(got[m.To], m.At)
		}
		if len(got["late@example.com"]) != 0 || len(got["c7@example.com"]) != 0 {
			t.Error("somebody got it who joined late, or had left")
		}
		var heldOut, sent int
		for _, f := range happened(w, announcement.Worker) {
			switch f {
			case "newsletter spring holdout":
				heldOut++
			case "newsletter spring sent":
				sent++
			default:
				t.Errorf("one ended as %s", f)
			}
		}
		emails := 0
		for to, at := range got {
			if slices.Contains(capped, to) { // the first is the thank-you
				at = at[1:]
			}
			emails += len(at)
			if len(at) > 1 {
				t.Errorf("%s got it %d times", to, len(at))
			}
			if len(at) == 0 {
				continue
			}
			when := at[0].In(zoneOf[to]).Format("2 15")
			switch {
			case slices.Contains(capped, to) && (at[0].Before(start.AddDate(0, 0, 3).Add(8*time.Hour+30*time.Minute)) || when[:1] != "4"):
				t.Errorf("%s was capped, and got it at %v", to, at[0])
			case slices.Contains(capped, to):
			case zoneOf[to].String() == zones[1] && (at[0].Before(start.Add(60*time.Hour)) || at[0].After(start.Add(60*time.Hour+16*time.Minute))):
				t.Errorf("%s got it at %v, and it was paused until noon", to, at[0])
			case zoneOf[to].String() != zones[1] && when != "3 09":
				t.Errorf("%s got it at %v, want nine of their own", to, at[0].In(zoneOf[to]))
			}
		}
		if emails != sent || sent+heldOut != n-1 || heldOut < 20 || heldOut > 120 || tokyo < n/4 {
			t.Errorf("%d emails, %d sent, %d held out of %d; %d to Tokyo and thanks", emails, sent, heldOut, n-1, tokyo)
		}
		a := get()
		if o := a.Outcomes; a.State() != announcement.Finished || o == nil || o.Sent != sent || o.Dropped[reason.Holdout] != heldOut || o.Total() != n-1 || o.Subjects["a"]+o.Subjects["b"] != sent || min(o.Subjects["a"], o.Subjects["b"]) < sent/3 {
			t.Errorf("%s: %+v", a.State(), o)
		}
	})
}
