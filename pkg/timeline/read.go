package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

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
	req, err := json.Marshal(map[string]string{"last_by_subj": subject})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	m, err := t.js.Conn().RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+bus.Timeline, req)
	if err != nil {
		return 0, fmt.Errorf("last entry of %s: %w", subject, err)
	}
	var got struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Sequence uint64 `json:"seq"`
		} `json:"message"`
	}
	if err := json.Unmarshal(m.Data, &got); err != nil {
		return 0, fmt.Errorf("last entry of %s: %w", subject, err)
	}
	switch {
	case got.Error == nil:
		return got.Message.Sequence, nil
	case got.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return 0, nil
	}
	return 0, fmt.Errorf("last entry of %s: %w", subject, got.Error)
}

// readBatch is how many entries a refold takes at a time.
const readBatch = 1000

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
	c, err := t.js.OrderedConsumer(ctx, bus.Timeline, jetstream.OrderedConsumerConfig{
		FilterSubjects: filters, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, from),
	})
	if err != nil {
		return err
	}
	for more := true; more; {
		var batch []customer.Entry
		batch, more, err = t.readSome(ctx, c, selection{buckets: wanted, to: to})
		if err != nil {
			return err
		}
		if len(batch) > 0 {
			if err := fn(batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// selection says which of the entries that a consumer yields are wanted.
type selection struct {
	buckets map[uint8]bool // nil: all
	token   string         // of the one customer; empty: all
	to      uint64         // the last sequence
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
		if of.token != "" && m.Headers().Get(bus.HeaderCustomer) != of.token {
			continue // of a bucket, most are others'
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
	store, bucket, err := parseSubject(m.Subject())
	if err != nil {
		return customer.Entry{}, err
	}
	e, err := events.DecodeTrusted(store, m.Data())
	if err != nil {
		err = fmt.Errorf("timeline entry %d: %w", md.Sequence.Stream, err)
	}
	return customer.Entry{
		Key:      customer.Key{Store: store, Bucket: bucket, Token: m.Headers().Get(bus.HeaderCustomer)},
		Event:    e,
		Sequence: md.Sequence.Stream,
	}, err
}
