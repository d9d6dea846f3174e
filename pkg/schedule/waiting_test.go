package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/schedule"
	"homing/pkg/touch"
)

func TestWhatIsPendingForACustomerIsFoundByTheirToken(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		now := time.Now()
		other := due("3", now.Add(time.Hour))
		other.Customer.Token = "someoneelseshere"
		d.put(s, due("2", now.Add(2*time.Hour)), due("1", now.Add(-time.Minute)), other)
		got, err := s.OfCustomer(t.Context(), "thank-you", other.Customer)
		if err != nil || len(got) != 1 || got[0].Touch.Occasion != "3" {
			t.Errorf("of the other: %+v, %v", got, err)
		}
		got, err = s.OfCustomer(t.Context(), "thank-you", due("1", now).Customer)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, w := range got {
			said = append(said, fmt.Sprint(w.Touch.Occasion, " ", w.Due))
		}
		if d := cmp.Diff([]string{"1 true", "2 false"}, said); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		if got, err := s.OfCustomer(t.Context(), "thank-you", customer.Key{Store: "main", Token: "nobodynobodynobo"}); err != nil || len(got) != 0 {
			t.Errorf("of nobody: %v, %v", got, err)
		}
	})
}

// Many look at the same time, each for a customer of their own and one for one with more
// than the server gives with one answer: each finds what is theirs.
func TestManyWhoLookAtOnceFindTheirOwn(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		now := time.Now()
		token := func(i int) string { return fmt.Sprintf("customer%08d", i) }
		var all []touch.Touch
		for i := range 40 {
			n := i % 3 // none, one on the schedule, and one that fell due as well
			if i == 39 {
				n = 1000
			}
			for k := range n {
				x := due(fmt.Sprint(i, "-", k), now.Add(time.Duration(1-2*(k%2))*time.Hour))
				x.Customer.Token = token(i)
				all = append(all, x)
			}
		}
		d.put(s, all...)
		var g errgroup.Group
		for i := range 40 {
			g.Go(func() error {
				k := customer.Key{Store: "main", Token: token(i), Bucket: all[0].Customer.Bucket}
				got, err := s.Waiting(t.Context(), k, []string{"thank-you"})
				want := i % 3
				if i == 39 {
					want = 1000
				}
				if err != nil || len(got) != want {
					return fmt.Errorf("customer %d: %d touches, want %d (%v)", i, len(got), want, err)
				}
				for _, x := range got {
					if x.Customer.Token != token(i) {
						return fmt.Errorf("customer %d found what is of %s", i, x.Customer.Token)
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestAWalkSeesEveryPendingTouch(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{Start: time.Now().Add(-time.Second), Speed: 10})
		wake := time.Now().Add(100 * time.Hour).UTC().Truncate(time.Second)
		all := []touch.Touch{due("now", time.Now().Add(-time.Second))}
		for i := range 5_500 { // more than a page
			all = append(all, due(fmt.Sprint(i), wake))
		}
		d.put(s, all...)
		waiting, fell := 0, 0
		err := s.Walk(t.Context(), "thank-you", func(ps []schedule.Place) error {
			for _, p := range ps {
				switch {
				case p.Wake.IsZero():
					fell++
				case p.Wake.Sub(wake).Abs() < time.Second: // there and back by the clock that runs fast
					waiting++
				}
				if p.Store != "main" || p.Step != "thanks" || p.Token != all[0].Customer.Token {
					t.Errorf("%+v", p)
				}
			}
			return nil
		})
		if err != nil || waiting != 5_500 || fell != 1 {
			t.Errorf("%d wait and %d fell due: %v", waiting, fell, err)
		}
	})
}
