package schedule_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers"
)

// pending returns what is pending for some ids.
func (d *desk) pending(s *schedule.Schedule, tokens ...string) (out []schedule.PendingTouch) {
	d.t.Helper()
	for _, token := range tokens {
		some, err := s.OfCustomer(d.t.Context(), "thank-you", customer.Key{Store: "main", Token: token})
		if err != nil {
			d.t.Fatal(err)
		}
		out = append(out, some...)
	}
	return out
}

// A planner reads a person, who is erased, with all that is pending, before it puts its
// plan. What it puts then does not stay until it is due.
func TestWhatIsPutAfterAnErasureDoesNotStay(t *testing.T) {
	const own, other = "abcdefghijklmnop", "bbbbbbbbbbbbbbbb"
	for _, c := range []struct {
		name         string
		twin         bool // the touch was pending under another id of the person
		fails, crash bool // the look after the put fails; and the process dies
	}{
		{name: "the customer moved"},
		{name: "it is pending under another id", twin: true},
		{name: "the look fails, and the message is kept", fails: true},
		{name: "the process dies after the put, and another is given the message", fails: true, crash: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				s := schedule.New(d.js, clock.Scale{})
				e := placed("main", time.Now())
				e.Sequence = 1
				p := &moving{}
				if c.fails {
					p.fails = 1
				}
				customer.Apply(&p.who, e.Event)
				if c.twin {
					p.tokens = []string{own, other}
					under := e
					under.Key.Token = other
					if err := thanking(t, &people{who: p.who}, s, nil).Plan(t.Context(), []customer.Entry{under}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Minute)
				erase := func() {
					gone := &events.CustomerErased{Customer: events.Customer{ID: "ann"}}
					now := time.Now()
					customer.Apply(&p.who, events.Event{ID: "e9", Source: "/shop", Store: "main", Type: gone.Type(), Time: now, Data: gone})
					p.tokens = nil // nothing says any more whose id the other was
					for _, token := range []string{own, other} {
						if _, err := s.Forget(t.Context(), "thank-you", customer.Key{Store: "main", Token: token}, now); err != nil {
							t.Fatal(err)
						}
					}
				}
				slow := thanking(t, nil, s, nil)
				slow.People = p
				if c.twin { // after the planner saw where it is pending
					slow.Schedule = schedule.New(&between{JetStream: d.js, do: erase}, clock.Scale{})
				} else {
					p.between = erase
				}
				err := slow.Plan(t.Context(), []customer.Entry{e})
				if (err != nil) != c.fails {
					t.Fatal(err)
				}
				switch {
				case c.crash:
					again := thanking(t, &people{who: p.who}, s, nil)
					again.Decode = func(jetstream.Msg) (customer.Entry, error) { return e, nil }
					d.publish([]byte{0})
					d.loop(func(_ context.Context, ms []*bus.Msg) {
						for _, m := range ms {
							m.Done(bus.Later(time.Second))
						}
					})
					d.loop(again.Handle)
				case c.fails:
					if err := slow.Plan(t.Context(), []customer.Entry{e}); err != nil {
						t.Fatal(err)
					}
				}
				if left := d.pending(s, own, other); len(left) > 0 {
					t.Errorf("%+v; want nothing that is scheduled for who was erased", left)
				}
			})
		})
	}
}

// The recipient of a present is erased, with the email about it that is pending for who
// ordered it, before a planner puts that email.
func TestWhatIsPutForAnErasedAddressDoesNotStay(t *testing.T) {
	const gift = "gift@example.com"
	for _, c := range []struct {
		name   string
		erased time.Duration // after the order; 0: never
		left   int
	}{{"since the order", time.Minute, 0}, {"before the order", -time.Hour, 1}, {"never", 0, 1}} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				s := schedule.New(d.js, clock.Scale{})
				e := placed("main", time.Now())
				e.Event.Data.(*events.OrderPlaced).Customer.Email = gift
				p := &people{}
				known := &events.CustomerCreated{Customer: events.Customer{ID: "ann", Email: "ann@example.com"}}
				customer.Apply(&p.who, events.Event{ID: "e0", Source: "/shop", Store: "main", Type: known.Type(), Time: e.Event.Time, Data: known})
				planner := thanking(t, nil, s, nil)
				planner.Address = func(_, email string) string { return email }
				planner.Mailbox = func(store, hash string) customer.Key { return customer.Key{Store: store, Token: hash} }
				planner.People = withGuest{p, gift, e.Event.Time.Add(c.erased), c.erased != 0}
				if err := planner.Plan(t.Context(), []customer.Entry{e}); err != nil {
					t.Fatal(err)
				}
				if left := d.pending(s, e.Key.Token); len(left) != c.left {
					t.Errorf("%+v; want %d", left, c.left)
				}
			})
		})
	}
}

// withGuest are people one address of whom was erased.
type withGuest struct {
	schedule.People
	email  string
	at     time.Time
	erased bool
}

func (g withGuest) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	out, err := g.People.Read(ctx, asks, near...)
	for i, a := range asks {
		if a.Email == g.email {
			out[i] = customer.Person{Guest: &customer.Record{}}
			if g.erased {
				out[i].Guest.Customer.Erased.At = g.at.UnixMilli()
			}
		}
	}
	return out, err
}

// A better time is there already. What another process put since the touch was read is
// not replaced.
func TestABetterTimeThatIsDueDoesNotReplaceWhatWasPutSince(t *testing.T) {
	for _, fell := range []bool{false, true} { // the pending touch, due
		bubble(t, func(t *testing.T, d *desk) {
			s := schedule.New(d.js, clock.Scale{})
			due := func(at time.Time, bare bool) func(workers.Worker) workers.Worker {
				return func(w workers.Worker) workers.Worker {
					plan := w.Plan
					w.Plan = func(in workers.Input) []touch.Touch {
						out := plan(in)
						for i := range out {
							if out[i].Due = at; bare {
								out[i].Snapshot = nil
							}
						}
						return out
					}
					return w
				}
			}
			now := time.Now()
			later := now.Add(30 * time.Minute)
			if fell {
				later = now
			}
			put := func(name string) {
				e := placed("main", now)
				o := *e.Event.Data.(*events.OrderPlaced)
				o.Customer.FirstName = name
				e.Event.Data = &o
				if err := thanking(t, &people{}, s, due(later, false)).Plan(t.Context(), []customer.Entry{e}); err != nil {
					t.Fatal(err)
				}
			}
			put("Old")
			slow := schedule.New(&between{JetStream: d.js, do: func() { put("New") }}, clock.Scale{})
			if err := thanking(t, &people{}, slow, due(now, true)).Plan(t.Context(), []customer.Entry{placed("main", now)}); err != nil {
				t.Fatal(err)
			}
			got := d.wait(time.Hour)
			if len(got) != 1 || got[0].touch.Snapshot.FirstName != "New" || got[0].at.After(now.Add(time.Minute)) {
				t.Fatalf("fell due %v: %+v; want one touch at once, with the name that was told last", fell, got)
			}
		})
	}
}
