package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// AckTimeout is how long a publish waits for the stream's word.
const AckTimeout = 10 * time.Second

// ErrNoAck says that a stream did not confirm all that was published. It may
// stand there; publishing it again does no harm.
var ErrNoAck = errors.New("the stream did not confirm")

// Publish publishes messages to one stream, all at once, waits until all of them
// stand there, and returns their sequences, in their order. The messages become
// its own.
//
// All acknowledgements come to one subject: a reply subject for each, as nats.go
// has it, costs the server a search for who listens and us a table of who waits,
// together more than all else about publishing. What cannot be told any more is
// which message an acknowledgement is for. It need not be: if there are as many
// sequences as messages, each stands, and in the order they were published in.
// A message that was stored twice would spoil that, and only a client that
// connects again sends one twice: then nothing is taken for confirmed. Nor may a
// message carry a Nats-Msg-Id, since a copy is answered with a sequence of old.
func Publish(ctx context.Context, nc *nats.Conn, msgs []*nats.Msg) ([]uint64, error) {
	if len(msgs) == 0 {
		return nil, nil
	}
	connections := nc.Stats().Reconnects
	answers := make(chan *nats.Msg, len(msgs))
	inbox := nc.NewInbox()
	sub, err := nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only when the connection is closed
	for _, m := range msgs {
		m.Reply = inbox
		if err := nc.PublishMsg(m); err != nil {
			return nil, err
		}
	}
	out, err := collect(ctx, answers, len(msgs))
	switch {
	case err != nil:
		return nil, err
	case nc.Stats().Reconnects != connections:
		return nil, fmt.Errorf("%w: the connection was lost meanwhile", ErrNoAck)
	}
	// A new leader may repeat what the old one said.
	slices.Sort(out)
	if n := len(slices.Compact(slices.Clone(out))); n != len(msgs) {
		return nil, fmt.Errorf("%w: %d sequences for %d messages", ErrNoAck, n, len(msgs))
	}
	return out, nil
}

// collect takes n answers, or the first that is an error.
func collect(ctx context.Context, answers <-chan *nats.Msg, n int) ([]uint64, error) {
	timeout := time.NewTimer(AckTimeout)
	defer timeout.Stop()
	out := make([]uint64, 0, n)
	for len(out) < n {
		select {
		case m := <-answers:
			seq, err := sequence(m)
			if err != nil {
				return nil, err
			}
			out = append(out, seq)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-timeout.C:
			return nil, fmt.Errorf("%w in time", ErrNoAck)
		}
	}
	return out, nil
}

// sequence reads an acknowledgement. What the server nearly always says,
// {"stream":"…","seq":17}, is read by hand: it comes once for every event.
func sequence(m *nats.Msg) (uint64, error) {
	head, tail, found := bytes.Cut(m.Data, []byte(`,"seq":`))
	if found && bytes.HasPrefix(head, []byte(`{"stream":"`)) && bytes.HasSuffix(tail, []byte("}")) {
		if seq, err := strconv.ParseUint(string(tail[:len(tail)-1]), 10, 64); err == nil && seq > 0 {
			return seq, nil
		}
	}
	if m.Header.Get("Status") == "503" {
		return 0, jetstream.ErrNoStreamResponse
	}
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		jetstream.PubAck
	}
	switch err := json.Unmarshal(m.Data, &ack); {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", jetstream.ErrInvalidJSAck, err)
	case ack.Error != nil:
		return 0, ack.Error
	case ack.Stream == "" || ack.Sequence == 0:
		return 0, jetstream.ErrInvalidJSAck
	}
	return ack.Sequence, nil
}
