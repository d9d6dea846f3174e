package timeline

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
)

// A Line is an entry as it is stored, which nobody has decoded.
type Line struct {
	Type   events.Type
	Token  string    // of the customer, or of what else it is kept under
	Stored time.Time // when the timeline got it
	Data   []byte    // the event, as JSON
}

// Lines calls fn with batches of all entries of a store, up to the end as it is when it
// begins; of those that share a stream in the order of their sequences. fn is also told how
// much of the streams was passed, in entries of all stores. However long the timeline is,
// some megabytes of it are in memory.
func (t *Timeline) Lines(ctx context.Context, store string, fn func(lines []Line, passed, all uint64) error) error {
	parts := make([]span, t.split.Count())
	var passed, all uint64
	for p := range parts {
		s, err := t.js.Stream(ctx, t.split.Timeline(p))
		if err != nil {
			return t.split.In(p, err)
		}
		state := s.CachedInfo().State
		parts[p] = span{state.FirstSeq, state.LastSeq}
		all += parts[p].len()
	}
	for p, of := range parts {
		err := t.lines(ctx, p, store, of, func(lines []Line, upTo uint64) error {
			return fn(lines, passed+span{of.first, upTo}.len(), all)
		})
		if err != nil {
			return err
		}
		passed += of.len()
	}
	return nil
}

// span is some sequences of a stream, both included.
type span struct{ first, last uint64 }

func (s span) len() uint64 {
	if s.last < s.first {
		return 0
	}
	return s.last - s.first + 1
}

const (
	fewLines  = 64 // at least, and at first, in a batch
	lineBytes = 8 << 20
)

// lines is Lines for one partition; fn is told the sequence of the last one.
func (t *Timeline) lines(ctx context.Context, p int, store string, of span, fn func(lines []Line, upTo uint64) error) error {
	if of.len() == 0 {
		return nil
	}
	c, leave, err := t.consumer(ctx, p, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy, FilterSubjects: []string{ofStore(store)}})
	if err != nil {
		return err
	}
	n := fewLines
	for more := true; more; {
		var batch []Line
		var upTo uint64
		size := 0
		err := promptly(ctx, func() (err error) {
			more, err = fetch(ctx, c, n, func(m jetstream.Msg) (bool, error) {
				md, err := m.Metadata()
				if err != nil || md.Sequence.Stream > of.last {
					return false, err
				}
				_, what := About(m.Subject())
				batch = append(batch, Line{what, m.Headers().Get(bus.HeaderCustomer), md.Timestamp, m.Data()})
				upTo = md.Sequence.Stream
				size += len(m.Data())
				return upTo < of.last, nil
			})
			return t.split.In(p, err)
		})
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			continue
		}
		n = min(max(lineBytes/(size/len(batch)+1), fewLines), readBatch)
		if err := fn(batch, upTo); err != nil {
			leave()
			return err
		}
	}
	leave()
	return nil
}
