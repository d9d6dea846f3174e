package schedule

import (
	"context"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// putBackTries bounds how often a touch is put back while its place on the schedule
// changes. Each try lost is one that another process won.
const putBackTries = 5

// PutBack schedules a touch again that fell due, as the message of a sequence. It
// reports false, and nothing of it stays on the schedule, if that message is gone or was
// replaced: the customer was erased in the meantime, or the touch was planned again and is
// due; and if it was planned again and waits on the schedule: what was planned since
// knows more, and is judged when it falls due.
//
// Both are conditions, and NATS checks one with a message. That the place on the schedule
// is free is checked with it, for what is replaced there would be lost. That the due
// message is still there is looked at after that, and what was put is deleted if it is
// not: an erasure that came before did not see it, and one that comes after does. Of a
// process that dies in between something may stay until the night, when who was erased is
// looked for again.
//
// Why it was put back is noted with it; see Held.
func (s *Schedule) PutBack(ctx context.Context, t touch.Touch, sequence uint64, why reason.Reason) (bool, error) {
	m, err := s.message(t, s.scale.Now())
	if err != nil {
		return false, err
	}
	if m.Subject == s.dueSubject(t) {
		return s.putBackDue(ctx, t, m, sequence)
	}
	m.Header[bus.HeaderHeld] = []string{strconv.FormatUint(sequence, 10)}
	m.Header[bus.HeaderHeldFor] = []string{string(why)}
	var expected uint64 // it left the schedule when it fell due
	for range putBackTries {
		expect(m, m.Subject, expected)
		put, err := s.streams.Publish(ctx, []*nats.Msg{m})
		switch {
		case err == nil:
			return s.stays(ctx, t, sequence, put[0])
		case !replaced(err):
			return false, fmt.Errorf("scheduling: %w", err)
		}
		there, err := s.last(ctx, t, m.Subject)
		switch {
		case err != nil:
			return false, err
		case there == nil:
			expected = 0
		case !heldUpTo(there, sequence):
			return false, nil
		default:
			expected = there.Sequence
		}
	}
	return false, fmt.Errorf("scheduling: %w", errReplaced)
}

// putBackDue replaces the due message with one that is judged at once.
func (s *Schedule) putBackDue(ctx context.Context, t touch.Touch, m *nats.Msg, sequence uint64) (bool, error) {
	if there, err := s.last(ctx, t, s.subject(t)); err != nil || there != nil && !heldUpTo(there, sequence) {
		return false, err
	}
	delete(m.Header, jetstream.SchedulerHeader) // what comes to the schedule now is newer, and is not purged
	delete(m.Header, jetstream.ScheduleNextHeader)
	expect(m, m.Subject, sequence)
	_, err := s.streams.Publish(ctx, []*nats.Msg{m})
	if replaced(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("scheduling: %w", err)
	}
	return true, nil
}

// stays reports whether the due message that a touch was put back for is still there, and
// deletes what was put if it is not.
func (s *Schedule) stays(ctx context.Context, t touch.Touch, sequence, put uint64) (bool, error) {
	due, err := s.last(ctx, t, s.dueSubject(t))
	if err != nil || due != nil && due.Sequence == sequence {
		return err == nil, err
	}
	stream, _ := s.stream(t.Worker, t.Customer.Bucket)
	return false, s.purge(ctx, stream, s.subject(t), put)
}

// heldUpTo reports whether a message was put back for the due message of a sequence, in an
// earlier try, or for one before it. That one was replaced since: who put it back sees so
// when it looks, and deletes it, so it must not be relied upon.
func heldUpTo(m *bus.Stored, sequence uint64) bool {
	from, err := strconv.ParseUint(m.Header.Get(bus.HeaderHeld), 10, 64)
	return err == nil && from <= sequence
}

// last returns the last message that a touch has on a subject; nil: there is none.
func (s *Schedule) last(ctx context.Context, t touch.Touch, subject string) (*bus.Stored, error) {
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	stream, _ := s.stream(t.Worker, t.Customer.Bucket)
	m, err := bus.LastStored(ctx, s.js, stream, subject)
	if err != nil {
		return nil, fmt.Errorf("looking at the schedule: %w", err)
	}
	return m, nil
}
