package bus

import (
	"errors"
	"fmt"
	"time"
)

// A handler's answer to a message is an error value. What the stream is told
// follows from it by one table, here and nowhere else:
//
//	nil            → ack: done
//	Later(d)       → nak with a delay: come again in d, minutes at most
//	Soon(d)        → stay in flight, and be tried again in d, seconds at most; others pass
//	Bad(…)         → to REJECTED, wait for its ack, then term: it will never be right
//	ErrShutdown    → nak: someone else may take it, 50 ms later
//	anything else  → keep: a server is down; the loop stops pulling, waits and asks again
//
// There is never a bare nak on failure: it redelivers within a millisecond.

// ErrShutdown gives a message back because the loop is stopping.
var ErrShutdown = errors.New("shutting down")

type laterError struct{ in time.Duration }

func (e *laterError) Error() string { return "again in " + e.in.String() }

// Later asks for the message again after d.
func Later(d time.Duration) error { return &laterError{d} }

type soonError struct{ in time.Duration }

func (e *soonError) Error() string { return "still in flight, again in " + e.in.String() }

// Soon keeps the message in flight and has it tried again after d, for waits that
// are not worth telling the server about. No server is down, and others pass.
func Soon(d time.Duration) error { return &soonError{d} }

// BadError says that a message can never be processed.
type BadError struct {
	Store  string // as in the subject
	Reason string // one token
	Detail string // which field, what is wrong, what to do

	Event, Source string // the id and the source of an event, if they could be read
}

func (e *BadError) Error() string { return fmt.Sprintf("%s: %s", e.Reason, e.Detail) }

// Bad sends the message to REJECTED.
func Bad(store, reason, detail string) error {
	return &BadError{Store: store, Reason: reason, Detail: detail}
}

type action uint8

const (
	ack action = iota
	nakLater
	reject
	nak
	keep
	stay
)

// actionFor is the table. While the loop is stopping nothing is kept.
func actionFor(err error, stopping bool) (action, time.Duration) {
	if err == nil {
		return ack, 0
	}
	if later, ok := errors.AsType[*laterError](err); ok {
		return nakLater, later.in
	}
	if _, ok := errors.AsType[*BadError](err); ok {
		return reject, 0
	}
	if errors.Is(err, ErrShutdown) || stopping {
		return nak, 0
	}
	if soon, ok := errors.AsType[*soonError](err); ok {
		return stay, soon.in
	}
	return keep, 0
}
