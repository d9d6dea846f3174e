package schedule_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/schedule"
	"homing/pkg/timeline"
	"homing/pkg/touch"
	"homing/workers"
)

// moving are people whose record moves, and what comes of that is planned, between the
// moment at which a planner reads them and the moment at which it puts its plan.
type moving struct {
	people
	between func() // called once, after that
	looks   int
	fails   int // of the looks after the put, so many fail
}

func (l *moving) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	out, err := l.people.Read(ctx, asks, near...)
	if l.between != nil {
		f := l.between
		l.between = nil
		f()
	}
	return out, err
}

func (l *moving) Same(_ context.Context, persons []customer.Person) ([]bool, error) {
	l.looks++
	if l.fails > 0 {
		l.fails--
		return nil, errors.New("Redis is away")
	}
	return []bool{l.looks > 1}, nil
}

// An order is told, and told again with other content; the older copy is planned by a
// process that is slow to put its plan. The newer plan wins, whatever happens to the
// slow one.
func TestALatePlanDoesNotReplaceANewerOne(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails int
		crash bool
	}{
		{"the customer moved", 0, false},
		{"the look fails, and the message is kept", 1, false},
		{"the process dies after the put, and another is given the message", 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				now := time.Now()
				s, tl := schedule.New(d.js, clock.Scale{}), timeline.New(d.js)
				told := func(id, name string, at time.Time) customer.Entry {
					e := placed("main", at)
					e.Key.Bucket = 7
					e.Event.ID = id
					price, err := events.ParseMoney("12.95", "GBP")
					if err != nil {
						t.Fatal(err)
					}
					e.Event.Data = &events.OrderPlaced{Customer: events.Customer{ID: "ann", Email: "ann@example.com"},
						Order: events.Order{ID: "1001", Total: price, Items: []events.Item{{ProductID: "p", Name: name, Quantity: 1, Price: price}}}}
					es := []customer.Entry{e}
					if err := tl.Append(t.Context(), es); err != nil {
						t.Fatal(err)
					}
					return es[0]
				}
				older := told("e-1", "old", now.Add(-time.Minute))
				p := &moving{fails: c.fails}
				customer.Apply(&p.who, older.Event)
				p.between = func() {
					newer := told("e-2", "new", now)
					customer.Apply(&p.who, newer.Event)
					if err := thanking(t, &people{who: p.who}, s, nil).Plan(t.Context(), []customer.Entry{newer}); err != nil {
						t.Fatal(err)
					}
				}
				slow := thanking(t, nil, s, nil)
				slow.People, slow.Timeline = p, tl
				err := slow.Plan(t.Context(), []customer.Entry{older})
				if (err != nil) != (c.fails > 0) {
					t.Fatal(err)
				}
				switch {
				case c.crash:
					again := thanking(t, &people{who: p.who}, s, nil)
					again.Timeline, again.Decode = tl, func(jetstream.Msg) (customer.Entry, error) { return older, nil }
					d.publish([]byte{0})
					d.loop(func(_ context.Context, ms []*bus.Msg) {
						for _, m := range ms {
							m.Done(bus.Later(time.Second))
						}
					})
					d.loop(again.Handle)
				case err != nil:
					if err = slow.Plan(t.Context(), []customer.Entry{older}); err != nil {
						t.Fatal(err)
					}
				}
				got := d.wait(time.Hour)
				if len(got) != 1 || got[0].touch.Snapshot.Items[0].Name != "new" {
					t.Fatalf("%+v; want one touch, as the order was told last", got)
				}
			})
		})
	}
}

// A better time is found for what was pending when it was read; another process puts
// newer content in between. The newer content is displayed.
func TestABetterTimeDoesNotReplaceWhatWasPutSince(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		named := func(name string) customer.Entry {
			e := placed("main", time.Now())
			o := *e.Event.Data.(*events.OrderPlaced)
			o.Customer.FirstName = name
			e.Event.Data = &o
			return e
		}
		put := func(name string) {
			if err := thanking(t, &people{}, s, nil).Plan(t.Context(), []customer.Entry{named(name)}); err != nil {
				t.Fatal(err)
			}
		}
		put("Old")
		moved := named("")
		moved.Event.Type = events.TypeOrderUpdated
		slow := schedule.New(&between{JetStream: d.js, do: func() { put("New") }}, clock.Scale{})
		if err := thanking(t, &people{}, slow, barely).Plan(t.Context(), []customer.Entry{moved}); err != nil {
			t.Fatal(err)
		}
		got := d.wait(time.Hour)
		if len(got) != 1 || got[0].touch.Snapshot.FirstName != "New" {
			t.Fatalf("%+v; want one touch, with the name that was told last", got)
		}
	})
}

// between is a connection that lets something happen after what is pending was read, and
// before a plan is put.
type between struct {
	jetstream.JetStream
	conns int
	do    func()
}

func (b *between) Conn() *nats.Conn {
	if b.conns++; b.conns == 2 {
		b.do()
	}
	return b.JetStream.Conn()
}

// barely has a worker know nothing but the time from an order that was changed.
func barely(w workers.Worker) workers.Worker {
	plan := w.Plan
	w.Plan = func(in workers.Input) []touch.Touch {
		bare := in.Event.Type == events.TypeOrderUpdated
		in.Event.Type = events.TypeOrderPlaced
		out := plan(in)
		for i := range out {
			if bare {
				out[i].Snapshot = nil
			}
		}
		return out
	}
	return w
}

// What an order displays and when its email is due come in one batch, as after a
// backlog: the newest content is displayed, at the new time.
func TestABetterTimeDoesNotBringBackOlderContent(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		named := func(name string) customer.Entry {
			e := placed("main", time.Now())
			o := *e.Event.Data.(*events.OrderPlaced)
			o.Customer.FirstName = name
			e.Event.Data = &o
			return e
		}
		if err := thanking(t, &people{}, s, nil).Plan(t.Context(), []customer.Entry{named("Old")}); err != nil {
			t.Fatal(err)
		}
		moved := named("")
		moved.Event.Type = events.TypeOrderUpdated
		planner := thanking(t, &people{}, s, barely)
		if err := planner.Plan(t.Context(), []customer.Entry{named("New"), moved}); err != nil {
			t.Fatal(err)
		}
		got := d.wait(time.Hour)
		if len(got) != 1 || got[0].touch.Snapshot.FirstName != "New" {
			t.Fatalf("%+v; want one touch, with the name that was told last", got)
		}
	})
}
