package bus

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// AckTimeout is how long a publish waits for the stream's acknowledgement.
const AckTimeout = 10 * time.Second

// ErrNoAck says that a stream did not confirm all that was published. It may have
// it; publishing it again does no harm.
var ErrNoAck = errors.New("the stream did not confirm")

// EventMsg is the message by which an event that Encode wrote is published.
func EventMsg(subject string, body []byte) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: body, Header: nats.Header{"Content-Type": {"application/cloudevents+json"}}}
}

// A Publisher publishes to streams and waits for their acknowledgements. It is safe
// for concurrent use. It keeps the subscriptions that acknowledgements come to: a
// new one for each publish would have the server forget, each time, what it knows
// about who listens to what.
type Publisher struct {
	js jetstream.JetStream

	mu   sync.Mutex
	idle []*inbox // nothing is expected on these
}

// NewPublisher returns a publisher.
func NewPublisher(js jetstream.JetStream) *Publisher { return &Publisher{js: js} }

// Publish is Publisher.Publish for callers that publish now and then.
func Publish(ctx context.Context, nc *nats.Conn, msgs []*nats.Msg) ([]uint64, error) {
	if len(msgs) == 0 {
		return nil, nil
	}
	in, err := newInbox(nc, len(msgs))
	if err != nil {
		return nil, err
	}
	defer in.close()
	w, err := in.publish(ctx, nc, msgs)
	if err != nil {
		return nil, err
	}
	return w.out, nil
}

// Publish publishes messages, all at once, waits until the streams have all of
// them, and returns their sequences in their order. The messages become its own.
//
// Messages without a Nats-Msg-Id are acknowledged on one subject: a reply subject
// for each, as nats.go has it, costs the server a search for listeners, and us a
// table of waiters: together more than everything else about publishing. What cannot
// be told any more is which message an acknowledgement is for. It need not be: if
// there are as many sequences as messages, each was stored, and in the order they
// were published in (of several streams, the sequences mean nothing). A message
// that was stored twice would spoil that, and only a client that connects again
// sends one twice: then nothing counts as confirmed.
//
// A message with an id has a reply subject of its own, since a copy is answered
// with the sequence of the first.
func (p *Publisher) Publish(ctx context.Context, msgs []*nats.Msg) ([]uint64, error) {
	out, _, err := p.publish(ctx, msgs)
	return out, err
}

// PublishTelling is Publish, and tells in copies which messages the stream had already,
// by their Nats-Msg-Id, from the last two minutes.
func (p *Publisher) PublishTelling(ctx context.Context, msgs []*nats.Msg) (sequences []uint64, copies []bool, err error) {
	sequences, of, err := p.publish(ctx, msgs)
	copies = make([]bool, len(sequences))
	for _, i := range of {
		copies[i] = true
	}
	return sequences, copies, err
}

func (p *Publisher) publish(ctx context.Context, msgs []*nats.Msg) (out []uint64, copies []int, err error) {
	if len(msgs) == 0 {
		return nil, nil, nil
	}
	nc := p.js.Conn()
	in, err := p.take(nc, len(msgs))
	if err != nil {
		return nil, nil, err
	}
	w, err := in.publish(ctx, nc, msgs)
	if err != nil {
		in.close() // acknowledgements may still come
		return nil, nil, err
	}
	out, copies = w.out, w.copies
	p.give(in)
	return out, copies, nil
}

// mostIdle bounds the subscriptions that are kept.
const mostIdle = 8

// take returns an inbox with room for the acknowledgements of n messages.
func (p *Publisher) take(nc *nats.Conn, n int) (*inbox, error) {
	p.mu.Lock()
	for i, in := range slices.Backward(p.idle) {
		if cap(in.answers) >= 2*n {
			p.idle = slices.Delete(p.idle, i, i+1)
			p.mu.Unlock()
			return in, nil
		}
	}
	p.mu.Unlock()
	return newInbox(nc, n)
}

func (p *Publisher) give(in *inbox) {
	p.mu.Lock()
	p.idle = append(p.idle, in)
	var over *inbox
	if len(p.idle) > mostIdle {
		over, p.idle = p.idle[0], p.idle[1:]
	}
	p.mu.Unlock()
	if over != nil {
		over.close()
	}
}

// inbox is a subscription that acknowledgements come to.
type inbox struct {
	sub     *nats.Subscription
	prefix  string // of reply subjects
	answers chan *nats.Msg
	last    int               // the number of the last reply subject of a message with an id
	acks    []stored          // of the messages without one
	stream  string            // the one that was heard of last
	heard   map[string]uint64 // the highest sequence by stream: a repeated acknowledgement isn't a new one
}

const leastRoom = 64

