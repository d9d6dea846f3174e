package timeline

import (
	"context"
	"math"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// ReadType calls fn with batches of all entries of one type of a store, in the
// order of their sequences, from one sequence to the end as it is now. It finds
// what concerns no customer, such as what a shop says of its products.
func (t *Timeline) ReadType(ctx context.Context, store string, of events.Type, from uint64, fn func([]customer.Entry) error) error {
	every := map[uint8]bool{}
	for b := range customer.Buckets {
		every[uint8(b)] = true
	}
	c, err := t.js.OrderedConsumer(ctx, bus.Timeline, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{"timeline." + store + ".*." + string(of)},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, from),
	})
	if err != nil {
		return err
	}
	for more := true; more; {
		var batch []customer.Entry
		batch, more, err = t.readSome(ctx, c, every, math.MaxUint64)
		if err == nil && len(batch) > 0 {
			err = fn(batch)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
