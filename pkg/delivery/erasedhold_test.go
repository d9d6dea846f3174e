package delivery_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/reason"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers"
)

// The customer is erased, with all that is pending, while it is decided that their email
// is held. It isn't put back, with all that it displays, for the day on which it would be
// looked at.
func TestWhoIsErasedWhileAnEmailIsHeldHasNothingPending(t *testing.T) {
	w := &series{}
	bubble(t, w, func(r *rig) {
		s := schedule.New(r.js, clock.Scale{})
		erased := false
		w.wanted = func(x touch.Touch, in workers.Input) touch.Verdict {
			if !erased {
				erased = true
				r.happened("ann", &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
				if n, err := s.Forget(r.t.Context(), worker, r.key("ann"), time.Now()); err != nil || n != 1 {
					r.t.Errorf("%d were forgotten: %v", n, err)
				}
			}
			return touch.HoldUntil(in.Now.Add(10*day), reason.NotYet, "")
		}
		r.known("ann")
		r.touch("ann", "offer", "l", time.Minute, nil)
		r.start()
		time.Sleep(time.Hour)
		left, err := s.OfCustomer(r.t.Context(), worker, r.key("ann"))
		if err != nil || !erased || len(left) > 0 {
			r.t.Errorf("%+v, %v; want nothing that is pending", left, err)
		}
		if held := r.facts(events.TypeEmailHeld); len(held) > 0 {
			r.t.Errorf("it is said that it is held: %+v", held)
		}
	})
}

// A touch is planned again with other content while it is decided that its email is held:
// what was planned since is what waits.
func TestWhatWasPlannedAgainWhileAnEmailIsHeldStays(t *testing.T) {
	w := &series{}
	bubble(t, w, func(r *rig) {
		s := schedule.New(r.js, clock.Scale{})
		again := false
		w.wanted = func(x touch.Touch, in workers.Input) touch.Verdict {
			if !again {
				again = true
				x.Snapshot, x.Wake = &touch.Snapshot{Order: "newer"}, in.Now.Add(5*day)
				if err := s.Put(r.t.Context(), []touch.Touch{x}); err != nil {
					r.t.Error(err)
				}
			}
			return touch.HoldUntil(in.Now.Add(10*day), reason.NotYet, "")
		}
		r.known("ann")
		r.touch("ann", "offer", "l", time.Minute, nil)
		r.start()
		time.Sleep(time.Hour)
		left, err := s.OfCustomer(r.t.Context(), worker, r.key("ann"))
		if err != nil || !again || len(left) != 1 || left[0].Due || left[0].Touch.Snapshot.Order != "newer" {
			r.t.Errorf("%+v, %v; want what was planned last", left, err)
		}
	})
}
