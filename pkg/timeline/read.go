package timeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Identity tells this timeline from any other, by when its stream was created,
// and returns the last sequence.
func (t *Timeline) Identity(ctx context.Context) (id string, last uint64, err error) {
	s, err := t.js.Stream(ctx, bus.Timeline)
	if err != nil {
		return "", 0, err
	}
	info := s.CachedInfo()
	return info.Created.UTC().Format(time.RFC3339Nano), info.State.LastSeq, nil
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
				out[b], errs[b] = t.last(ctx, "timeline."+store+"."+strconv.Itoa(b)+".>")
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
	return t.last(ctx, "timeline."+k.Store+"."+strconv.Itoa(int(k.Bucket))+".>")
}

// last asks the stream's leader for the sequence of the last entry on a subject.
// (nats.go would ask any replica, and one that lags would hide the tail.)
func (t *Timeline) last(ctx context.Context, subject string) (uint64, error) {
	m, err := t.ask(ctx, bus.StoredIn(t.js, bus.Timeline), bus.LastOf(subject))
	if err != nil {
		return 0, fmt.Errorf("last entry of %s: %w", subject, err)
	}
	got, err := bus.ReadStored(m.Data)
	switch {
	case err != nil:
		return 0, fmt.Errorf("last entry of %s: %w", subject, err)
	case got == nil:
		return 0, nil
	}
	return got.Sequence, nil
}

// ask asks the server.
func (t *Timeline) ask(ctx context.Context, subject string, req []byte) (m *nats.Msg, err error) {
	err = patiently(ctx, func(ctx context.Context) error {
		m, err = t.js.Conn().RequestWithContext(ctx, subject, req)
		return err
	})
	return m, err
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

// fewBuckets is up to how many buckets the server filters; more are read with
// all of the store, which is cheaper than so many filters.
const fewBuckets = 32

// Read calls fn with batches of the entries of some buckets of a store, in the
// order of their sequences, from one sequence to another, both included.
func (t *Timeline) Read(ctx context.Context, store string, buckets []uint8, from, to uint64, fn func([]customer.Entry) error) error {
	wanted := map[uint8]bool{}
	filters := []string{"timeline." + store + ".>"}
	if len(buckets) <= fewBuckets {
		filters = nil
	}
	for _, b := range buckets {
		wanted[b] = true
		if len(buckets) <= fewBuckets {
			filters = append(filters, "timeline."+store+"."+strconv.Itoa(int(b))+".>")
		}
	}
	return t.readAll(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: filters, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, from),
	}, selection{buckets: wanted, to: to}, fn)
}

// readAll calls fn with batches of what is wanted of the entries that a consumer
// yields.
func (t *Timeline) readAll(ctx context.Context, from jetstream.OrderedConsumerConfig, of selection, fn func([]customer.Entry) error) error {
	var c jetstream.Consumer
	err := promptly(ctx, func() (err error) {
		c, err = t.js.OrderedConsumer(ctx, bus.Timeline, from)
		return err
	})
	if err != nil {
		return err
	}
	for more := true; more; {
		var batch []customer.Entry
		err = promptly(ctx, func() (err error) {
			batch, more, err = t.readSome(ctx, c, of)
			return err
		})
		if err == nil && len(batch) > 0 {
			err = fn(batch)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
	tokens  map[string]bool // of customers; nil: all
	text    []byte          // that is in them; nil: whatever they say
	to      uint64          // the last sequence
}

// readSome reads the next batch and says whether there is more up to a sequence.
func (t *Timeline) readSome(ctx context.Context, c jetstream.Consumer, of selection) ([]customer.Entry, bool, error) {
	msgs, err := c.FetchNoWait(readBatch)
	if err != nil {
		return nil, false, err
	}
	var out []customer.Entry
	n, more := 0, true
	for m := range msgs.Messages() {
		n++
		if of.tokens != nil && !of.tokens[m.Headers().Get(bus.HeaderCustomer)] {
			continue // of a bucket, most are others'
		}
		if of.text != nil && !bytes.Contains(m.Data(), of.text) {
			continue
		}
		e, err := Decode(m)
		switch {
		case err != nil && e.Sequence == 0:
			return nil, false, err
		case err != nil: // of a newer version, or not ours: it must not end every refold
			if of.holds(e) && t.Skipped != nil {
				t.Skipped(e.Sequence, err)
			}
			more = more && e.Sequence <= of.to
		case e.Sequence > of.to:
			more = false
		case of.holds(e):
			out = append(out, e)
		}
	}
	if err := msgs.Error(); err != nil {
		return nil, false, err
	}
	if n == 0 && ctx.Err() == nil {
		// A server that is slow or away looks like the end of the stream.
		info, err := c.Info(ctx)
		if err != nil {
			return nil, false, err
		}
		return nil, info.NumPending > 0, nil
	}
	return out, more && ctx.Err() == nil, ctx.Err()
}

func (s selection) holds(e customer.Entry) bool { return s.buckets == nil || s.buckets[e.Key.Bucket] }

// Decode returns the entry that a timeline message is.
func Decode(m jetstream.Msg) (customer.Entry, error) {
	md, err := m.Metadata()
	if err != nil {
		return customer.Entry{}, err
	}
	return decode(md.Sequence.Stream, m.Subject(), m.Headers().Get(bus.HeaderCustomer), m.Data())
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
