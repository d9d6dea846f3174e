package schedule_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/reason"
	"homing/pkg/schedule"
	"homing/pkg/touch"
)

// inFlight puts a touch that is due and takes its message, which is not acknowledged.
func (d *desk) inFlight(s *schedule.Schedule, x touch.Touch) (jetstream.Msg, uint64) {
	d.t.Helper()
	d.put(s, x)
	con, err := d.js.Consumer(d.t.Context(), bus.ScheduleStream("thank-you"), bus.DueConsumer("thank-you"))
	if err != nil {
		d.t.Fatal(err)
	}
	m, err := con.Next()
	if err != nil {
		d.t.Fatal(err)
	}
	md, err := m.Metadata()
	if err != nil {
		d.t.Fatal(err)
	}
	return m, md.Sequence.Stream
}

// scheduled is what waits on the schedule for the customer, by what it displays.
func (d *desk) scheduled(s *schedule.Schedule, x touch.Touch) (out []string) {
	for _, p := range d.pending(s, x.Customer.Token) {
		if !p.Due {
			out = append(out, p.Touch.Snapshot.FirstName)
		}
	}
	return out
}

func named(x touch.Touch, name string, wake time.Time) touch.Touch {
	s := *x.Snapshot
	s.FirstName = name
	x.Snapshot, x.Wake = &s, wake
	return x
}

// What fell due is put back unless it is gone, as after an erasure, or has a newer message.
func TestWhatWasDeletedOrReplacedIsNotPutBack(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(d *desk, s *schedule.Schedule, x touch.Touch)
		back bool
	}{
		{"nothing happened", func(*desk, *schedule.Schedule, touch.Touch) {}, true},
		{"erased", func(d *desk, s *schedule.Schedule, x touch.Touch) {
			if n, err := s.Forget(d.t.Context(), x.Worker, x.Customer, time.Now()); n != 1 || err != nil {
				d.t.Fatal(n, err)
			}
		}, false},
		{"due again", func(d *desk, s *schedule.Schedule, x touch.Touch) { d.put(s, x) }, false},
		{"planned again for later, and erased", func(d *desk, s *schedule.Schedule, x touch.Touch) {
			x.Wake = time.Now().Add(30 * time.Minute)
			d.put(s, x)
			if n, err := s.Forget(d.t.Context(), x.Worker, x.Customer, time.Now()); n != 2 || err != nil {
				d.t.Fatal(n, err)
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				s := schedule.New(d.js, clock.Scale{})
				x := due("1001", time.Now())
				x.Caused = time.Now()
				d.put(s, x)
				con, err := d.js.Consumer(t.Context(), bus.ScheduleStream("thank-you"), bus.DueConsumer("thank-you"))
				if err != nil {
					t.Fatal(err)
				}
				m, err := con.Next()
				if err != nil {
					t.Fatal(err)
				}
				md, err := m.Metadata()
				if err != nil {
					t.Fatal(err)
				}
				c.do(d, s, x)
				x.Wake = time.Now().Add(time.Hour)
				for range 2 { // as when the answer was lost
					if back, err := s.PutBack(t.Context(), x, md.Sequence.Stream, reason.QuietHours); err != nil || back != c.back {
						t.Fatalf("put back: %v, %v; want %v", back, err, c.back)
					}
				}
				if err := m.DoubleAck(t.Context()); err != nil {
					t.Fatal(err)
				}
				n := 0
				for _, p := range d.pending(s, x.Customer.Token) {
					if !p.Due {
						n++
					}
				}
				if (n == 1) != c.back {
					t.Errorf("%d are scheduled", n)
				}
				if got := d.wait(2 * time.Hour); c.back && len(got) != 1 { // it fires like any other
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

// A touch is planned again with other content while it is judged. What was planned since
// stays, with its time, be it that the older one is held until sooner or later.
func TestWhatWasPlannedAgainSinceIsNotReplacedByWhatIsPutBack(t *testing.T) {
	for _, until := range []time.Duration{-time.Second, 10 * time.Minute, 3 * time.Hour} {
		t.Run(fmt.Sprint("held for ", until), func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				s := schedule.New(d.js, clock.Scale{})
				now := time.Now()
				x := due("1001", now)
				m, seq := d.inFlight(s, named(x, "Old", now))
				d.put(s, named(x, "New", now.Add(time.Hour)))
				for range 2 {
					if back, err := s.PutBack(t.Context(), named(x, "Old", now.Add(until)), seq, reason.QuietHours); err != nil || back {
						t.Fatalf("put back: %v, %v", back, err)
					}
				}
				if err := m.DoubleAck(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := d.wait(4 * time.Hour)
				if len(got) != 1 || got[0].touch.Snapshot.FirstName != "New" || got[0].at.Sub(now) < time.Hour {
					t.Fatalf("%+v; want the one that was planned last, at its time", got)
				}
			})
		})
	}
}

// What is put back, planned again and erased at one moment: the newer content is what is
// left, and of who was erased nothing is.
func TestWhatIsPutBackAtTheMomentOfAnotherPlanOrAnErasure(t *testing.T) {
	for _, c := range []struct {
		name           string
		planned, erase bool
	}{{"planned again", true, false}, {"erased", false, true}, {"both, who came back", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				s := schedule.New(d.js, clock.Scale{})
				for n := range 200 {
					now := time.Now()
					x := due(fmt.Sprint(n), now)
					x.Caused = now.Add(-time.Hour)
					m, seq := d.inFlight(s, named(x, "Old", now))
					newer := named(x, "New", now.Add(2*time.Hour))
					newer.Caused = now
					var wg sync.WaitGroup
					do := func(f func(ctx context.Context) error) {
						wg.Go(func() {
							if err := f(t.Context()); err != nil {
								t.Error(err)
							}
						})
					}
					if c.planned {
						do(func(ctx context.Context) error { return s.Put(ctx, []touch.Touch{newer}) })
					}
					if c.erase {
						do(func(ctx context.Context) error {
							_, err := s.Forget(ctx, x.Worker, x.Customer, now.Add(-time.Minute))
							return err
						})
					}
					do(func(ctx context.Context) error {
						_, err := s.PutBack(ctx, named(x, "Old", now.Add(time.Hour)), seq, reason.QuietHours)
						return err
					})
					wg.Wait()
					if err := m.DoubleAck(t.Context()); err != nil {
						t.Fatal(err)
					}
					want := "[]"
					if c.planned {
						want = "[New]"
					}
					if got := fmt.Sprint(d.scheduled(s, x)); got != want {
						t.Fatalf("round %d: %s is on the schedule, want %s", n, got, want)
					}
					if _, err := s.Forget(t.Context(), x.Worker, x.Customer, time.Time{}); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}

// A touch falls due, is planned again while it is judged, falls due at once, and both are
// held at one moment: each sees what the other put back, and one of them stays.
func TestOfTwoThatArePutBackAtOnceOneStays(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		for n := range 200 {
			now := time.Now()
			x := due(fmt.Sprint(n), now)
			first, one := d.inFlight(s, named(x, "Old", now))
			second, two := d.inFlight(s, named(x, "New", now))
			var wg sync.WaitGroup
			for name, seq := range map[string]uint64{"Old": one, "New": two} {
				wg.Go(func() {
					if _, err := s.PutBack(t.Context(), named(x, name, now.Add(time.Hour)), seq, reason.QuietHours); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			_ = first.Ack() // its message is gone
			if err := second.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(d.scheduled(s, x)); got != "[New]" {
				t.Fatalf("round %d: %s is on the schedule, want the newer one", n, got)
			}
			if _, err := s.Forget(t.Context(), x.Worker, x.Customer, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
