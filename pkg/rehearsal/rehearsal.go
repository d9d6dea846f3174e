// Package rehearsal lives through the history of a shop with a configuration, and tells
// what every customer would have got, and why not. It makes no rule of its own: intake,
// planners, calendar, gate and delivery are those that decide live, on a clock that is
// moved by hand and with what they keep in NATS and Redis kept in this process. It reaches
// no server and sends nothing.
//
// Customers have little to do with each other, so they live in shards, several at once.
// What concerns all of them happens between: what a shop says of its products, the nightly
// statistics, and what the calendar tells.
package rehearsal

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/programme"
)

// Options say what is rehearsed.
type Options struct {
	Config *config.Config
	// Secret makes who is held out the same customers as live. Empty: others are.
	Secret string
	Now    time.Time // what reading an event takes for now; zero: it is now
	Until  time.Time // how long is lived through; zero: until the last event
	Cores  int       // 0: all
	// Progress is told how far it has come; may be nil.
	Progress func(at, from, to time.Time)
	// Timeline is told all that would be on the timeline, of several customers at the same
	// time; may be nil.
	Timeline func(e customer.Entry)
}

// A Rehearsal is one configuration, and the history that it is to live through.
type Rehearsal struct {
	o Options
	e *engine
	History
}

// defaultSecret is for installations that have none yet.
const defaultSecret = "rehearsed without the installation's own secret"

// New returns a rehearsal of no history.
func New(o Options) (*Rehearsal, error) {
	secretless := o.Secret == ""
	if secretless {
		o.Secret = defaultSecret
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Cores == 0 {
		o.Cores = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(time.Time, time.Time, time.Time) {}
	}
	id, err := customer.NewIdentity(o.Secret)
	if err != nil {
		return nil, err
	}
	e, err := newEngine(o.Config, id, o.Now)
	if err != nil {
		return nil, err
	}
	e.cores, e.secretless, e.timeline = o.Cores, secretless, o.Timeline
	return &Rehearsal{o: o, e: e, History: History{e: e}}, nil
}

// Identity returns what tells where customers are kept.
func (r *Rehearsal) Identity() *customer.Identity { return r.e.id }

// Stores returns the stores that are rehearsed.
func (r *Rehearsal) Stores() map[string]*programme.Store { return r.e.stores }

// A Result is what became of everybody.
type Result struct {
	From, To time.Time
	Events   int
	Orders   int
	Outcomes []Outcome // by person, then by time
	Offers   []Offer   // likewise
	Pending  int       // touches that wait at the end
	Unread   Unread    // of an installation that goes on; see there

	e *engine
	h *History
}

// Live lives through the history. It is called once.
func (r *Rehearsal) Live(ctx context.Context) (*Result, error) {
	from, to := r.Span()
	if !r.o.Until.IsZero() {
		to = r.o.Until
	}
	to = to.Add(time.Millisecond) // what is told at the end counts
	if err := r.e.live(ctx, &r.History, to, func(at time.Time) { r.o.Progress(at, from, to) }); err != nil {
		return nil, err
	}
	out := &Result{From: from, To: to, Events: r.Len(), e: r.e, h: &r.History}
	if r.taken != nil {
		out.Unread = r.taken.Unread
	}
	n := 0
	for _, s := range r.e.shards {
		n += len(s.ledger.outcomes)
	}
	out.Outcomes = make([]Outcome, 0, n)
	for _, s := range r.e.shards {
		out.Outcomes, out.Offers = append(out.Outcomes, s.ledger.outcomes...), append(out.Offers, s.ledger.offers...)
		s.ledger.outcomes, s.ledger.offers = nil, nil // they are kept once
		out.Orders += s.ledger.orders
		out.Pending += s.board.Len()
		for _, n := range s.parked {
			out.Pending += n
		}
		if s.ledger.failed != nil {
			return nil, s.ledger.failed
		}
	}
	names := r.who.name
	slices.SortStableFunc(out.Outcomes, func(a, b Outcome) int {
		return byPerson(names, a.Person, a.At, b.Person, b.At)
	})
	slices.SortStableFunc(out.Offers, func(a, b Offer) int { return byPerson(names, a.Person, a.At, b.Person, b.At) })
	return out, nil
}

func byPerson(names []string, a int32, at time.Time, b int32, bt time.Time) int {
	return cmp.Or(compareNames(names, a, b), at.Compare(bt))
}

// compareNames compares persons by name; nobody is before all.
func compareNames(names []string, a, b int32) int {
	name := func(n int32) string {
		if n < 0 {
			return ""
		}
		return names[n]
	}
	return cmp.Compare(name(a), name(b))
}
