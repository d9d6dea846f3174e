package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

const (
	// window is how many events of a file may wait for the stream's word.
	window = 4096
	// patience is how long one of them is tried again while NATS is away.
	patience = 30 * time.Second
)

// sent is an event that waits for the stream's word.
type sent struct {
	subject, id string
	body        []byte
	warning     string // of the line it is from, if it is to be shown
	line        int    // it is from
	ack         jetstream.PubAckFuture
}

// sender publishes events as fast as the stream takes them, at most window of them
// ahead of its word.
type sender struct {
	js        jetstream.JetStream
	confirmed func(m sent, duplicate bool) // told of each event that the stream has, in their sequence

	waiting []sent // the oldest first
}

func (s *sender) send(ctx context.Context, m sent) error {
	for len(s.waiting) >= window {
		if err := s.settle(ctx); err != nil {
			return err
		}
	}
	var err error
	m.ack, err = s.js.PublishMsgAsync(bus.EventMsg(m.subject, m.body), jetstream.WithMsgID(m.id), jetstream.WithStallWait(patience))
	if err != nil {
		return publishError(m.subject, err)
	}
	s.waiting = append(s.waiting, m)
	for len(s.waiting) > 0 { // what the stream has confirmed in the meantime
		select {
		case ack := <-s.waiting[0].ack.Ok():
			s.confirm(ack)
		default:
			return nil
		}
	}
	return nil
}

// finish waits until the stream has all that was sent.
func (s *sender) finish(ctx context.Context) error {
	for len(s.waiting) > 0 {
		if err := s.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle waits for the stream's word about the oldest event.
func (s *sender) settle(ctx context.Context) error {
	m := s.waiting[0]
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case ack := <-m.ack.Ok():
		s.confirm(ack)
		return nil
	case err := <-m.ack.Err():
		return s.again(ctx, m, err)
	case <-wait.C:
		return s.again(ctx, m, jetstream.ErrAsyncPublishTimeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// again publishes an event whose confirmation was lost with the connection. It
// does no harm if the stream has it: it knows the message by its id, and Homing
// the event.
func (s *sender) again(ctx context.Context, m sent, why error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if _, refused := errors.AsType[*jetstream.APIError](why); refused || errors.Is(why, jetstream.ErrNoStreamResponse) {
			return publishError(m.subject, why)
		}
		ack, err := publish(ctx, s.js, m.subject, m.id, m.body)
		if err == nil {
			s.confirm(ack)
			return nil
		}
		why = err
		select {
		case <-ctx.Done():
			return &exitError{exitUnreachable, fmt.Errorf("NATS went away and did not come back within %v: %w", patience, why)}
		case <-time.After(time.Second):
		}
	}
}

// confirm takes the oldest event off: the stream has it.
func (s *sender) confirm(ack *jetstream.PubAck) {
	m := s.waiting[0]
	s.waiting[0] = sent{}
	s.waiting = s.waiting[1:]
	s.confirmed(m, ack.Duplicate)
}
