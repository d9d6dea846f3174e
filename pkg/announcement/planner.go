package announcement

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"go.uber.org/zap"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/touch"
	"homing/workers"
)

// Customers are the customers of a store, to walk over.
type Customers interface {
	Scanner
	// ScanFrom walks on from a place, if it can; see projection.Customers.
	ScanFrom(ctx context.Context, store, place string, resumed func(bool), fn func(batch []customer.Record, next string) error) error
}

// Schedule is where touches wait.
type Schedule interface {
	Put(ctx context.Context, ts []touch.Touch) error
	// Count returns how many touches of an occasion are pending: on the schedule, and
	// fallen due.
	Count(ctx context.Context, worker, store, step, occasion string) (scheduled, due int, err error)
}

// Options are what a Planner works with.
type Options struct {
	Board     *Board
	Entries   Entries
	Stores    map[string]*programme.Store
	Customers Customers
	Facts     Facts
	Schedule  Schedule
	// Recipients returns what finds those of a store's customers.
	Recipients func(ctx context.Context, store string) (*Recipients, error)
	// Ready says why nothing can be planned of an announcement; nil: it can. It may be nil.
	Ready   func(d *Definition) error
	Scale   clock.Scale
	Planned func(n int) // told how many touches were put on the schedule; may be nil
	Log     *zap.Logger
}

// A Planner puts the touches of announcements on the schedule when it is time, and counts
// their outcomes when all have one. Several processes may run one: whose turn it is is said
// in the announcement's entry.
type Planner struct {
	o  Options
	me string
}

// NewPlanner returns a planner.
func NewPlanner(o Options) *Planner { return &Planner{o: o, me: rand.Text()} }

const (
	leaseFor = 30 * time.Second // real time, without a sign of life
	mark     = time.Second      // real time between two of these
	// rarely is when to look again, though nothing changed and nothing is due.
	rarely = 6 * time.Hour
	// retry is when to try again what failed.
	retry = 10 * time.Second
)

var (
	errTaken = errors.New("another process is at it")
	errOver  = errors.New("it was cancelled, or taken over")
)

// Run plans until ctx ends.
func (p *Planner) Run(ctx context.Context) {
	for {
		changed := p.o.Board.Changed() // before looking, or a change in between is missed
		wait := rarely
		for _, a := range p.o.Board.All() {
			wait = min(wait, p.look(ctx, a))
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(wait):
		}
	}
}

// look does what is to be done for an announcement, and returns when to look again, in real
// time.
func (p *Planner) look(ctx context.Context, a *Announcement) time.Duration {
	store := p.o.Stores[a.Store]
	if a.Outcomes != nil || store == nil || ctx.Err() != nil {
		return rarely
	}
	wait, err := p.turn(ctx, a, store)
	switch {
	case err == nil, ctx.Err() != nil, errors.Is(err, errOver):
		return wait
	case errors.Is(err, errTaken):
		return leaseFor
	}
	p.o.Log.Warn("an announcement waits", zap.String("store", a.Store), zap.String("announcement", a.ID), zap.Error(err))
	return retry
}

func (p *Planner) turn(ctx context.Context, a *Announcement, store *programme.Store) (time.Duration, error) {
	if !a.Planned.IsZero() || !a.Cancelled.IsZero() {
		return p.finish(ctx, a)
	}
	if now := p.o.Scale.Now(); now.Before(a.Begins()) {
		return min(rarely, time.Until(p.o.Scale.Real(a.Begins()))+time.Millisecond), nil
	}
	if problem := p.problem(ctx, a, store); problem != "" || a.Problem != "" {
		if _, err := p.o.Entries.Change(ctx, a.Store, a.ID, func(a *Announcement) error {
			if a.Problem == problem {
				return errNothing
			}
			a.Problem = problem
			return nil
		}); err != nil || problem != "" {
			return leaseFor, err
		}
	}
	return rarely, p.plan(ctx, a)
}

// problem says why an announcement cannot be planned now; empty: it can.
func (p *Planner) problem(ctx context.Context, a *Announcement, store *programme.Store) string {
	if store.Worker(Worker).Settings.Status == workers.Off {
		return "workers." + Worker + ".status is off in the store; switch it on"
	}
	if p.o.Ready != nil {
		if err := p.o.Ready(&a.Definition); err != nil {
			return err.Error()
		}
	}
	if _, err := p.recipients(ctx, a); err != nil {
		return err.Error()
	}
	return ""
}

// recipients returns what finds those of an announcement.
func (p *Planner) recipients(ctx context.Context, a *Announcement) (*Recipients, error) {
	who, err := p.o.Recipients(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	return who.For(a)
}

// take takes the turn, if nobody has it.
func (p *Planner) take(ctx context.Context, a *Announcement) (*Announcement, error) {
	return p.o.Entries.Change(ctx, a.Store, a.ID, func(a *Announcement) error {
		switch {
		case a.Outcomes != nil:
			return errOver
		case a.Walk.Owner != "" && a.Walk.Owner != p.me && time.Now().Before(a.Walk.Lease):
			return errTaken
		}
		a.Walk.Owner, a.Walk.Lease = p.me, time.Now().Add(leaseFor)
		return nil
	})
}

// giveUp lets another process take it up at once.
func (p *Planner) giveUp(ctx context.Context, a *Announcement) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, _ = p.o.Entries.Change(ctx, a.Store, a.ID, func(a *Announcement) error { // else the lease ends by itself
		if a.Walk.Owner != p.me {
			return errNothing
		}
		a.Walk.Owner, a.Walk.Lease = "", time.Time{}
		return nil
	})
}

// How often it is looked whether an announcement is done: the longer it takes, the less.
const (
	looksAtFirst = 30 * time.Second
	looksAtMost  = 15 * time.Minute
)

// finish counts the outcomes of an announcement once nothing of it is pending.
func (p *Planner) finish(ctx context.Context, a *Announcement) (time.Duration, error) {
	now := p.o.Scale.Now()
	since := a.Planned
	if since.IsZero() {
		since = a.Cancelled
	}
	again := time.Until(p.o.Scale.Real(now.Add(min(max(now.Sub(since)/10, looksAtFirst), looksAtMost))))
	if soonest := a.Earliest(a.Sent); now.Before(soonest) && a.Cancelled.IsZero() {
		return min(rarely, max(again, time.Until(p.o.Scale.Real(soonest)))), nil
	}
	scheduled, due, err := p.o.Schedule.Count(ctx, Worker, a.Store, a.Step(), a.ID)
	if err != nil || scheduled+due > 0 {
		return again, err
	}
	if a, err = p.take(ctx, a); err != nil {
		return again, err
	}
	defer p.giveUp(ctx, a)
	outcomes, err := Count(ctx, p.o.Customers, p.o.Facts, a, p.o.Scale, nil)
	if err != nil {
		return again, err
	}
	_, err = p.o.Entries.Change(ctx, a.Store, a.ID, func(a *Announcement) error {
		a.Outcomes, a.Done = outcomes, p.o.Scale.Now().UTC().Truncate(time.Millisecond)
		return nil
	})
	if err == nil {
		p.o.Log.Info("an announcement is done", zap.String("store", a.Store), zap.String("announcement", a.ID),
			zap.Int("sent", outcomes.Sent), zap.Int("in all", outcomes.Total()))
	}
	return rarely, err
}
