package installation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/calendar"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/statistics"
	"homing/pkg/touch"
)

// An Heir is given what an installation knows of its customers, to go on from there.
type Heir interface {
	TakeTold(ps []projection.Placed)
	TakeWaiting(ts []touch.Touch)
	TakeLinks(mailbox customer.Key, ids []customer.Key)
	TakeRecords(rs []customer.Record)
}

// A Moment is where an installation is, as far as no customer's record says it.
type Moment struct {
	Now       time.Time // business time
	Products  map[string]*product.Snapshot
	Shop      []events.Event // what shops said of their products, and sold to nobody
	Calendar  calendar.Progress
	Unread    uint64 // events that were not taken in yet
	Unplanned uint64 // entries of the timeline not planned for yet, by the worker furthest behind

	holds []control.Hold
}

// Paused reports whether somebody paused a worker in a store.
func (m *Moment) Paused(worker, store string) bool {
	return slices.ContainsFunc(m.holds, func(h control.Hold) bool {
		return h.Reason == control.Paused && h.Worker == worker && (h.Store == "" || h.Store == store)
	})
}

// HandOver gives an heir all that the installation knows, while it goes on: a customer
// may be given as they were before something that happens in the meantime, or after. It
// writes nothing, takes no claim and leaves no consumer. step is told what is being read,
// and how many of it were.
func (i *Installation) HandOver(ctx context.Context, to Heir, step func(what string, n int)) (*Moment, error) {
	m := &Moment{Products: map[string]*product.Snapshot{}}
	for _, store := range programme.StoreNames(i.o.Config) {
		if err := i.settled(ctx, store); err != nil {
			return nil, err
		}
	}
	if err := i.readLags(ctx, m); err != nil {
		return nil, err
	}
	holds, err := i.holds(ctx)
	if err != nil {
		return nil, err
	}
	m.Now, m.holds = i.o.Scale.Now().UTC(), holds
	// What is told and what waits is read before the customers: who is told of, or gets
	// their email, in the meantime has it in their record.
	zones := map[string]*time.Location{}
	for id, s := range i.stores {
		zones[id] = s.Zone
	}
	if m.Calendar, err = calendar.ReadProgress(ctx, i.rdb, zones, m.Now); err != nil {
		return nil, err
	}
	if err := i.handWaiting(ctx, to, step); err != nil {
		return nil, err
	}
	if err := i.handCustomers(ctx, to, step); err != nil {
		return nil, err
	}
	return m, i.readShops(ctx, m, step)
}

// handWaiting gives over what was told and what is pending.
func (i *Installation) handWaiting(ctx context.Context, to Heir, step func(string, int)) error {
	for _, store := range programme.StoreNames(i.o.Config) {
		if err := i.customers.EachTold(ctx, store, func(ps []projection.Placed) error {
			to.TakeTold(ps)
			return nil
		}); err != nil {
			return err
		}
	}
	n := 0
	for _, k := range programme.Kinds {
		err := i.schedule.Touches(ctx, k.Name, func(ts []touch.Touch) error {
			to.TakeWaiting(ts)
			n += len(ts)
			step("reading what is pending", n)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// handCustomers gives over the customers, and who named which mailbox.
func (i *Installation) handCustomers(ctx context.Context, to Heir, step func(string, int)) error {
	links, records := 0, 0
	for _, store := range programme.StoreNames(i.o.Config) {
		err := i.customers.EachLink(ctx, store, func(mailbox customer.Key, ids []customer.Key) error {
			to.TakeLinks(mailbox, ids)
			links++
			step("reading mailboxes", links)
			return nil
		})
		if err != nil {
			return err
		}
		err = i.customers.Scan(ctx, store, func(rs []customer.Record) error {
			to.TakeRecords(rs)
			records += len(rs)
			step("reading customers", records)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readShops reads what is known about the products, and what that rests on.
func (i *Installation) readShops(ctx context.Context, m *Moment, step func(string, int)) error {
	direct := i.timeline.Direct()
	stores := programme.StoreNames(i.o.Config)
	known := statistics.New(statistics.Options{JS: i.o.JS, Stores: stores, Timeline: direct, Now: i.o.Scale.Now, Log: zap.NewNop()})
	keep := func(es []customer.Entry) error {
		for _, e := range es {
			m.Shop = append(m.Shop, e.Event)
		}
		step("reading what was said of products", len(m.Shop))
		return nil
	}
	for _, store := range stores {
		if err := known.Update(ctx, store); err != nil {
			return err
		}
		if s := known.Of(store); s != nil {
			m.Products[store] = s
		}
		if err := direct.ReadType(ctx, store, events.TypeProductUpdated, nil, keep); err != nil {
			return err
		}
		if err := direct.ReadCustomer(ctx, i.identity.Nobody(store), keep); err != nil {
			return err
		}
	}
	return nil
}

// readLags reads how much was published, or told, that nobody acted on yet.
func (i *Installation) readLags(ctx context.Context, m *Moment) error {
	var err error
	if m.Unread, err = lagIfAny(ctx, i.o.JS, bus.Storefront, bus.IntakeConsumer); err != nil {
		return err
	}
	split := bus.PartitionsOf(i.o.JS)
	for _, k := range programme.Kinds {
		var all uint64
		for p := range split.Count() {
			n, err := lagIfAny(ctx, i.o.JS, split.Timeline(p), split.Plan(k.Name, p))
			if err != nil {
				return err
			}
			all += n
		}
		m.Unplanned = max(m.Unplanned, all)
	}
	return nil
}

// lagIfAny is lag of a consumer that may not be there yet.
func lagIfAny(ctx context.Context, js jetstream.JetStream, stream, name string) (uint64, error) {
	n, err := lag(ctx, js, stream, name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, nil
	}
	return n, err
}

// Recall reads entries of the timeline by their sequences, and says how many are not there
// any more. Several may call it at once.
func (i *Installation) Recall(ctx context.Context, sequences []uint64) (out []customer.Entry, gone int, err error) {
	for some := range slices.Chunk(sequences, mostEntries) {
		es, n, err := i.timeline.Get(ctx, some)
		if err != nil {
			return nil, 0, err
		}
		out, gone = append(out, es...), gone+n
	}
	return out, gone, nil
}
