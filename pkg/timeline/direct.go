package timeline

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Direct reads a timeline without a consumer: nothing of who reads is on the server, then
// or later. It is for those who look at an installation and must leave it as it is; what
// reads much, or again and again, is better off with the consumers of Timeline.
type Direct struct{ t *Timeline }

// Direct returns what reads this timeline without a consumer.
func (t *Timeline) Direct() Direct { return Direct{t} }

// directPage is how many entries one request reads.
const directPage = 1000

// Start returns a cursor that covers nothing, with a place for each stream.
func (d Direct) Start() customer.Cursor { return d.t.Start() }

// ReadType is Timeline.ReadType.
func (d Direct) ReadType(ctx context.Context, store string, of events.Type, after customer.Cursor, fn func([]customer.Entry) error) error {
	t := d.t
	return t.each(func(p int) error {
		from := uint64(1)
		if len(after) == t.split.Count() {
			_, seq := t.split.Place(after[p])
			from = seq + 1
		}
		return d.read(ctx, p, OfType(store, of), from, nil, fn)
	})
}

// ReadCustomer is Timeline.ReadCustomer.
func (d Direct) ReadCustomer(ctx context.Context, k customer.Key, fn func([]customer.Entry) error) error {
	return d.read(ctx, d.t.split.Of(k.Bucket), inBucket(k.Store, k.Bucket), 1, map[string]bool{k.Token: true}, fn)
}

// ReadBucket calls fn with all entries of a bucket that come after a sequence.
func (d Direct) ReadBucket(ctx context.Context, store string, bucket uint8, after uint64, fn func([]customer.Entry) error) error {
	_, seq := d.t.split.Place(after)
	return d.read(ctx, d.t.split.Of(bucket), inBucket(store, bucket), seq+1, nil, fn)
}

// read calls fn with what a filter covers of a partition's stream; tokens, if not nil, are
// of the customers who are asked about.
func (d Direct) read(ctx context.Context, p int, filter string, from uint64, tokens map[string]bool, fn func([]customer.Entry) error) error {
	t := d.t
	look := bus.Look{Stream: t.split.Timeline(p), Filter: filter, From: from, Page: directPage}
	err := bus.DirectPages(ctx, t.js, look, func(msgs []*nats.Msg) error {
		var out []customer.Entry
		for _, m := range msgs {
			if tokens != nil && !tokens[m.Header.Get(bus.HeaderCustomer)] {
				continue
			}
			seq, err := bus.SequenceOf(m)
			if err != nil {
				return err
			}
			stored, _ := time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
			if e, _ := t.entry(t.split.Position(p, seq), stored, m.Header.Get(jetstream.SubjectHeader), m.Header, m.Data); e != nil {
				out = append(out, *e)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return fn(out)
	})
	return t.split.In(p, err)
}
