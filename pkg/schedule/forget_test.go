package schedule_test

import (
	"testing"
	"time"

	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/schedule"
	"homing/pkg/touch"
)

func TestWhatIsPendingForACustomerIsForgottenUpToATime(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		now := time.Now()
		ann, other := due("1", now).Customer, due("9", now.Add(time.Hour))
		other.Customer.Token = "someoneelseshere"
		caused := func(x touch.Touch, at time.Time) touch.Touch { x.Caused = at; return x }
		until := now.Add(time.Second)
		d.put(s, caused(due("1", now.Add(-time.Minute)), now), caused(due("2", now.Add(time.Hour)), until), other,
			caused(due("3", now.Add(time.Hour)), until.Add(time.Millisecond)))

		for _, x := range []struct {
			of    customer.Key
			until time.Time
			want  int
		}{{ann, until, 2}, {ann, until, 0}, {ann, time.Time{}, 1}, {ann, time.Time{}, 0}} {
			if n, err := s.Forget(t.Context(), "thank-you", x.of, x.until); err != nil || n != x.want {
				t.Errorf("until %v %d touches were forgotten, want %d; %v", x.until, n, x.want, err)
			}
		}
		if got := d.wait(3 * time.Hour); len(got) != 1 || got[0].touch.Occasion != "9" {
			t.Errorf("fell due: %+v, want the other customer's alone", got)
		}
	})
}

func TestWhatGoesToAnErasedAddressIsForgotten(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		now := time.Now()
		to := func(occasion, email string, caused time.Duration) touch.Touch {
			x := due(occasion, now.Add(time.Hour))
			x.Caused = now.Add(caused)
			if email != "" {
				x.Snapshot = &touch.Snapshot{Order: occasion, To: email}
			}
			return x
		}
		d.put(s, to("1", "Gus@example.com", 0), to("2", "", 0), to("3", "ann@example.com", 0), to("4", "gus@example.com", time.Second), to("5", "gus@example.com.au", 0))
		ann := due("1", now).Customer
		for _, want := range []int{1, 0} {
			if n, err := s.ForgetTo(t.Context(), "thank-you", ann, "gus@example.com", now); err != nil || n != want {
				t.Errorf("%d touches were forgotten, want %d; %v", n, want, err)
			}
		}
		if got := d.wait(3 * time.Hour); len(got) != 4 {
			t.Errorf("%d fell due, want the other four", len(got))
		}
	})
}
