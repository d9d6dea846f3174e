package timeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Identity tells this timeline from any other, by when its streams were created, and
// returns up to which sequence each bucket's stream has entries of any bucket.
func (t *Timeline) Identity(ctx context.Context) (id string, ends [customer.Buckets]uint64, err error) {
	var created []string
	for p, name := range t.split.Timelines() {
		s, err := t.js.Stream(ctx, name)
		if err != nil {
			return "", ends, t.split.In(p, err)
		}
		info := s.CachedInfo()
		created = append(created, info.Created.UTC().Format(time.RFC3339Nano))
		first, last := t.split.Range(p)
		for b := int(first); b <= int(last); b++ {
			ends[b] = t.split.Position(p, info.State.LastSeq)
		}
	}
	return strings.Join(created, ","), ends, nil
}

// Start returns a cursor that covers nothing, with a place for each stream.
func (t *Timeline) Start() customer.Cursor { return make(customer.Cursor, t.split.Count()) }

// Parts returns which buckets share a stream: among their sequences one says what came
// after another.
func (t *Timeline) Parts() [][]uint8 {
	all := make([]uint8, customer.Buckets)
	for b := range all {
		all[b] = uint8(b)
	}
	return t.apart(all)
}

// Stored returns the stream that has the entry of a sequence, and its sequence there.
func (t *Timeline) Stored(sequence uint64) (stream string, there uint64) {
	p, n := t.split.Place(sequence)
	return t.split.Timeline(p), n
}

// Lasts returns the highest sequence of each bucket of a store; 0 where there
// is no entry. A server that gives no answer is an error.
func (t *Timeline) Lasts(ctx context.Context, store string) ([customer.Buckets]uint64, error) {
	var out [customer.Buckets]uint64
	errs := make([]error, len(out))
	var wg sync.WaitGroup
	next := make(chan int)
	for range 16 {
		wg.Go(func() {
			for b := range next {
				out[b], errs[b] = t.last(ctx, store, uint8(b))
			}
		})
	}
	for b := range out {
		next <- b
	}
	close(next)
	wg.Wait()
	return out, errors.Join(errs...)
}

// Last returns the highest sequence of the bucket of a customer; 0 if it is empty.
func (t *Timeline) Last(ctx context.Context, k customer.Key) (uint64, error) {
	return t.last(ctx, k.Store, k.Bucket)
}

// last returns the sequence of the last entry of a bucket.
func (t *Timeline) last(ctx context.Context, store string, bucket uint8) (uint64, error) {
	p := t.split.Of(bucket)
	got, err := t.lastOf(ctx, p, inBucket(store, bucket))
	if err != nil || got == nil {
		return 0, err
	}
	return t.split.Position(p, got.Sequence), nil
}

// lastOf returns the last message of a subject in a partition; nil: there is none.
func (t *Timeline) lastOf(ctx context.Context, p int, subject string) (*bus.Stored, error) {
	got, err := t.stored(ctx, p, bus.LastOf(subject))
	if err != nil {
		return nil, t.split.In(p, fmt.Errorf("last entry of %s: %w", subject, err))
	}
	return got, nil
}

// stored asks the leader of a partition's stream for a message; nil: there is none.
// (nats.go would ask any replica, and one that lags would hide the tail.)
func (t *Timeline) stored(ctx context.Context, p int, request []byte) (got *bus.Stored, err error) {
	err = patiently(ctx, func(ctx context.Context) error {
		got, err = bus.FindStored(ctx, t.js, t.split.Timeline(p), request)
		return err
	})
	return got, err
}

// askAgain is after how long a request is taken for lost with its connection, and
// electing is how long a stream that has no leader is given to find one.
const (
	askAgain = 2 * time.Second
	electing = 250 * time.Millisecond
)

// patiently asks what may be asked twice, and again if no answer comes.
func patiently(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	for leaderless := 0; ; {
		try, cancel := context.WithTimeout(ctx, askAgain)
		err := ask(try)
		cancel()
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case errors.Is(err, jetstream.ErrNoStreamResponse) && leaderless < 2:
			leaderless++
			select {
			case <-ctx.Done():
				return err
			case <-time.After(electing):
			}
		case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, bus.ErrNoAck):
			return err
		}
	}
}

