package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// Forget deletes the touches of a customer that are pending with a worker and
// were caused no later than some time, whether they fell due or not; the zero
// time: all. It returns how many there were.
func (s *Schedule) Forget(ctx context.Context, worker string, k customer.Key, until time.Time) (int, error) {
	return s.forget(ctx, worker, k, func(t touch.Touch, err error) bool {
		return err != nil || causedBy(t, until) // what cannot be read may be theirs, and is of no use to anybody
	})
}

// ForgetTo deletes those of a customer's touches that are pending with a worker, go to
// the address of an order, which was erased, and were caused no later than some time. It
// returns how many there were.
func (s *Schedule) ForgetTo(ctx context.Context, worker string, k customer.Key, email string, until time.Time) (int, error) {
	return s.forget(ctx, worker, k, func(t touch.Touch, err error) bool { return err == nil && goesTo(t, email, until) })
}

// forgetTouch is Forget for one touch.
func (s *Schedule) forgetTouch(ctx context.Context, of touch.Touch, until time.Time) (int, error) {
	return s.forget(ctx, of.Worker, of.Customer, func(t touch.Touch, err error) bool { return err == nil && isOne(t, of, until) })
}

// causedBy reports whether a touch was caused no later than some time; the zero time:
// whenever it was.
func causedBy(t touch.Touch, until time.Time) bool {
	return until.IsZero() || t.Caused.UnixMilli() <= until.UnixMilli()
}

func goesTo(t touch.Touch, email string, until time.Time) bool {
	return t.Snapshot != nil && customer.SameAddress(t.Snapshot.To, email) && t.Caused.UnixMilli() <= until.UnixMilli()
}

func isOne(t, of touch.Touch, until time.Time) bool {
	return Subject(t) == Subject(of) && t.Caused.UnixMilli() <= until.UnixMilli()
}

// forgetTries bounds how often it is looked whether all is deleted.
const forgetTries = 10

// forget deletes those touches of a customer that it is told to, and looks again after
// that: one that is put back at this moment looks, once it is on the schedule, whether
// its due message is still there. So one of both sees the other.
func (s *Schedule) forget(ctx context.Context, worker string, k customer.Key, is func(t touch.Touch, err error) bool) (int, error) {
	all := 0
	for range forgetTries {
		n, err := s.forgetOnce(ctx, worker, k, is)
		if all += n; n == 0 || err != nil {
			return all, err
		}
	}
	return all, nil
}

func (s *Schedule) forgetOnce(ctx context.Context, worker string, k customer.Key, is func(t touch.Touch, err error) bool) (int, error) {
	stream, p := s.stream(worker, k.Bucket)
	msgs, err := bus.DirectGet(ctx, s.js, stream, map[string]any{"multi_last": s.subjectsOf(worker, k)})
	if err != nil {
		return 0, s.split.In(p, err)
	}
	n := 0
	for _, m := range msgs {
		if !is(Decode(m.Data)) {
			continue
		}
		seq, err := bus.SequenceOf(m)
		if err != nil {
			return n, err
		}
		if err := s.purge(ctx, stream, m.Header.Get(jetstream.SubjectHeader), seq); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// purge deletes what a subject has up to a sequence: a message that took its place since
// then stays.
func (s *Schedule) purge(ctx context.Context, stream, subject string, last uint64) error {
	at, err := s.js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	if err := at.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(last+1)); err != nil {
		return fmt.Errorf("forgetting a pending touch: %w", err)
	}
	return nil
}

// subjectsOf covers all touches of a customer that are pending with a worker.
func (s *Schedule) subjectsOf(worker string, k customer.Key) []string {
	p := s.split.Of(k.Bucket)
	return []string{
		s.split.Under("schedule", p) + "." + k.Store + "." + k.Token + "." + worker + ".>",
		s.split.Under("due", p) + "." + worker + "." + k.Store + "." + k.Token + ".>",
	}
}
