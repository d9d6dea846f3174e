package timeline

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// ReadType calls fn with batches of all entries of one type of a store, in the
// order of their sequences, from one sequence to the end as it is now. It finds
// what concerns no customer, such as what a shop says of its products.
func (t *Timeline) ReadType(ctx context.Context, store string, of events.Type, from uint64, fn func([]customer.Entry) error) error {
	return t.readAll(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{"timeline." + store + ".*." + string(of)},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, from),
	}, selection{to: math.MaxUint64}, fn)
}

// ReadTypesWith is ReadType for several types, and for those entries that have a text in
// them, in JSON: others are not decoded.
func (t *Timeline) ReadTypesWith(ctx context.Context, store string, of []events.Type, from uint64, text string, fn func([]customer.Entry) error) error {
	c := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, from)}
	for _, x := range of {
		c.FilterSubjects = append(c.FilterSubjects, "timeline."+store+".*."+string(x))
	}
	return t.readAll(ctx, c, selection{to: math.MaxUint64, text: []byte(text)}, fn)
}

// ReadTypesSince is ReadType for several types, of what was appended since a time.
func (t *Timeline) ReadTypesSince(ctx context.Context, store string, of []events.Type, since time.Time, fn func([]customer.Entry) error) error {
	c := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since}
	for _, x := range of {
		c.FilterSubjects = append(c.FilterSubjects, "timeline."+store+".*."+string(x))
	}
	return t.readAll(ctx, c, selection{to: math.MaxUint64}, fn)
}

// After returns the entries of some customers of a store that come after a sequence, up
// to the end as the stream's leader knows it.
func (t *Timeline) After(ctx context.Context, store string, keys []customer.Key, sequence uint64) ([]customer.Entry, error) {
	s, err := t.js.Stream(ctx, bus.Timeline)
	if err != nil {
		return nil, err
	}
	end := s.CachedInfo().State.LastSeq
	if end <= sequence {
		return nil, nil
	}
	var buckets []uint8
	wanted := map[customer.Key]bool{}
	for _, k := range keys {
		wanted[k] = true
		if !slices.Contains(buckets, k.Bucket) {
			buckets = append(buckets, k.Bucket)
		}
	}
	var out []customer.Entry
	err = t.Read(ctx, store, buckets, sequence+1, end, func(es []customer.Entry) error {
		for _, e := range es {
			if wanted[e.Key] {
				out = append(out, e)
			}
		}
		return nil
	})
	return out, err
}

// ReadCustomer calls fn with batches of all entries about one customer, in the
// order of their sequences.
func (t *Timeline) ReadCustomer(ctx context.Context, k customer.Key, fn func([]customer.Entry) error) error {
	return t.ReadBucket(ctx, k.Store, k.Bucket, map[string]bool{k.Token: true}, fn)
}

// ReadBucket is ReadCustomer for several customers of one bucket, by their
// tokens. The server finds the bucket; the others in it are passed over here.
func (t *Timeline) ReadBucket(ctx context.Context, store string, bucket uint8, tokens map[string]bool, fn func([]customer.Entry) error) error {
	return t.readAll(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{"timeline." + store + "." + strconv.Itoa(int(bucket)) + ".>"},
		DeliverPolicy:  jetstream.DeliverAllPolicy,
	}, selection{tokens: tokens, to: math.MaxUint64}, fn)
}
