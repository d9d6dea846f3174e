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
		// What cannot be read may be theirs, and is of no use to anybody.
		return err != nil || until.IsZero() || t.Caused.UnixMilli() <= until.UnixMilli()
	})
}

// ForgetTo deletes those of a customer's touches that are pending with a worker, go to
// the address of an order, which was erased, and were caused no later than some time. It
// returns how many there were.
func (s *Schedule) ForgetTo(ctx context.Context, worker string, k customer.Key, email string, until time.Time) (int, error) {
	return s.forget(ctx, worker, k, func(t touch.Touch, err error) bool {
		return err == nil && t.Snapshot != nil && customer.SameAddress(t.Snapshot.To, email) && t.Caused.UnixMilli() <= until.UnixMilli()
	})
}

// forgetTouch is Forget for one touch.
func (s *Schedule) forgetTouch(ctx context.Context, of touch.Touch, until time.Time) (int, error) {
	return s.forget(ctx, of.Worker, of.Customer, func(t touch.Touch, err error) bool {
		return err == nil && Subject(t) == Subject(of) && t.Caused.UnixMilli() <= until.UnixMilli()
	})
}

func (s *Schedule) forget(ctx context.Context, worker string, k customer.Key, is func(t touch.Touch, err error) bool) (int, error) {
	msgs, err := directGet(ctx, s.js, worker, map[string]any{"multi_last": subjectsOf(worker, k)})
	if err != nil || len(msgs) == 0 {
		return 0, err
	}
	stream, err := s.js.Stream(ctx, bus.ScheduleStream(worker))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, m := range msgs {
		if !is(Decode(m.Data)) {
			continue
		}
		seq, err := sequenceOf(m)
		if err != nil {
			return n, err
		}
		// A purge by subject, as far as this message: one that took its place
		// since then stays.
		subject := m.Header.Get(jetstream.SubjectHeader)
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(seq+1)); err != nil {
			return n, fmt.Errorf("forgetting a pending touch: %w", err)
		}
		n++
	}
	return n, nil
}

// subjectsOf covers all touches of a customer that are pending with a worker.
func subjectsOf(worker string, k customer.Key) []string {
	return []string{
		"schedule." + k.Store + "." + k.Token + "." + worker + ".>",
		"due." + worker + "." + k.Store + "." + k.Token + ".>",
	}
}
