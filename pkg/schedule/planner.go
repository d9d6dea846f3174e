package schedule

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/pkg/trace"
	"homing/workers"
)

// People are the customers' records, joined to persons.
type People interface {
	// Read returns persons. It takes one round trip where each has one id, and near
	// names their mailboxes.
	Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error)
	// Same reports of persons whether all that they rest on is as it was.
	Same(ctx context.Context, persons []customer.Person) ([]bool, error)
}

// Timeline is where entries come from.
type Timeline interface {
	// After returns the entries of some customers of a store after a sequence.
	After(ctx context.Context, store string, keys []customer.Key, sequence uint64) ([]customer.Entry, error)
	// Get returns the entries with these sequences, and how many are gone.
	Get(ctx context.Context, sequences []uint64) ([]customer.Entry, int, error)
}

// A Board is where planned touches wait: a Schedule, or what a rehearsal has in the
// place of one.
type Board interface {
	// Forget deletes the touches of a customer that are pending with a worker and were
	// caused no later than some time; see Schedule.
	Forget(ctx context.Context, worker string, k customer.Key, until time.Time) (int, error)
	// ForgetTo deletes those that go to the address of an order.
	ForgetTo(ctx context.Context, worker string, k customer.Key, email string, until time.Time) (int, error)
	forgetTouch(ctx context.Context, of touch.Touch, until time.Time) (int, error)
	latest(ctx context.Context, ts []touch.Touch, fn func(t touch.Touch, seq uint64, due bool)) error
	put(ctx context.Context, plans []carried) error
	partition(bucket uint8) int
}

// Planner asks one worker what timeline entries lead to.
type Planner struct {
	Workers  map[string]*programme.Worker               // by store; a store without one plans nothing
	Zones    map[string]*time.Location                  // by store
	Products func(store string) *product.Snapshot       // may be nil
	Habits   func(c *customer.Customer) *product.Habits // that are known already; may be nil
	People   People
	Schedule Board
	Decode   func(jetstream.Msg) (customer.Entry, error)
	Overlook func(jetstream.Msg) bool              // tells of what is not worth decoding; may be nil
	Address  func(store, email string) string      // keyed hash of an address; may be nil
	Mailbox  func(store, hash string) customer.Key // where it is kept what is known about it; nil with Address
	Scale    clock.Scale
	Timeline Timeline            // may be nil: then plans that overtake each other are left as they are, and nothing is recalled
	Planned  func(n int)         // told how many touches were scheduled; may be nil
	Took     func(time.Duration) // told how long a batch took that concerns the worker; may be nil
	Trace    *trace.Tracer       // may be nil
	// Partition is the one whose entries it plans, where the timeline is split.
	Partition int

	unsure  unsure
	desk    *Desk  // nil: it works alone
	reached uint64 // the highest sequence it brought to the desk, whose lock it is under
}

// planTries bounds how often a batch is planned again because its customers
// changed while it was planned.
const planTries = 5

// undecodable is how long an entry waits that this version cannot read.
const undecodable = 10 * time.Minute

// Handle plans a batch: it is a bus.Handler.
func (p *Planner) Handle(ctx context.Context, batch []*bus.Msg) {
	entries := make([]customer.Entry, 0, len(batch))
	mine := make([]*bus.Msg, 0, len(batch))
	for _, m := range batch {
		if p.Overlook != nil && p.Overlook(m.Msg) {
			m.Done(nil)
			continue
		}
		e, err := p.Decode(m.Msg)
		if err != nil {
			// A newer version may understand it; nothing on the timeline is rejected.
			m.Done(bus.Later(undecodable))
			continue
		}
		if md, err := m.Metadata(); err == nil && md.NumDelivered > 1 {
			p.unsure.add(e)
		}
		entries, mine = append(entries, e), append(mine, m)
	}
	places := make([]uint64, len(entries)) // plan works in place
	for i, e := range entries {
		places[i] = e.Sequence
	}
	aside, err := p.plan(ctx, entries)
	for i, m := range mine {
		if aside[places[i]] != nil && err == nil {
			m.Done(bus.Later(awayFor))
			continue
		}
		m.Done(err)
	}
}

// awayFor is after how long an entry comes again that needs a partition which is away.
const awayFor = 10 * time.Second

// concerned reports whether an entry may lead to an email of the worker. Nobody is
// emailed about an order that tests the shop.
func (p *Planner) concerned(e customer.Entry) bool {
	w, ok := p.Workers[e.Key.Store]
	if !ok || !w.Concerned(e.Event) {
		return false
	}
	o := events.OrderTold(e.Event.Data)
	return o == nil || !o.Test
}

// Plan schedules what the entries lead to, those that concern the worker. Each
// person is read, the entries are folded into that copy, and the worker is asked; when
// something that the person rests on moved before everything was scheduled, the plan
// may be stale and is made again: the last plan made is never older than the last
// change.
func (p *Planner) Plan(ctx context.Context, entries []customer.Entry) error {
	aside, err := p.plan(ctx, entries)
	for _, why := range aside {
		err = errors.Join(err, why)
		break
	}
	return err
}

