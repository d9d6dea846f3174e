// Package timeline appends to and reads the TIMELINE stream: what storefronts
// said and what Homing did about it, in one order. It is the durable truth; all
// that stands in Redis is a projection of it.
package timeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Timeline appends and reads entries.
type Timeline struct {
	js     jetstream.JetStream
	stream *bus.Publisher
	// Skipped is told of entries that Read could not understand and left out; it
	// may be nil.
	Skipped func(sequence uint64, err error)
}

// New returns a timeline.
func New(js jetstream.JetStream) *Timeline { return &Timeline{js: js, stream: bus.NewPublisher(js)} }

// Subject returns where an entry stands: timeline.<store>.<bucket>.<entity>.<action>.
func Subject(k customer.Key, t events.Type) string {
	return "timeline." + k.Store + "." + strconv.Itoa(int(k.Bucket)) + "." + string(t)
}

// parseSubject is the inverse of Subject.
func parseSubject(s string) (store string, bucket uint8, err error) {
	p := strings.Split(s, ".")
	if len(p) != 5 || p[0] != "timeline" {
		return "", 0, fmt.Errorf("not a timeline subject: %s", s)
	}
	n, err := strconv.ParseUint(p[2], 10, 8)
	return p[1], uint8(n), err
}

// About returns which store an entry that stands there is of, and its type; of
// what is no entry's subject, nothing.
func About(subject string) (store string, t events.Type) {
	p := strings.SplitN(subject, ".", 4)
	if len(p) != 4 {
		return "", ""
	}
	return p[1], events.Type(p[3])
}

// Append puts entries on the timeline, all at once, waits until the stream has all
// of them, and sets their sequences.
//
// Only a fact has an id, such as its touch and outcome, and is stored once however
// often it is told within two minutes. An event that is taken in again after a
// lost acknowledgement is stored twice: to spare that, each would have to be hashed
// here and remembered by the server, 3 µs of an event on either side. Folding and
// planning give the same twice; whoever shows entries to people leaves out copies.
func (t *Timeline) Append(ctx context.Context, entries []customer.Entry) error {
	var facts, others batch
	for i, e := range entries {
		data, err := events.Encode(e.Event)
		if err != nil {
			return err
		}
		m := &nats.Msg{Subject: Subject(e.Key, e.Event.Type), Data: data, Header: nats.Header{bus.HeaderCustomer: {e.Key.Token}}}
		if e.Event.Type.IsFact() {
			m.Header[jetstream.MsgIDHeader] = []string{e.Event.ID}
			facts.add(m, i)
		} else {
			others.add(m, i)
		}
	}
	err := patiently(ctx, func(ctx context.Context) error { return t.publish(ctx, facts, entries) })
	if err != nil {
		return fmt.Errorf("appending facts to the timeline: %w", err)
	}
	if err := t.publish(ctx, others, entries); err != nil {
		return fmt.Errorf("appending to the timeline: %w", err)
	}
	return nil
}

// batch are messages, and of which entries they are.
type batch struct {
	msgs []*nats.Msg
	of   []int
}

func (b *batch) add(m *nats.Msg, of int) { b.msgs, b.of = append(b.msgs, m), append(b.of, of) }

func (t *Timeline) publish(ctx context.Context, b batch, entries []customer.Entry) error {
	sequences, err := t.stream.Publish(ctx, b.msgs)
	for n, seq := range sequences {
		entries[b.of[n]].Sequence = seq
	}
	return err
}