// readBatch is how many entries are read at a time: for each batch, nats.go has the
// server make another consumer.
const readBatch = 4000

// Read calls fn with batches of the entries of some buckets of a store, from one sequence
// to another, both included; of those that share a stream in the order of their sequences.
func (t *Timeline) Read(ctx context.Context, store string, buckets []uint8, from, to uint64, fn func([]customer.Entry) error) error {
	for p, buckets := range t.apart(buckets) {
		if len(buckets) == 0 {
			continue
		}
		filter, wanted := inBuckets(store, buckets)
		err := t.readAll(ctx, p, jetstream.OrderedConsumerConfig{
			FilterSubjects: filter, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: t.from(p, from),
		}, selection{buckets: wanted, to: to}, fn)
		if err != nil {
			return err
		}
	}
	return nil
}

// inBuckets is what a consumer is asked for to see the entries of some buckets of a store, and
// which are to be kept of these; see typed.
func inBuckets(store string, buckets []uint8) (filter []string, wanted map[uint8]bool) {
	wanted = map[uint8]bool{}
	for _, b := range buckets {
		wanted[b] = true
	}
	if len(wanted) == 1 {
		return []string{inBucket(store, buckets[0])}, wanted
	}
	return []string{ofStore(store)}, wanted
}

// apart divides buckets by partition.
func (t *Timeline) apart(buckets []uint8) [][]uint8 {
	out := make([][]uint8, t.split.Count())
	for _, b := range buckets {
		p := t.split.Of(b)
		out[p] = append(out[p], b)
	}
	return out
}

// from returns the first sequence of a partition's stream whose position isn't below one.
func (t *Timeline) from(p int, position uint64) uint64 {
	_, seq := t.split.Place(position)
	if t.split.Position(p, seq) < position {
		seq++
	}
	return max(1, seq)
}

// readAll calls fn with batches of what is wanted of the entries that a consumer on a
// partition's stream yields.
func (t *Timeline) readAll(ctx context.Context, p int, from jetstream.OrderedConsumerConfig, of selection, fn func([]customer.Entry) error) error {
	c, leave, err := t.consumer(ctx, p, from)
	if err != nil {
		return err
	}
	for more := true; more; {
		var batch []customer.Entry
		err = promptly(ctx, func() (err error) {
			batch, more, err = t.readSome(ctx, c, of)
			return t.split.In(p, err)
		})
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			continue
		}
		if err = fn(batch); err != nil {
			leave()
			return err
		}
	}
	leave()
	return nil
}

// consumer makes a consumer on a partition's stream, which who has read leaves.
func (t *Timeline) consumer(ctx context.Context, p int, from jetstream.OrderedConsumerConfig) (c jetstream.Consumer, leave func(), err error) {
	err = promptly(ctx, func() (err error) {
		c, leave, err = bus.Ordered(ctx, t.js, t.split.Timeline(p), from)
		return err
	})
	return c, leave, t.split.In(p, err)
}

// stalled is after how long a read is given up. nats.go makes an ordered consumer
// again for as long as it takes, and who reads may hold a lock that others wait for.
const stalled = time.Minute

var errStalled = errors.New("the timeline does not answer")

// promptly reads, and gives up when that takes too long.
func promptly(ctx context.Context, read func() error) error {
	done := make(chan error, 1)
	go func() { done <- read() }()
	late := time.NewTimer(stalled)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-late.C:
		return errStalled
	}
}

// selection says which of the entries that a consumer yields are wanted.
type selection struct {
	buckets map[uint8]bool  // nil: all
	types   []events.Type   // nil: all
	tokens  map[string]bool // of customers; nil: all
	text    []byte          // that is in them; nil: whatever they say
	to      uint64          // the last sequence
}

