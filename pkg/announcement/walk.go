package announcement

import (
	"context"
	"maps"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"homing/pkg/customer"
)

// page are customers that were read, and the place after them.
type page struct {
	batch []customer.Record
	next  string
	began bool // the walk began from the start
}

// put is a page whose touches are on their way to the schedule.
type put struct {
	place  string // where the walk goes on after it
	counts Counts // up to it
	failed chan error
}

// ahead is how many pages wait between one stage of a walk and the next: the next ones are
// read and made into touches while NATS stores those before.
const ahead = 2

// plan puts the touches of an announcement on the schedule, from where it was left.
func (p *Planner) plan(ctx context.Context, a *Announcement) (err error) {
	a, err = p.take(ctx, a)
	if err != nil {
		return err
	}
	if !a.Planned.IsZero() || !a.Cancelled.IsZero() {
		p.giveUp(ctx, a)
		return errOver
	}
	who, err := p.recipients(ctx, a)
	if err == nil {
		w := walk{planner: p, a: a, who: who, Walk: a.Walk, marked: time.Now()}
		if err = w.run(ctx); err == nil {
			err = w.end(ctx)
		}
	}
	if err != nil {
		p.giveUp(ctx, a)
	}
	return err
}

// A walk is the planning of one announcement, in this process. Its stages read customers,
// make their touches and put these on the schedule, and note how far they are, all at the
// same time; a page is noted when it and all before it are on the schedule.
type walk struct {
	Walk    // as far as is noted
	planner *Planner
	a       *Announcement
	who     *Recipients
	marked  time.Time // when the entry last said how far it is
}

func (w *walk) run(ctx context.Context) error {
	pages, puts := make(chan page, ahead), make(chan put, ahead)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(pages)
		return w.read(ctx, pages)
	})
	g.Go(func() error {
		defer close(puts)
		counts := w.Counts.clone()
		for x := range pages {
			if err := w.put(ctx, g, x, &counts, puts); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		for x := range puts {
			if err := w.note(ctx, x); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// send hands something to the next stage.
func send[T any](ctx context.Context, to chan<- T, x T) error {
	select {
	case to <- x:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read reads the customers, from where the walk was left if that can be.
func (w *walk) read(ctx context.Context, pages chan<- page) error {
	began := false
	return w.planner.o.Customers.ScanFrom(ctx, w.a.Store, w.a.Walk.Place, func(resumed bool) { began = !resumed }, func(batch []customer.Record, next string) error {
		x := page{batch, next, began}
		began = false
		return send(ctx, pages, x)
	})
}

// put makes the touches of a page and begins to put them on the schedule.
func (w *walk) put(ctx context.Context, g *errgroup.Group, x page, counts *Counts, puts chan<- put) error {
	o := &w.planner.o
	if x.began {
		*counts = Counts{}
	}
	w.who.Now = o.Scale.Now()
	ts, err := w.who.Of(ctx, x.batch, counts)
	if err != nil {
		return err
	}
	out := put{place: x.next, counts: counts.clone(), failed: make(chan error, 1)}
	g.Go(func() error {
		err := o.Schedule.Put(ctx, ts)
		if err == nil && o.Planned != nil {
			o.Planned(len(ts))
		}
		out.failed <- err
		return err
	})
	return send(ctx, puts, out)
}

// note waits until a page is on the schedule, and writes down now and then how far the walk
// is.
func (w *walk) note(ctx context.Context, x put) error {
	if err := <-x.failed; err != nil {
		return err
	}
	w.Place, w.Counts = x.place, x.counts
	if time.Since(w.marked) < mark || x.place == "" {
		return nil
	}
	w.marked = time.Now()
	return w.change(ctx, func(*Announcement) {})
}

// end says that all are on the schedule.
func (w *walk) end(ctx context.Context) error {
	err := w.change(ctx, func(a *Announcement) {
		a.Planned, a.Walk.Owner, a.Walk.Lease, a.Walk.Place = w.planner.o.Scale.Now().UTC().Truncate(time.Millisecond), "", time.Time{}, ""
	})
	if err == nil {
		w.planner.o.Log.Info("an announcement is planned", zap.String("store", w.a.Store), zap.String("announcement", w.a.ID),
			zap.Int("customers", w.Customers), zap.Int("audience", w.Audience), zap.Int("planned", w.Planned))
	}
	return err
}

// change writes down how far the walk is, and what else is so. It fails with errOver if the
// announcement was cancelled, or another process thought that this one had died.
func (w *walk) change(ctx context.Context, fn func(a *Announcement)) error {
	_, err := w.planner.o.Entries.Change(ctx, w.a.Store, w.a.ID, func(a *Announcement) error {
		if a.Walk.Owner != w.planner.me || !a.Cancelled.IsZero() {
			return errOver
		}
		a.Walk = w.Walk
		a.Walk.Owner, a.Walk.Lease = w.planner.me, time.Now().Add(leaseFor)
		fn(a)
		return nil
	})
	return err
}

// clone returns counts that share nothing with these.
func (c Counts) clone() Counts {
	c.Left = maps.Clone(c.Left)
	return c
}
