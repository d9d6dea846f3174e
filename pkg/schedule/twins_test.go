package schedule_test

import (
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

// thanking is a planner of thank-yous for some people.
func thanking(t *testing.T, p *people, s *schedule.Schedule, change func(workers.Worker) workers.Worker) *schedule.Planner {
	t.Helper()
	w, err := thankyou.Kind.New(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		w = change(w)
	}
	return &schedule.Planner{Workers: map[string]*programme.Worker{"main": {Kind: thankyou.Kind, Worker: w}}, People: p, Schedule: s}
}

// A shop tells one order under two ids of one person, or a delivery under another id
// than the order.
func TestATouchIsPlannedUnderTheIdUnderWhichItIsPending(t *testing.T) {
	const first, second = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
	for _, bare := range []bool{false, true} {
		bubble(t, func(t *testing.T, d *desk) {
			s := schedule.New(d.js, clock.Scale{})
			soon := time.Now().Add(10 * time.Minute)
			change := func(w workers.Worker) workers.Worker {
				if bare {
					return moves(w, soon)
				}
				return w
			}
			under := func(token string) customer.Entry {
				e := placed("main", time.Now())
				e.Key.Token = token
				return e
			}
			p := &people{tokens: []string{first, second}}
			if err := thanking(t, p, s, nil).Plan(t.Context(), []customer.Entry{under(second)}); err != nil {
				t.Fatal(err)
			}
			if err := thanking(t, p, s, change).Plan(t.Context(), []customer.Entry{under(first)}); err != nil {
				t.Fatal(err)
			}
			got := d.wait(time.Hour)
			if len(got) != 1 || got[0].touch.Customer.Token != second || got[0].touch.Snapshot.Order != "1001" {
				t.Fatalf("bare %v: %+v; want one touch, under the id it was pending under", bare, got)
			}
			if bare && got[0].at.After(soon.Add(late)) {
				t.Errorf("it came at %s, want %s", got[0].at, soon)
			}
		})
	}
}

func TestWhatATouchCarriesOfTheEventThatCausedIt(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		planner := thanking(t, &people{}, s, nil)
		e := placed("main", time.Now())
		o := *e.Event.Data.(*events.OrderPlaced)
		o.Customer = events.Customer{ID: "corp", Email: "bob@example.com", FirstName: "Bob"}
		told := o
		told.Customer = events.Customer{ID: "corp", FirstName: "Rob"} // told again, without the address
		for _, x := range []*events.OrderPlaced{&o, &told} {
			e.Event.Data = x
			if err := planner.Plan(t.Context(), []customer.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		got := d.wait(time.Hour)
		if len(got) != 1 || got[0].touch.Snapshot.To != "bob@example.com" || got[0].touch.Snapshot.FirstName != "Rob" {
			t.Errorf("%+v; want the address that was told first, and the name of the last", got)
		}
	})
}

func TestWhatLeadsToNothing(t *testing.T) {
	ann := events.Customer{ID: "ann", Email: "ann@example.com"}
	for name, c := range map[string]struct {
		change func(e *events.Event)
		want   int
	}{
		"an order": {func(e *events.Event) { e.Data = &events.OrderPlaced{Customer: ann, Order: events.Order{ID: "1"}} }, 1},
		"an order that tests the shop": {func(e *events.Event) {
			e.Data = &events.OrderPlaced{Customer: ann, Order: events.Order{ID: "1", Test: true}}
		}, 0},
		"an order of nobody":                  {func(e *events.Event) { e.Data = &events.OrderPlaced{Order: events.Order{ID: "1"}} }, 0},
		"a copy that is kept with another id": {func(e *events.Event) { e.Copy = true }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				e := placed("main", time.Now())
				c.change(&e.Event)
				if err := thanking(t, &people{}, schedule.New(d.js, clock.Scale{}), nil).Plan(t.Context(), []customer.Entry{e}); err != nil {
					t.Fatal(err)
				}
				if n := d.left(); n != c.want {
					t.Errorf("%d touches, want %d", n, c.want)
				}
			})
		})
	}
}

// The touch is claimed under another id of the person.
func TestWhatHasItsOutcomeUnderAnotherIdIsNotPlanned(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		e := placed("main", time.Now())
		p := &people{tokens: []string{e.Key.Token, "bbbbbbbbbbbbbbbb"}}
		twin := touch.Touch{Worker: thankyou.Name, Step: "thanks", Customer: e.Key, Occasion: "1001"}.Under("bbbbbbbbbbbbbbbb")
		p.who.SetClaim(customer.Claim{Touch: twin.ClaimKey(), State: customer.Sent, At: 1})
		if err := thanking(t, p, schedule.New(d.js, clock.Scale{}), nil).Plan(t.Context(), []customer.Entry{e}); err != nil {
			t.Fatal(err)
		}
		if n := d.left(); n != 0 {
			t.Errorf("%d touches, want none", n)
		}
	})
}