// plan is Plan, but for entries that need another partition, which is away: those it
// returns, by their sequences, and has not planned.
func (p *Planner) plan(ctx context.Context, entries []customer.Entry) (aside map[uint64]error, err error) {
	entries = slices.DeleteFunc(entries, func(e customer.Entry) bool { return !p.concerned(e) })
	if len(entries) == 0 {
		return nil, nil
	}
	if p.Took != nil {
		defer func(began time.Time) { p.Took(time.Since(began)) }(time.Now())
	}
	var end func(aside map[uint64]error, err error)
	if p.Trace != nil {
		entries, end = p.traced(entries)
	}
	j := newJob(p, entries)
	if p.desk != nil {
		p.desk.plan(ctx, j)
	} else {
		_ = round(ctx, []*job{j}) // the job knows
	}
	if end != nil {
		end(j.aside, j.err)
	}
	return j.aside, j.err
}

// ask returns the touches that are still worth scheduling, of people into whom the entries
// are folded.
func (p *Planner) ask(entries []customer.Entry, people map[customer.Key]*customer.Customer) []plan {
	now := p.Scale.Now()
	var out []plan
	for _, e := range entries {
		w, c := p.Workers[e.Key.Store], people[e.Key]
		if forgotten(c, e) {
			continue // told late, or planned late: it is forgotten
		}
		in := workers.Input{Event: e.Event, Key: e.Key, Customer: c, Zone: p.Zones[e.Key.Store], Now: now, KnownHabits: p.Habits}
		if p.Products != nil {
			in.Products = p.Products(e.Key.Store)
		}
		for _, t := range w.Touches(in) {
			t.Customer, t.Caused, t.Trace = e.Key, e.Event.Time, e.Trace
			t.Wake = Wake(t.Due, e.Event.Time, now)
			if t.Late = t.Wake.After(t.Due); t.Late {
				t.Zone = ""
			}
			if worth(t, w, now) && !claimed(t, w, in) {
				t.Address = p.address(e.Key.Store, c)
				t.Snapshot = Addressed(t.Snapshot, e.Event, w.OfOrder)
				out = append(out, plan{t, c.Tokens, w.OfOrder, e.Sequence, c.Account()})
			}
		}
	}
	return out
}

// Addressed is what an email displays, with the names that the event has, and with its
// address if the email is about the event's order.
func Addressed(s *touch.Snapshot, e events.Event, ofOrder bool) *touch.Snapshot {
	d, ok := e.Data.(events.CustomerData)
	if s == nil || !ok {
		return s
	}
	out, who := *s, d.Who()
	if out.FirstName, out.LastName = who.FirstName, who.LastName; ofOrder {
		out.To = who.Email
	}
	return &out
}

// near returns the mailbox that an entry names, if any: it is read with the customer.
func (p *Planner) near(e customer.Entry) (customer.Key, bool) {
	d, ok := e.Event.Data.(events.CustomerData)
	if !ok || d.Who().Email == "" || p.Mailbox == nil {
		return customer.Key{}, false
	}
	return p.Mailbox(e.Key.Store, p.Address(e.Key.Store, d.Who().Email)), true
}

func (p *Planner) address(store string, c *customer.Customer) string {
	if p.Address == nil || c.Account() == "" {
		return ""
	}
	return p.Address(store, c.Account())
}

// What is told long after it happened comes with much else: a backlog after an
// outage, or the past of a shop that goes live. What undoes it, a cancellation
// or a refund, may be next in line, so the email waits until that was taken in.
const (
	toldLate = time.Hour
	grace    = 10 * time.Minute
)

// Wake is when a touch is looked at.
func Wake(due, happened, now time.Time) time.Time {
	if now.Sub(happened) > toldLate && due.Before(now.Add(grace)) {
		return now.Add(grace)
	}
	return due
}

// worth reports whether there is still time for the touch.
func worth(t touch.Touch, w *programme.Worker, now time.Time) bool {
	for _, s := range w.Steps {
		if s.Name == t.Step {
			return !now.After(t.Due.Add(s.Expires))
		}
	}
	return false
}

// claimed reports whether the touch has its outcome already, or is on its way to
// one: then a due message of it is in someone's hands, or will be. One that was
// dropped for a reason which does not hold any more has none.
func claimed(t touch.Touch, w *programme.Worker, in workers.Input) bool {
	k, ok := t.ClaimIn(in.Customer)
	if !ok || k.State != customer.Dropped || !reason.Reason(k.Why).Revocable() || t.Snapshot == nil {
		return ok
	}
	in.Event = events.Event{}
	return w.Wanted(t, in).Action == touch.Drop
}
