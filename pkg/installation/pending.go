package installation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/schedule"
	"homing/workers"
)

// DayCounts is how many touches of a worker are pending in a store, by the day
// on which they are looked at, in the store's time zone.
type DayCounts struct {
	Store   string `json:"store"`
	Worker  string `json:"worker"`
	FellDue int    `json:"fell_due"` // waiting to be decided
	Days    []int  `json:"days"`     // the first is today
	Later   int    `json:"later"`
}

// Total is how many there are in all.
func (d DayCounts) Total() int {
	n := d.FellDue + d.Later
	for _, x := range d.Days {
		n += x
	}
	return n
}

// PendingByDay counts the pending touches of all workers by day, today and the
// days that follow. step is told now and then how many were seen.
func (i *Installation) PendingByDay(ctx context.Context, days int, step func(seen int)) ([]DayCounts, error) {
	var out []DayCounts
	seen := 0
	for _, k := range programme.Kinds {
		byStore := map[string]*DayCounts{}
		for store := range i.stores {
			byStore[store] = &DayCounts{Store: store, Worker: k.Name, Days: make([]int, days)}
		}
		err := i.schedule.Walk(ctx, k.Name, func(ps []schedule.Place) error {
			for _, p := range ps {
				c, ok := byStore[p.Store]
				if !ok { // not configured here any more, and pending all the same
					c = &DayCounts{Store: p.Store, Worker: k.Name, Days: make([]int, days)}
					byStore[p.Store] = c
				}
				c.add(p.Wake, i.Today(p.Store))
			}
			seen += len(ps)
			step(seen)
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, c := range byStore {
			out = append(out, *c)
		}
	}
	order := programme.WorkerNames()
	slices.SortFunc(out, func(a, b DayCounts) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(slices.Index(order, a.Worker), slices.Index(order, b.Worker)))
	})
	return out, nil
}

// Today is the beginning of the day in a store's time zone.
func (i *Installation) Today(store string) time.Time {
	zone := time.UTC
	if s := i.stores[store]; s != nil {
		zone = s.Zone
	}
	return localtime.DayStart(i.o.Scale.Now().In(zone))
}

func (d *DayCounts) add(wake, today time.Time) {
	if wake.IsZero() {
		d.FellDue++
		return
	}
	day := localtime.DayStart(wake.In(today.Location()))
	// Days have 23 to 25 hours; half a day more or less finds the right one.
	switch n := int((day.Sub(today) + 12*time.Hour) / (24 * time.Hour)); {
	case n < 0: // late, and about to fire
		d.Days[0]++
	case n >= len(d.Days):
		d.Later++
	default:
		d.Days[n]++
	}
}

// Uncertain is an email of which nobody knows whether it was sent.
type Uncertain struct {
	At        time.Time `json:"at"`
	Store     string    `json:"store"`
	Customer  string    `json:"customer"` // the token
	Worker    string    `json:"worker"`
	Step      string    `json:"step"`
	Occasion  string    `json:"occasion"`
	Touch     string    `json:"touch"`
	MessageID string    `json:"message_id,omitempty"`
	Detail    string    `json:"detail,omitempty"`
}

