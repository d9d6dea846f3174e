// Package statistics keeps the product statistics of each store where every process
// finds them, what goes with what, and what may be quoted from reviews. One process computes
// them, in one pass over all customers, and publishes them as three objects a store; the
// others load them, and again whenever there are newer ones. What the shop says about a
// product in the meantime, every process puts into its copy within seconds.
//
// Nothing here is counted up: statistics are always computed from all customers
// again. What they mean is product's business, not this package's.
package statistics

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/quoted"
	"homing/pkg/recommend"
	"homing/pkg/segment"
)

// Customers are the customers as they are kept.
type Customers interface {
	// Scan calls fn with all customers of a store, in no order.
	Scan(ctx context.Context, store string, fn func([]customer.Record) error) error
}

// Timeline is where a shop's words on its products stand.
type Timeline interface {
	// Start returns a cursor that covers nothing, and ReadType what one does not cover.
	Start() customer.Cursor
	ReadType(ctx context.Context, store string, of events.Type, after customer.Cursor, fn func([]customer.Entry) error) error
	// ReadCustomer calls fn with the entries of one key.
	ReadCustomer(ctx context.Context, k customer.Key, fn func([]customer.Entry) error) error
}

// Options are what a Statistics works with.
type Options struct {
	JS        jetstream.JetStream
	Stores    []string
	Customers Customers
	People    customer.People // for Refresh
	Timeline  Timeline
	Nobody    func(store string) customer.Key // where the orders of nobody are; for Refresh
	Now       func() time.Time                // the business time
	Confirm   time.Duration                   // how soon to look without having been told; 0: missed
	Log       *zap.Logger
	// Then is done after a refresh that somebody asked for: it computes what else rests on the
	// statistics. It may be nil.
	Then func(ctx context.Context, store string) error
	// Segments returns the segments of a store that are counted, and what puts into an input
	// what is known of the customer in it; see product.Collector.Segment. For Refresh. nil:
	// those that there always are.
	Segments func(store string) (*segment.Set, func(in *segment.Input))
	// QuoteStars returns the fewest stars of a review of a store that may be quoted. For
	// Refresh. nil: none is.
	QuoteStars func(store string) int
}

// Statistics holds the statistics of some stores. It is safe for concurrent use.
type Statistics struct {
	o Options

	mu      sync.RWMutex
	current map[string]copied
}

// copied is this process's copy of the objects of a store.
type copied struct {
	snapshot *product.Snapshot
	together *recommend.Snapshot // nil: nothing is known
	quotes   *quoted.Snapshot    // nil: nobody is quoted

	objects [3]string // which ones they were, by their NUIDs, in the order of parts
}

// A Shop is what is known of a store's products. Any of it may be nil.
type Shop struct {
	Products *product.Snapshot
	Together *recommend.Snapshot
	Quotes   *quoted.Snapshot
}

// New returns statistics that know nothing yet.
func New(o Options) *Statistics { return &Statistics{o: o, current: map[string]copied{}} }

// Of returns what is known about a store's products; nil if nothing is.
func (c *Statistics) Of(store string) *product.Snapshot {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.current[store].snapshot
}

// Shop returns all that is known of a store's products.
func (c *Statistics) Shop(store string) Shop {
	c.mu.RLock()
	defer c.mu.RUnlock()
	k := c.current[store]
	return Shop{k.snapshot, k.together, k.quotes}
}

func (c *Statistics) keep(store string, k copied) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current[store] = k
}

// Refresh computes the statistics of a store from all of its customers and
// publishes them.
func (c *Statistics) Refresh(ctx context.Context, store string) (*product.Snapshot, error) {
	began := time.Now()
	if err := c.Update(ctx, store); err != nil { // the constants of the shop are learned by the night before
		return nil, err
	}
	now := c.o.Now().UTC()
	k := &night{product.NewCollector(now, c.Of(store)), recommend.NewCollector(now)}
	if c.o.Segments != nil {
		k.Segment(c.o.Segments(store))
	} else {
		k.Segment(segment.NewSet(nil), nil)
	}
	heard := c.o.Timeline.Start()
	err := c.o.Timeline.ReadType(ctx, store, events.TypeProductUpdated, nil, func(batch []customer.Entry) error {
		for _, e := range batch {
			k.Hear(e.Event)
			heard.Reach(e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listening to what store %s says of its products: %w", store, err)
	}
	err = c.o.Timeline.ReadCustomer(ctx, c.o.Nobody(store), func(batch []customer.Entry) error {
		for _, e := range batch {
			k.Sold(e.Event)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the orders of nobody in store %s: %w", store, err)
	}
	err = c.o.Customers.Scan(ctx, store, func(batch []customer.Record) error {
		return Add(ctx, c.o.People, k, batch)
	})
	if err != nil {
		return nil, err
	}
	s := k.Snapshot()
	k.Worth(s)
	k.Segments(s)
	s.Sequence = heard
	next := copied{snapshot: s, together: k.together.Snapshot()}
	if next.quotes, err = c.quotes(ctx, store, now); err != nil {
		return nil, err
	}
	if err := next.publish(ctx, c.o.JS, store); err != nil {
		return nil, err
	}
	c.keep(store, next)
	c.o.Log.Info("computed the product statistics", zap.String("store", store), zap.Int("customers", s.Customers),
		zap.Int("products", len(s.Products)), zap.Int("quotes", next.quotes.Len()), zap.Duration("took", time.Since(began)))
	return s, nil
}

// A part is one of the objects of a store.
type part struct {
	name   string // after the store's; no store is called so
	of     func(*copied) encoder
	decode func(*copied, []byte) error
}

type encoder interface{ Encode() ([]byte, error) }

// parts are in the order in which they are published: what is listened for comes last.
var parts = [...]part{
	{"/quotes", func(k *copied) encoder { return k.quotes }, func(k *copied, data []byte) (err error) {
		k.quotes, err = quoted.Decode(data)
		return err
	}},
	{"/together", func(k *copied) encoder { return k.together }, func(k *copied, data []byte) (err error) {
		k.together, err = recommend.Decode(data)
		return err
	}},
	{"", func(k *copied) encoder { return k.snapshot }, func(k *copied, data []byte) (err error) {
		k.snapshot, err = product.Decode(data)
		return err
	}},
}

func (k *copied) publish(ctx context.Context, js jetstream.JetStream, store string) error {
	for i, p := range parts {
		data, err := p.of(k).Encode()
		if err == nil {
			k.objects[i], err = bus.PutObject(ctx, js, bus.ProductsBucket, store+p.name, data)
		}
		if err != nil {
			return fmt.Errorf("publishing product statistics: %w", err)
		}
	}
	return nil
}

// newer returns the copy with what is newer in the bucket.
func (k copied) newer(ctx context.Context, js jetstream.JetStream, store string) (copied, error) {
	for i, p := range parts {
		data, object, err := bus.GetObject(ctx, js, bus.ProductsBucket, store+p.name, k.objects[i])
		if errors.Is(err, bus.ErrNoObject) {
			continue
		}
		if err == nil && data != nil {
			k.objects[i] = object
			err = p.decode(&k, data)
		}
		if err != nil {
			return k, fmt.Errorf("reading product statistics: %w", err)
		}
	}
	return k, nil
}