// readSome reads the next batch and says whether there is more up to a sequence.
func (t *Timeline) readSome(ctx context.Context, c jetstream.Consumer, of selection) ([]customer.Entry, bool, error) {
	var out []customer.Entry
	more, err := fetch(ctx, c, readBatch, func(m jetstream.Msg) (more bool, err error) {
		position, stored, err := t.place(m)
		if err != nil || position > of.to || !of.wants(m) {
			return position <= of.to, err
		}
		e, err := t.decode(position, stored, m)
		switch {
		case err != nil && e.Sequence == 0:
			return false, err
		case err == nil:
			out = append(out, e)
		case t.Skipped != nil: // of a newer version, or not ours: it must not end every refold
			t.Skipped(e.Sequence, err)
		}
		return true, nil
	})
	return out, more, err
}

// wants reports whether a message is of the selection, as far as that shows without decoding
// it.
func (s selection) wants(m jetstream.Msg) bool {
	if s.types != nil {
		if _, is := About(m.Subject()); !slices.Contains(s.types, is) {
			return false
		}
	}
	if s.buckets != nil {
		if _, b, err := parseSubject(m.Subject()); err == nil && !s.buckets[b] {
			return false
		}
	}
	// Of a bucket, most are others'.
	return (s.tokens == nil || s.tokens[m.Headers().Get(bus.HeaderCustomer)]) && (s.text == nil || bytes.Contains(m.Data(), s.text))
}

// fetch calls each with up to n messages of a consumer, and says whether there are more: by
// what each says, and by what the stream has.
func fetch(ctx context.Context, c jetstream.Consumer, n int, each func(jetstream.Msg) (more bool, err error)) (bool, error) {
	msgs, err := c.FetchNoWait(n)
	if err != nil {
		return false, err
	}
	got, more := 0, true
	for m := range msgs.Messages() {
		got++
		wanted, err := each(m)
		if err != nil {
			return false, err
		}
		more = more && wanted
	}
	if err := msgs.Error(); err != nil {
		return false, err
	}
	if got == 0 && ctx.Err() == nil {
		// A server that is slow or away looks like the end of the stream.
		info, err := c.Info(ctx)
		if err != nil {
			return false, err
		}
		return info.NumPending > 0, nil
	}
	return more && ctx.Err() == nil, ctx.Err()
}

// Decode returns the entry that a timeline message is.
func (t *Timeline) Decode(m jetstream.Msg) (customer.Entry, error) {
	position, stored, err := t.place(m)
	if err != nil {
		return customer.Entry{}, err
	}
	return t.decode(position, stored, m)
}

// place returns the position of a message, and when it was stored.
func (t *Timeline) place(m jetstream.Msg) (position uint64, stored time.Time, err error) {
	md, err := m.Metadata()
	if err != nil {
		return 0, time.Time{}, err
	}
	position, err = t.split.PositionIn(md.Stream, md.Sequence.Stream)
	return position, md.Timestamp, err
}

func (t *Timeline) decode(position uint64, stored time.Time, m jetstream.Msg) (customer.Entry, error) {
	e, err := decode(position, m.Subject(), m.Headers().Get(bus.HeaderCustomer), m.Data())
	t.date(&e, stored)
	return e, err
}

// date notes when an entry was stored, where its sequence doesn't tell what came before.
func (t *Timeline) date(e *customer.Entry, stored time.Time) {
	if t.split.Count() > 1 && e.Sequence > 0 && !stored.IsZero() {
		e.Stored = stored.UnixNano()
	}
}

// decode decodes an entry of the timeline. Of one that it cannot read, but that is
// where entries are, it returns the place.
func decode(sequence uint64, subject, token string, data []byte) (customer.Entry, error) {
	store, bucket, err := parseSubject(subject)
	if err != nil {
		return customer.Entry{}, err
	}
	e, err := events.DecodeTrusted(store, data)
	if err != nil {
		err = fmt.Errorf("timeline entry %d: %w", sequence, err)
	}
	return customer.Entry{Key: customer.Key{Store: store, Bucket: bucket, Token: token}, Event: e, Sequence: sequence}, err
}
