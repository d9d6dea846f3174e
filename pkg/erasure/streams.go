package erasure

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
)

// unreadable looks through what could not be read as an event.
func (e *Eraser) unreadable(ctx context.Context, store string, w *erased, log *zap.Logger) error {
	if w.names.none() {
		return nil
	}
	stream, err := e.o.JS.Stream(ctx, bus.Storefront)
	if err != nil {
		return err
	}
	for _, seq := range w.odd {
		m, err := stream.GetMsg(ctx, seq)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound): // too old by now
		case err != nil:
			return err
		case w.names.In(m.Header, m.Data):
			w.found[bus.Storefront] = append(w.found[bus.Storefront], seq)
		}
	}
	// An event whose subject is wrong was rejected for a store that is unknown.
	return e.scan(ctx, bus.Rejected, []string{"rejected." + store + ".>", "rejected.unknown.>"}, log, func(m jetstream.Msg, seq uint64) error {
		// What came back to a return path and nobody could read names who it is about by the token.
		if _, gone := w.at[m.Headers().Get(bus.HeaderCustomer)]; gone || w.names.In(m.Headers(), m.Data()) {
			w.found[bus.Rejected] = append(w.found[bus.Rejected], seq)
		}
		return nil
	})
}

// warnings looks through the warnings about events that were taken in. They have no
// event's body, but its id, which a shop may have made of the customer's, and some
// words of the value that is wrong; and they name the customer by the token. Of one
// who came back, a warning since goes too: it is for a developer to read, no more.
func (e *Eraser) warnings(ctx context.Context, store string, w *erased, log *zap.Logger) error {
	return e.scan(ctx, bus.Rejected, []string{"warned." + store + ".>"}, log, func(m jetstream.Msg, seq uint64) error {
		if _, gone := w.at[m.Headers().Get(bus.HeaderCustomer)]; gone || w.names.In(m.Headers(), nil) {
			w.found[bus.Rejected] = append(w.found[bus.Rejected], seq)
		}
		return nil
	})
}

// together is how many messages are fetched, and how often progress is counted.
const together = 1000

// scan calls fn with all messages on some subjects of a stream.
func (e *Eraser) scan(ctx context.Context, stream string, subjects []string, log *zap.Logger, fn func(m jetstream.Msg, seq uint64) error) error {
	c, leave, err := bus.Ordered(ctx, e.o.JS, stream, jetstream.OrderedConsumerConfig{FilterSubjects: subjects})
	if err != nil {
		return err
	}
	defer leave()
	total, said := 0, time.Now()
	for {
		batch, err := c.FetchNoWait(together)
		if err != nil {
			return err
		}
		n := 0
		for m := range batch.Messages() {
			n++
			md, err := m.Metadata()
			if err == nil {
				err = fn(m, md.Sequence.Stream)
			}
			if err != nil {
				return err
			}
		}
		if err := batch.Error(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if n == 0 { // the end; or a server that is slow or away, which looks like it
			info, err := c.Info(ctx)
			if err != nil || info.NumPending == 0 {
				return err
			}
		}
		if total += n; time.Since(said) > 5*time.Second {
			said = time.Now()
			log.Info("looking for erased customers", zap.String("stream", stream), zap.Int("messages", total))
		}
	}
}

// atATime is how many messages are deleted at a time.
const atATime = 8

// delete removes messages and overwrites them on the disk.
func (e *Eraser) delete(ctx context.Context, stream string, sequences []uint64, log *zap.Logger) error {
	s, err := e.o.JS.Stream(ctx, stream)
	if err != nil || len(sequences) == 0 {
		return err
	}
	said := time.Now()
	for from := 0; from < len(sequences); from += together {
		part := sequences[from:min(from+together, len(sequences))]
		errs := make([]error, atATime)
		var wg sync.WaitGroup
		for i := range atATime {
			wg.Go(func() {
				for j := i; j < len(part) && errs[i] == nil; j += atATime {
					errs[i] = remove(ctx, s, part[j])
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			log.Info("deleting what erased customers left", zap.String("stream", stream), zap.Int("messages", from+len(part)), zap.Int("of", len(sequences)))
		}
	}
	return nil
}

func remove(ctx context.Context, s jetstream.Stream, seq uint64) error {
	err := s.SecureDeleteMsg(ctx, seq)
	if err == nil {
		return nil
	}
	if _, gone := s.GetMsg(ctx, seq); errors.Is(gone, jetstream.ErrMsgNotFound) {
		return nil // by age, or by another who is at it
	}
	return err
}
