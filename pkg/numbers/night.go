package numbers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/attribution"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/segment"
)

// Customers are the customers as they are kept.
type Customers interface {
	// Scan calls fn with all customers of a store, in no order.
	Scan(ctx context.Context, store string, fn func([]customer.Record) error) error
}

// Timeline is where it is written what happened.
type Timeline interface {
	// Start returns a cursor that covers nothing, and ReadTypesWith what one does not cover,
	// of some types; of all that happened to a customer in the order in which it came.
	Start() customer.Cursor
	ReadTypesWith(ctx context.Context, store string, of []events.Type, after customer.Cursor, text string, fn func([]customer.Entry) error) error
}

// Settings are what a store's numbers rest on.
type Settings struct {
	Zone           *time.Location
	Windows        attribution.Windows
	LiftWindow     time.Duration                      // for how long the orders of people of a trial count
	Holdout        map[string]float64                 // shares of control groups, by worker, and AllMarketing
	Occasions      []Occasion                         // that have control groups of their own
	Draw           func(token, worker string) float64 // a person's number, by which they are in one
	Asks           map[string]string                  // survey and question, by worker and step: "survey/order" → "order/csat"
	AsksForReviews string                             // the worker that does
}

// An Occasion of a worker, such as an announcement, has a control group of its own, which is
// drawn for it alone.
type Occasion struct {
	Worker, Name string
	Share        float64
	Since        time.Time // nobody was told of it before
}

// Options are what Numbers work with.
type Options struct {
	JS        jetstream.JetStream
	Customers Customers
	People    customer.People
	Timeline  Timeline
	Now       func() time.Time // the business time
	Of        func(store string) Settings
	// Segments returns what the night found out about a store's customers; nil: nothing.
	Segments func(store string) *segment.Snapshot
	Log      *zap.Logger
}

// Numbers computes the snapshots of stores.
type Numbers struct{ o Options }

// New returns Numbers.
func New(o Options) *Numbers { return &Numbers{o} }

// object names a store's snapshot in the bucket of what nights compute. No store is called so.
func object(store string) string { return store + "/numbers" }

// Read returns the latest snapshot of a store; nil: there is none yet.
func Read(ctx context.Context, js jetstream.JetStream, store string) (*Snapshot, error) {
	s, _, err := ReadNew(ctx, js, store, "")
	return s, err
}

// ReadNew is Read, with an id of what it read. The snapshot is nil with the id that is known
// already: reading and decoding one takes a while, and asking whether there is another doesn't.
func ReadNew(ctx context.Context, js jetstream.JetStream, store, known string) (*Snapshot, string, error) {
	data, id, err := bus.GetObject(ctx, js, bus.ProductsBucket, object(store), known)
	switch {
	case errors.Is(err, bus.ErrNoObject):
		return nil, "", nil
	case err != nil:
		return nil, "", fmt.Errorf("reading the numbers of store %s: %w", store, err)
	case id == known:
		return nil, id, nil
	}
	s, err := Decode(data)
	return s, id, err
}

// Refresh computes the snapshot of a store, and publishes it. It reads each customer once,
// and of the timeline what it takes for the days that are not settled. It may be done again
// at any time: what it adds, and up to where it read, are one object. Of two processes that
// do so at the same time the second wins, and lacks nothing.
func (n *Numbers) Refresh(ctx context.Context, store string) (*Snapshot, error) {
	began, set := time.Now(), n.o.Of(store)
	before, err := Read(ctx, n.o.JS, store)
	if err != nil {
		return nil, err
	}
	s, err := n.next(ctx, store, set, before)
	if err != nil {
		return nil, fmt.Errorf("the numbers of store %s: %w", store, err)
	}
	data, err := s.Encode()
	if err == nil {
		_, err = bus.PutObject(ctx, n.o.JS, bus.ProductsBucket, object(store), data)
	}
	if err != nil {
		return nil, fmt.Errorf("publishing the numbers of store %s: %w", store, err)
	}
	n.o.Log.Info("computed the numbers", zap.String("store", store), zap.Int("customers", s.Customers.All), zap.Int("bytes", len(data)), zap.Duration("took", time.Since(began)))
	return s, nil
}

