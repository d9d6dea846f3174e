// Package statistics keeps the product statistics of each store where every process
// finds them, and what goes with what. One process computes them, in one pass over all
// customers, and publishes them as two objects a store; the others load them, and again
// whenever there are newer ones. What the shop says about a product in the meantime, every process puts
// into its copy within seconds.
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
}

// Statistics holds the statistics of some stores. It is safe for concurrent use.
type Statistics struct {
	o Options

	mu      sync.RWMutex
	current map[string]copied
}

// copied is this process's copy of an object, and which one it was.
type copied struct {
	snapshot *product.Snapshot
	object   string // its NUID

	together *recommend.Snapshot // nil: nothing is known
	pairs    string              // the NUID of its object
}

// New returns statistics that know nothing yet.
func New(o Options) *Statistics { return &Statistics{o: o, current: map[string]copied{}} }

// Of returns what is known about a store's products; nil if nothing is.
func (c *Statistics) Of(store string) *product.Snapshot {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.current[store].snapshot
}

// Recommendations returns what goes with what in a store; nil if nothing is known.
func (c *Statistics) Recommendations(store string) *recommend.Snapshot {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.current[store].together
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
	if next.pairs, err = publish(ctx, c.o.JS, pairsOf(store), next.together); err != nil {
		return nil, err
	}
	if next.object, err = publish(ctx, c.o.JS, store, s); err != nil {
		return nil, err
	}
	c.keep(store, next)
	c.o.Log.Info("computed the product statistics", zap.String("store", store), zap.Int("customers", s.Customers),
		zap.Int("products", len(s.Products)), zap.Duration("took", time.Since(began)))
	return s, nil
}

// pairsOf names the object of a store with what goes with what. No store is called so.
func pairsOf(store string) string { return store + "/together" }

func publish(ctx context.Context, js jetstream.JetStream, name string, s interface{ Encode() ([]byte, error) }) (object string, err error) {
	data, err := s.Encode()
	if err != nil {
		return "", err
	}
	if object, err = bus.PutObject(ctx, js, bus.ProductsBucket, name, data); err != nil {
		return "", fmt.Errorf("publishing product statistics: %w", err)
	}
	return object, nil
}

// load reads an object unless it is the one that is known: then there is no data. Its error
// may be bus.ErrNoObject.
func load(ctx context.Context, js jetstream.JetStream, name, known string) (data []byte, object string, err error) {
	if data, object, err = bus.GetObject(ctx, js, bus.ProductsBucket, name, known); err != nil {
		return nil, "", fmt.Errorf("reading product statistics: %w", err)
	}
	return data, object, nil
}

// newer returns the copy with what is newer in the bucket.
func (k copied) newer(ctx context.Context, js jetstream.JetStream, store string) (copied, error) {
	data, object, err := load(ctx, js, store, k.object)
	if err == nil && data != nil {
		k.object = object
		k.snapshot, err = product.Decode(data)
	}
	if err != nil && !errors.Is(err, bus.ErrNoObject) {
		return k, err
	}
	data, object, err = load(ctx, js, pairsOf(store), k.pairs)
	if err == nil && data != nil {
		k.pairs = object
		k.together, err = recommend.Decode(data)
	}
	if err != nil && !errors.Is(err, bus.ErrNoObject) {
		return k, err
	}
	return k, nil
}