// Uncertain lists the emails of a store whose outcome is unknown, oldest first,
// each once. since may be the zero time. An email that was settled since, by a report
// that came back about it, is left out.
func (i *Installation) Uncertain(ctx context.Context, store string, since time.Time) ([]Uncertain, error) {
	out := []Uncertain{}
	seen := map[string]bool{}
	// A fact is appended when it is decided, or later: never before.
	err := i.timeline.ReadTypesSince(ctx, store, events.OutcomeTypes(events.ActionUncertain), i.real(since), "", func(batch []customer.Entry) error {
		for _, e := range batch {
			f, ok := e.Event.Data.(events.Fact)
			if !ok || e.Event.Time.Before(since) || seen[e.Event.ID] {
				continue
			}
			seen[e.Event.ID] = true
			b := f.Body()
			out = append(out, Uncertain{At: e.Event.Time.UTC(), Store: store, Customer: b.Customer, Worker: b.Worker, Step: b.Step, Occasion: b.Occasion,
				Touch: b.Touch, MessageID: b.MessageID, Detail: b.Detail})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return i.unsettled(ctx, out)
}

// unsettled leaves out what is known to have been sent.
func (i *Installation) unsettled(ctx context.Context, all []Uncertain) ([]Uncertain, error) {
	out := all[:0]
	for some := range slices.Chunk(all, 500) {
		keys := make([]customer.Key, len(some))
		for n, u := range some {
			keys[n], _ = customer.KeyOfToken(u.Store, u.Customer)
		}
		rs, err := i.customers.Load(ctx, keys)
		if err != nil {
			return nil, err
		}
		for n, u := range some {
			if k, ok := rs[n].Customer.Claimed(customer.ClaimKey(u.Touch)); !ok || k.State != customer.Sent {
				out = append(out, u)
			}
		}
	}
	return out, nil
}

// real is when the clocks of servers showed a time. Business time that runs fast
// began at some point; before, both are the same.
func (i *Installation) real(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0)
	}
	return i.o.Scale.Real(t)
}

// Replanned is what Replan did in one store.
type Replanned struct {
	Store  string `json:"store"`
	Events int    `json:"events"` // that were read again
	Mails  int    `json:"mails"`  // that were put on the schedule, or were there already
}

// Rebuild folds a store's timeline into Redis from the start, and returns how many
// entries that were. It tells the log how far it is.
func (i *Installation) Rebuild(ctx context.Context, store string, log *zap.Logger) (int, error) {
	guard := projection.NewGuard(false) // of nobody: who runs has guards of their own
	return projection.NewRebuilder(i.rdb, guard, i.timeline, projection.RebuildOptions{Stores: []string{store}, Log: log,
		Timeline: i.timeline, Identity: i.identity}).Rebuild(ctx)
}

// ErrBehind says that Redis does not know all that the timeline holds.
var ErrBehind = errors.New("the customers in Redis have not caught up with the timeline; try again when they have been rebuilt")

// Replan has a worker plan again what the timeline holds since a time. It is
// safe at any time: a touch is known by its id, and what has its outcome, or
// would come too late, is left out.
func (i *Installation) Replan(ctx context.Context, worker string, stores []string, since time.Time, step func(Replanned)) ([]Replanned, error) {
	var out []Replanned
	for _, store := range stores {
		s := i.stores[store]
		if s == nil {
			return out, fmt.Errorf("no such store: %q", store)
		}
		w := s.Worker(worker)
		switch {
		case w == nil:
			return out, fmt.Errorf("no such worker: %q; there are %v", worker, programme.WorkerNames())
		case w.Settings.Status == workers.Off:
			return out, fmt.Errorf("%s is off in store %s and plans nothing; set its status to live, paused or shadow", worker, store)
		}
		done, err := i.replan(ctx, s, w, since, step)
		out = append(out, done)
		if err != nil {
			return out, fmt.Errorf("store %s: %w", store, err)
		}
	}
	return out, nil
}

func (i *Installation) replan(ctx context.Context, s *programme.Store, w *programme.Worker, since time.Time, step func(Replanned)) (Replanned, error) {
	store := s.ID
	done := Replanned{Store: store}
	if err := i.settled(ctx, store); err != nil {
		return done, err
	}
	known, err := i.products(ctx, store)
	if err != nil {
		return done, err
	}
	p := &schedule.Planner{
		Workers: map[string]*programme.Worker{store: w}, Zones: map[string]*time.Location{store: s.Zone}, People: i.people, Schedule: i.schedule, Timeline: i.timeline,
		Scale: i.o.Scale, Products: func(string) *product.Snapshot { return known }, Address: i.identity.Address, Mailbox: i.identity.AddressKey, Planned: func(n int) { done.Mails += n },
	}
	err = i.timeline.ReadTypesSince(ctx, store, w.Triggers, i.real(since), "", func(batch []customer.Entry) error {
		n := len(batch) // Plan works in place
		if err := p.Plan(ctx, batch); err != nil {
			return err
		}
		done.Events += n
		step(done)
		return nil
	})
	return done, err
}

// settled returns nil when Redis knows all that stood on the timeline a moment
// ago. Events on their way are waited for.
func (i *Installation) settled(ctx context.Context, store string) error {
	lasts, err := i.timeline.Lasts(ctx, store)
	if err != nil {
		return err
	}
	return i.reached(ctx, store, &lasts, 50)
}

// reached looks so many times, a tenth of a second apart, whether Redis knows all that a
// store's timeline says of customers up to some sequences, by bucket. When it does not, it
// returns ErrBehind. What concerns no customer, such as a pause, is marked when somebody
// works, and nobody may.
func (i *Installation) reached(ctx context.Context, store string, lasts *[customer.Buckets]uint64, times int) error {
	for range times {
		marks, err := i.customers.Marks(ctx, store)
		if err != nil {
			return err
		}
		owed := false
		for b := range marks {
			if owed || marks[b] >= lasts[b] {
				continue
			}
			if owed, err = i.owes(ctx, store, uint8(b), marks[b]); err != nil {
				return err
			}
		}
		if !owed {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return ErrBehind
}

// errFound ends a search.
var errFound = errors.New("found")

// owes reports whether the timeline says something of a customer of a bucket after a mark.
func (i *Installation) owes(ctx context.Context, store string, bucket uint8, mark uint64) (bool, error) {
	err := i.timeline.Direct().ReadBucket(ctx, store, bucket, mark, func(es []customer.Entry) error {
		for _, e := range es {
			if customer.Folds(e.Event.Type) && !e.Event.OfNobody() {
				return errFound
			}
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}
