package statistics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

const (
	// stored is how long it waits after a word before it looks: a message is passed
	// on to listeners a moment before it is on its stream.
	stored = 20 * time.Millisecond
	// settle is when it looks again, for what came with the word: a shop that tells
	// of its whole assortment is listened to once a second.
	settle = time.Second
	// missed is how soon it looks without having been told, since nobody resends
	// what wakes it: everything that counts is on streams.
	missed = 10 * time.Minute
	// failed is how soon it looks again after it could not.
	failed = 5 * time.Second
)

// Open loads the statistics of all stores, and computes those that nobody has
// yet, or that an older version computed, so that what is planned from the first event on
// rests on them.
func (c *Statistics) Open(ctx context.Context) error {
	for _, store := range c.o.Stores {
		err := c.Update(ctx, store)
		if now := c.Of(store); err == nil && (now == nil || now.Outdated()) {
			_, err = c.Refresh(ctx, store)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Run keeps the statistics up to date until ctx ends. What a shop says is heard at
// once: an email may be due the moment after.
func (c *Statistics) Run(ctx context.Context) {
	word, done := c.listen()
	defer done()
	back := c.o.JS.Conn().StatusChanged(nats.CONNECTED) // what was published in the meantime was missed
	defer c.o.JS.Conn().RemoveStatusListener(back)
	confirm := cmp.Or(c.o.Confirm, missed)
	wait := confirm
	if !c.loaded() {
		wait = 0
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-back:
		case <-word:
			pause(ctx, stored)
			c.updateAll(ctx)
			pause(ctx, settle)
		}
		if wait = confirm; !c.updateAll(ctx) {
			wait = failed
		}
	}
}

// loaded reports whether something is known of each store.
func (c *Statistics) loaded() bool {
	return !slices.ContainsFunc(c.o.Stores, func(store string) bool { return c.Of(store) == nil })
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// updateAll brings the statistics of all stores up to date, and reports whether it
// could.
func (c *Statistics) updateAll(ctx context.Context) bool {
	ok := true
	for _, store := range c.o.Stores {
		err := c.Update(ctx, store)
		ok = ok && err == nil
		if err != nil && ctx.Err() == nil {
			c.o.Log.Warn("working with product statistics that may be old", zap.String("store", store), zap.Error(err))
		}
	}
	return ok
}

// listen returns a channel that has something whenever statistics were published
// or a shop spoke of a product. It rests on plain subscriptions, which cost
// nothing while nothing happens.
func (c *Statistics) listen() (word <-chan struct{}, done func()) {
	ch := make(chan struct{}, 1)
	var subs []*nats.Subscription
	for _, subject := range []string{"$O." + bus.ProductsBucket + ".M.>", "timeline.*.*." + string(events.TypeProductUpdated)} {
		sub, err := c.o.JS.Conn().Subscribe(subject, func(*nats.Msg) {
			select {
			case ch <- struct{}{}:
			default:
			}
		})
		if err != nil { // it will look now and then
			c.o.Log.Warn("cannot be told of new product statistics", zap.Error(err))
			continue
		}
		subs = append(subs, sub)
	}
	return ch, func() {
		for _, s := range subs {
			_ = s.Unsubscribe() // the connection is closed next
		}
	}
}

// Update loads the statistics of a store if there are newer ones, and hears what
// the shop said since. Where nothing was computed yet it leaves Of at nil.
func (c *Statistics) Update(ctx context.Context, store string) error {
	c.mu.RLock()
	have := c.current[store]
	c.mu.RUnlock()
	next, err := have.newer(ctx, c.o.JS, store)
	if err != nil {
		return err
	}
	if next.snapshot == nil {
		return nil // will be computed, and hears everything then
	}
	var said []events.Event
	last := c.o.Timeline.Start()
	err = c.o.Timeline.ReadType(ctx, store, events.TypeProductUpdated, next.snapshot.Sequence, func(batch []customer.Entry) error {
		for _, e := range batch {
			said = append(said, e.Event)
			last.Reach(e)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("listening to what store %s says of its products: %w", store, err)
	}
	if len(said) > 0 {
		next.snapshot = next.snapshot.Hear(said, last)
	}
	if next != have {
		c.keep(store, next)
	}
	return nil
}