func newInbox(nc *nats.Conn, n int) (*inbox, error) {
	in := &inbox{prefix: nc.NewInbox() + ".", answers: make(chan *nats.Msg, max(leastRoom, 2*n)), heard: map[string]uint64{}}
	var err error
	in.sub, err = nc.ChanSubscribe(in.prefix+"*", in.answers)
	return in, err
}

func (in *inbox) close() { _ = in.sub.Unsubscribe() } // fails only when the connection is closed

// anyOf is the last token of the reply subject that messages without an id share.
const anyOf = "a"

func (in *inbox) publish(ctx context.Context, nc *nats.Conn, msgs []*nats.Msg) (w waiting, err error) {
	connections := nc.Stats().Reconnects
	w = waiting{inbox: in, out: make([]uint64, len(msgs))}
	in.acks = in.acks[:0]
	shared := in.prefix + anyOf
	for i, m := range msgs {
		if m.Header.Get(jetstream.MsgIDHeader) == "" {
			m.Reply = shared
			w.others = append(w.others, i)
		} else {
			if w.own == nil {
				w.own = map[string]int{}
			}
			in.last++
			m.Reply = in.prefix + strconv.Itoa(in.last)
			w.own[m.Reply] = i
		}
		if err := nc.PublishMsg(m); err != nil {
			return w, err
		}
	}
	if err := w.collect(ctx); err != nil {
		return w, err
	}
	if nc.Stats().Reconnects != connections {
		return w, fmt.Errorf("%w: the connection was lost in the meantime", ErrNoAck)
	}
	return w, w.sequences()
}

// waiting is a publish that waits for its acknowledgements.
type waiting struct {
	*inbox
	own    map[string]int // where the messages with an id are, by their reply subjects
	others []int          // where the others are
	out    []uint64
	copies []int // where the messages are that the stream had already
}

// stored is where a message was stored.
type stored struct {
	stream   string
	sequence uint64
	copy     bool
}

// collect takes as many answers as there are messages, or the first that is an
// error.
func (w *waiting) collect(ctx context.Context) error {
	timeout := time.NewTimer(AckTimeout)
	defer timeout.Stop()
	for len(w.acks) < len(w.others) || len(w.own) > 0 {
		select {
		case m := <-w.answers:
			at, err := w.acknowledged(m)
			if err != nil {
				return err
			}
			if i, mine := w.own[m.Subject]; mine {
				w.out[i] = at.sequence
				if at.copy {
					w.copies = append(w.copies, i)
				}
				delete(w.own, m.Subject)
			} else if strings.HasSuffix(m.Subject, "."+anyOf) && at.sequence > w.heard[at.stream] {
				w.acks = append(w.acks, at)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timeout.C:
			return fmt.Errorf("%w in time", ErrNoAck)
		}
	}
	return nil
}

// sequences tells the messages without an id their sequences, in order.
func (w *waiting) sequences() error {
	slices.SortFunc(w.acks, func(a, b stored) int {
		return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.stream, b.stream))
	})
	if n := len(slices.Compact(w.acks)); n != len(w.acks) { // a new leader may repeat what the old one said
		return fmt.Errorf("%w: %d sequences for %d messages", ErrNoAck, n, len(w.acks))
	}
	for n, at := range w.acks {
		w.out[w.others[n]] = at.sequence
		w.heard[at.stream] = max(w.heard[at.stream], at.sequence)
	}
	return nil
}

// acknowledged reads an acknowledgement. What the server nearly always says,
// {"stream":"…","seq":17}, is read by hand: it comes once for every event.
func (in *inbox) acknowledged(m *nats.Msg) (stored, error) {
	head, tail, found := bytes.Cut(m.Data, []byte(`","seq":`))
	if stream, ok := bytes.CutPrefix(head, []byte(`{"stream":"`)); ok && found && bytes.HasSuffix(tail, []byte("}")) {
		if seq, err := strconv.ParseUint(string(tail[:len(tail)-1]), 10, 64); err == nil && seq > 0 {
			if string(stream) != in.stream {
				in.stream = string(stream)
			}
			return stored{stream: in.stream, sequence: seq}, nil
		}
	}
	if m.Header.Get("Status") == "503" {
		return stored{}, jetstream.ErrNoStreamResponse
	}
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		jetstream.PubAck
	}
	switch err := json.Unmarshal(m.Data, &ack); {
	case err != nil:
		return stored{}, fmt.Errorf("%w: %w", jetstream.ErrInvalidJSAck, err)
	case ack.Error != nil:
		return stored{}, ack.Error
	case ack.Stream == "" || ack.Sequence == 0:
		return stored{}, jetstream.ErrInvalidJSAck
	}
	return stored{ack.Stream, ack.Sequence, ack.Duplicate}, nil
}
