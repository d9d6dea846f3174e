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
