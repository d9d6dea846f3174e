package timeline

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// ReadType calls fn with batches of all entries of one type of a store that a cursor does
// not cover, to the end as it is now; of those that share a stream in the order of their
// sequences. It finds what concerns no customer, such as what a shop says of its products.
func (t *Timeline) ReadType(ctx context.Context, store string, of events.Type, after customer.Cursor, fn func([]customer.Entry) error) error {
	return t.ReadTypesWith(ctx, store, []events.Type{of}, after, "", fn)
}

// ReadTypesWith is ReadType for several types, and for those entries that have a text in
// them, in JSON: others are not decoded.
func (t *Timeline) ReadTypesWith(ctx context.Context, store string, of []events.Type, after customer.Cursor, text string, fn func([]customer.Entry) error) error {
	return t.each(func(p int) error {
		c := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: 1, FilterSubjects: typed(store, of)}
		if len(after) == t.split.Count() {
			_, seq := t.split.Place(after[p])
			c.OptStartSeq = seq + 1
		}
		if none, err := t.none(ctx, p, store, of, c.OptStartSeq); none || err != nil {
			return err
		}
		return t.readAll(ctx, p, c, selection{types: of, to: math.MaxUint64, text: []byte(text)}, fn)
	})
}

// none reports whether a partition has nothing of some types from a sequence on, as far as
// one question tells, which is that for a single type. Much is read again and again of which
// there is nothing new; a consumer would cost five requests, and have the server count how
// much of the stream it is to see.
func (t *Timeline) none(ctx context.Context, p int, store string, of []events.Type, from uint64) (bool, error) {
	if len(of) != 1 {
		return false, nil
	}
	last, err := t.lastOf(ctx, p, OfType(store, of[0]))
	return err == nil && (last == nil || last.Sequence < from), err
}

// ReadTypesSince is ReadTypesWith, of what was appended since a time.
func (t *Timeline) ReadTypesSince(ctx context.Context, store string, of []events.Type, since time.Time, text string, fn func([]customer.Entry) error) error {
	return t.each(func(p int) error {
		return t.readAll(ctx, p, jetstream.OrderedConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since, FilterSubjects: typed(store, of),
		}, selection{types: of, to: math.MaxUint64, text: []byte(text)}, fn)
	})
}

// typed is what a consumer is asked for to see some types of a store's entries: exactly
// those, if it is one. For several, nats-server (2.15.2) looks through all subjects of a block
// of the stream before each message, which takes a hundred times as long as to send all there
// is; then what is not wanted is passed over here. See
// findings/nats-several-filters-are-slow.sh.
func typed(store string, of []events.Type) []string {
	if len(of) == 1 {
		return []string{OfType(store, of[0])}
	}
	return []string{ofStore(store)}
}

// each calls fn for each partition, up to the first error.
func (t *Timeline) each(fn func(p int) error) error {
	for p := range t.split.Count() {
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

// Latest returns a cursor that leaves about n of the latest entries uncovered.
func (t *Timeline) Latest(ctx context.Context, n uint64) (customer.Cursor, error) {
	out := t.Start()
	for p := range out {
		position, err := t.end(ctx, p)
		if err != nil {
			return nil, err
		}
		_, end := t.split.Place(position)
		out[p] = t.split.Position(p, end-min(end, n/uint64(len(out))))
	}
	return out, nil
}

// apartAtMost is by how much the clocks of two streams' leaders may differ, amply.
const apartAtMost = 10 * time.Second

// After returns the entries of some customers of a store that come after a sequence, up
// to the end as the leaders of their streams know it, in order. Of customers on another
// stream than that sequence's it returns what came at that time or, by some seconds, before.
func (t *Timeline) After(ctx context.Context, store string, keys []customer.Key, sequence uint64) ([]customer.Entry, error) {
	own, _ := t.split.Place(sequence)
	byPart := make([][]uint8, t.split.Count())
	wanted := map[customer.Key]bool{}
	for _, k := range keys {
		wanted[k] = true
		if p := t.split.Of(k.Bucket); !slices.Contains(byPart[p], k.Bucket) {
			byPart[p] = append(byPart[p], k.Bucket)
		}
	}
	var out []customer.Entry
	keep := func(es []customer.Entry) error {
		for _, e := range es {
			if wanted[e.Key] {
				out = append(out, e)
			}
		}
		return nil
	}
	for p, buckets := range byPart {
		if len(buckets) == 0 {
			continue
		}
		end, err := t.end(ctx, p)
		switch {
		case err != nil:
		case p != own:
			err = t.around(ctx, p, store, buckets, sequence, end, keep)
		case end > sequence:
			err = t.Read(ctx, store, buckets, sequence+1, end, keep)
		}
		if err != nil {
			return nil, err
		}
	}
	if t.split.Count() > 1 {
		slices.SortStableFunc(out, customer.CompareEntries)
	}
	return out, nil
}

// end returns the last position of a partition's stream, as its leader knows it.
func (t *Timeline) end(ctx context.Context, p int) (uint64, error) {
	s, err := t.js.Stream(ctx, t.split.Timeline(p))
	if err != nil {
		return 0, t.split.In(p, err)
	}
	return t.split.Position(p, s.CachedInfo().State.LastSeq), nil
}

// around calls fn with what some buckets of a partition have that was stored at the time
// of an entry of another, or later. Of an entry that is gone nobody knows the time: then
// it is all.
func (t *Timeline) around(ctx context.Context, p int, store string, buckets []uint8, of, end uint64, fn func([]customer.Entry) error) error {
	own, seq := t.split.Place(of)
	got, err := t.stored(ctx, own, bus.StoredAt(seq))
	if err != nil {
		return t.split.In(own, err)
	}
	c := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy}
	if got != nil {
		since := got.Time.Add(-apartAtMost)
		c.DeliverPolicy, c.OptStartTime = jetstream.DeliverByStartTimePolicy, &since
	}
	filter, wanted := inBuckets(store, buckets)
	c.FilterSubjects = filter
	return t.readAll(ctx, p, c, selection{buckets: wanted, to: end}, fn)
}

// ReadCustomer calls fn with batches of all entries about one customer, in the
// order of their sequences.
func (t *Timeline) ReadCustomer(ctx context.Context, k customer.Key, fn func([]customer.Entry) error) error {
	return t.ReadBucket(ctx, k.Store, k.Bucket, map[string]bool{k.Token: true}, fn)
}

// ReadBucket is ReadCustomer for several customers of one bucket, by their
// tokens. The server finds the bucket; the others in it are passed over here.
func (t *Timeline) ReadBucket(ctx context.Context, store string, bucket uint8, tokens map[string]bool, fn func([]customer.Entry) error) error {
	return t.readAll(ctx, t.split.Of(bucket), jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{inBucket(store, bucket)},
		DeliverPolicy:  jetstream.DeliverAllPolicy,
	}, selection{tokens: tokens, to: math.MaxUint64}, fn)
}