// next computes the snapshot that comes after one; nil: it is the first.
func (n *Numbers) next(ctx context.Context, store string, set Settings, before *Snapshot) (*Snapshot, error) {
	now := n.o.Now().UTC()
	s := &Snapshot{Version: version, Store: store, At: now, Zone: set.Zone.String(), Windows: set.Windows}
	from, settled := dayOf(now.Add(-back), set.Zone), []Day(nil)
	if before != nil && before.Zone == s.Zone && before.Windows == s.Windows {
		from = dayOf(now.Add(-Settles), set.Zone)
		if last, err := time.ParseInLocation(time.DateOnly, before.Settled, set.Zone); err == nil && before.At.Before(from) {
			from = last // of days of which nothing was computed
		}
		settled = before.settledBy(from.Format(time.DateOnly))
	}
	s.Settled = from.Format(time.DateOnly)
	trials, ended := trialsOf(before, set, now, dayOf(now.Add(-back), set.Zone))
	since := from
	for _, t := range trials {
		since = minTime(since, t.Through)
	}
	who := newPeople(now, set.Zone, since, n.o.Segments(store))
	err := n.o.Customers.Scan(ctx, store, func(batch []customer.Record) error {
		return customer.EachPerson(ctx, n.o.People, batch, func(k customer.Key, c *customer.Customer) error {
			who.Add(k, c)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	who.into(s)
	d := &days{set: set, zone: set.Zone, from: from, people: who, trials: trials,
		days: map[string]*Day{}, answers: map[[4]string]answer{}, questions: map[string]bool{}, reviews: map[[3]string]review{}}
	after := before.cursor(minTime(from.Add(-set.Windows.Longest()), since))
	reached, err := n.read(ctx, store, d.types(), after, d.See)
	if err != nil {
		return nil, err
	}
	s.Marks = before.marks(Mark{n.o.Now().UTC().Add(apart), reached}, now)
	o := &offers{now: now, zone: set.Zone, redeemed: who.redeemed, months: map[[2]string]*OfferMonth{}}
	o.from, _ = monthOf(now.Add(-back).In(set.Zone))
	if _, err = n.read(ctx, store, []events.Type{events.TypeOfferIssued}, before.cursor(now.Add(-back-31*day)), o.See); err != nil {
		return nil, err
	}
	s.Days = d.list(settled)
	s.Offers, s.Trials = before.offers(o), ended
	for _, t := range trials {
		s.Trials = append(s.Trials, t.close(now, set.Zone))
	}
	slices.SortFunc(s.Trials, func(a, b Trial) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.Occasion, b.Occasion), a.Since.Compare(b.Since))
	})
	return s, nil
}

// read reads what a cursor does not cover, and returns one that covers what was read.
func (n *Numbers) read(ctx context.Context, store string, of []events.Type, after customer.Cursor, see func(customer.Entry)) (customer.Cursor, error) {
	reached := n.o.Timeline.Start()
	if len(after) == len(reached) {
		copy(reached, after)
	}
	err := n.o.Timeline.ReadTypesWith(ctx, store, of, after, "", func(batch []customer.Entry) error {
		for _, e := range batch {
			see(e)
			reached.Reach(e)
		}
		return nil
	})
	return reached, err
}

// apart is by how much the clocks of processes may differ, amply.
const apart = 10 * time.Minute

// dayOf is when the day of a time begins.
func dayOf(at time.Time, zone *time.Location) time.Time { return localtime.DayStart(at.In(zone)) }

// settledBy are the days before one.
func (s *Snapshot) settledBy(date string) (out []Day) {
	for _, d := range s.Days {
		if d.Date < date {
			out = append(out, d)
		}
	}
	return out
}

// marks are those that are kept, and one more.
func (s *Snapshot) marks(m Mark, now time.Time) (out []Mark) {
	if s != nil {
		out = slices.DeleteFunc(slices.Clone(s.Marks), func(o Mark) bool { return o.At.Before(now.Add(-back - 90*day)) })
	}
	return append(out, m)
}

func (s *Snapshot) offers(o *offers) []OfferMonth {
	if s == nil {
		return o.list(nil)
	}
	return o.list(s.Offers)
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
