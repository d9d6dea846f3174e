// Package erasure carries out what customer.erased asks for beyond the
// customer's record, which the fold empties: at once it deletes what is pending
// for them, and in the night after what they said and what was sent to them,
// from the streams where events are kept.
//
// Only what happened up to the erasure is deleted. The fold ignores all of that
// already, so that a refold gives the same before and after; and who comes back
// is a new customer, whose events stay.
package erasure

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Timeline is where events are kept for good.
type Timeline interface {
	// Identity tells one timeline from another.
	Identity(ctx context.Context) (id string, ends [customer.Buckets]uint64, err error)
	// Start returns a cursor that covers nothing, and ReadType what one does not cover.
	Start() customer.Cursor
	ReadType(ctx context.Context, store string, of events.Type, after customer.Cursor, fn func([]customer.Entry) error) error
	// ReadBucket reads what is of some customers of a bucket, by their tokens.
	ReadBucket(ctx context.Context, store string, bucket uint8, tokens map[string]bool, fn func([]customer.Entry) error) error
	// Stored returns the stream that has the entry of a sequence, and its sequence there.
	Stored(sequence uint64) (stream string, there uint64)
}

// Customers are the customers as they are kept.
type Customers interface {
	Load(ctx context.Context, keys []customer.Key) ([]customer.Record, error)
	Save(ctx context.Context, records []*customer.Record) ([]bool, error)
}

// Options are what an Eraser works with.
type Options struct {
	JS        jetstream.JetStream
	Timeline  Timeline
	Customers Customers
	Workers   []string
	// Pending deletes what is pending with a worker for a customer and was caused
	// no later than until; the zero time: all.
	Pending func(ctx context.Context, worker string, k customer.Key, until time.Time) (int, error)
	Decode  func(jetstream.Msg) (customer.Entry, error) // a message of the timeline
	Read    func(jetstream.Msg) (customer.Entry, error) // a message of STOREFRONT
	Redis   redis.UniversalClient                       // for how far the nights have come
	Now     func() time.Time                            // business time
	Log     *zap.Logger
}

// Eraser carries out erasures.
type Eraser struct{ o Options }

// New returns an eraser.
func New(o Options) *Eraser { return &Eraser{o} }

// Handle deletes what is pending for the customers of a batch of erasures: it is
// a bus.Handler. A touch that is planned at this moment may slip through; it
// ends as erased when it falls due, and the night looks again.
func (e *Eraser) Handle(ctx context.Context, batch []*bus.Msg) {
	for _, m := range batch {
		m.Done(e.atOnce(ctx, m))
	}
}

func (e *Eraser) atOnce(ctx context.Context, m *bus.Msg) error {
	entry, err := e.o.Decode(m.Msg)
	if err != nil {
		return bus.Later(10 * time.Minute) // a newer version may understand it
	}
	if entry.Event.Copy {
		// A copy is on the timeline before it is folded, and what was sent is forgotten
		// by the record's own erasure.
		rs, err := e.o.Customers.Load(ctx, []customer.Key{entry.Key})
		if err != nil {
			return err
		}
		if rs[0].Found() && rs[0].Customer.Erased.At < entry.Event.Time.UnixMilli() {
			return bus.Later(time.Second)
		}
	}
	// What was caused since is for who came back.
	return e.forget(ctx, entry.Key, entry.Event.Time)
}

// forget deletes what is pending for a customer, then the claims that kept it from being
// sent twice, then the copies of what was sent.
func (e *Eraser) forget(ctx context.Context, k customer.Key, until time.Time) error {
	for _, w := range e.o.Workers {
		if _, err := e.o.Pending(ctx, w, k, until); err != nil {
			return err
		}
	}
	if err := e.change(ctx, k, (*customer.Customer).ForgetClaims); err != nil {
		return err
	}
	return e.forgetCopies(ctx, k, until)
}

// forgetOrders has a customer forget which orders they had before they were erased,
// once no stream tells them any more. Until then they are known by a hash, so that
// they do not come back when they are told again. What was told about them since then is
// told of a new order from now on, as it is after a refold.
func (e *Eraser) forgetOrders(ctx context.Context, store, token string, since []events.Event) error {
	k, ok := customer.KeyOfToken(store, token)
	if !ok {
		return nil
	}
	return e.change(ctx, k, func(c *customer.Customer) bool {
		if !c.ForgetOrders() {
			return false
		}
		for _, x := range since {
			customer.Apply(c, x)
		}
		return true
	})
}

// change changes a customer, if there is anything to change.
func (e *Eraser) change(ctx context.Context, k customer.Key, f func(*customer.Customer) bool) error {
	for range tries {
		rs, err := e.o.Customers.Load(ctx, []customer.Key{k})
		if err != nil || !rs[0].Found() || !f(&rs[0].Customer) {
			return err
		}
		saved, err := e.o.Customers.Save(ctx, []*customer.Record{&rs[0]})
		if err != nil || saved[0] {
			return err
		}
	}
	return bus.Later(time.Second)
}

// tries bounds how often a customer is written who is changed by others.
const tries = 20
