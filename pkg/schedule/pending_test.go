package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/thankyou"
)

func TestPendingFindsWhatIsScheduledAndWhatIsDue(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		var all []touch.Touch
		for i := range 900 { // more than one request
			all = append(all, due(fmt.Sprint("later-", i), time.Now().Add(time.Hour)))
		}
		all = append(all, due("now", time.Now().Add(-time.Second)))
		d.put(s, all...)
		got, err := s.Pending(t.Context(), append(all, due("never-put", time.Now())))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(all) {
			t.Fatalf("%d are pending, want %d", len(got), len(all))
		}
		for _, x := range got {
			if x.Snapshot.Order != x.Occasion {
				t.Errorf("%s came without what it displays", x.ID())
			}
		}
		if got, err := s.Pending(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of nothing: %v, %v", got, err)
		}
	})
}

// moves has a thank-you know a better time, but not what the email displays.
func moves(w workers.Worker, due time.Time) workers.Worker {
	w.Plan = func(workers.Input) []touch.Touch {
		return []touch.Touch{
			{Worker: thankyou.Name, Step: "thanks", Occasion: "1001", Due: due},
			{Worker: thankyou.Name, Step: "thanks", Occasion: "unheard-of", Due: due},
		}
	}
	return w
}

func TestAPlanWithoutASnapshotMovesWhatIsPending(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		w, err := thankyou.Kind.New(func(any) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		s := schedule.New(d.js, clock.Scale{})
		pending := due("1001", time.Now().Add(48*time.Hour))
		d.put(s, pending)
		soon := time.Now().Add(10 * time.Minute)
		e := placed("main", time.Now())
		e.Event.Data = &events.OrderDelivered{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "1001"}}
		var ann people
		customer.Apply(&ann.who, events.Event{ID: "e0", Source: "/shop", Type: events.TypeCustomerUpdated, Time: time.Now(), Data: &events.CustomerUpdated{Customer: events.Customer{Email: "ann@example.com"}}})
		p := &schedule.Planner{Workers: map[string]*programme.Worker{"main": {Kind: thankyou.Kind, Worker: moves(w, soon)}}, People: &ann, Schedule: s,
			Address: func(store, email string) string { return "hash of " + email + " in " + store }}
		e.Key = pending.Customer
		if err := p.Plan(t.Context(), []customer.Entry{e}); err != nil {
			t.Fatal(err)
		}
		if n := d.left(); n != 1 {
			t.Errorf("%d schedules stand, want the one that was moved: what is not pending is not planned without what it displays", n)
		}
		got := d.wait(time.Hour)
		if len(got) != 1 || got[0].touch.Snapshot.Order != "1001" || got[0].at.Before(soon) || got[0].at.After(soon.Add(late)) {
			t.Errorf("it came as %+v, want it at %s with its order", got, soon)
		}
		if want := "hash of ann@example.com in main"; len(got) == 1 && got[0].touch.Address != want {
			t.Errorf("it says that the address is %q, want %q", got[0].touch.Address, want)
		}
	})
}
