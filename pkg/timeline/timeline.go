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
	js jetstream.JetStream
	// Skipped is told of entries that Read could not understand and left out; it
	// may be nil.
	Skipped func(sequence uint64, err error)
}

// New returns a timeline.
func New(js jetstream.JetStream) *Timeline { return &Timeline{js: js} }

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

// Append puts entries on the timeline, all at once, waits until all of them
// stand there, and sets their sequences.
//
// Only a fact is known by an id, such as its touch and outcome, and stands once however
// often it is told within two minutes. An event that is taken in again after a
// lost acknowledgement stands twice: to spare that, each would have to be hashed
// here and remembered by the server, 3 µs of an event on either side. Folding and
// planning give the same twice; who shows entries to people leaves out copies.
func (t *Timeline) Append(ctx context.Context, entries []customer.Entry) error {
	msgs, at := make([]*nats.Msg, 0, len(entries)), make([]int, 0, len(entries))
	for i, e := range entries {
		data, err := events.Encode(e.Event)
		if err != nil {
			return err
		}
		m := &nats.Msg{Subject: Subject(e.Key, e.Event.Type), Data: data, Header: nats.Header{bus.HeaderCustomer: {e.Key.Token}}}
		if !isFact(e.Event) {
			msgs, at = append(msgs, m), append(at, i)
		} else if entries[i].Sequence, err = t.appendFact(ctx, m, e.Event.ID); err != nil {
			return err
		}
	}
	sequences, err := bus.Publish(ctx, t.js.Conn(), msgs)
	if err != nil {
		return fmt.Errorf("appending to the timeline: %w", err)
	}
	for n, i := range at {
		entries[i].Sequence = sequences[n]
	}
	return nil
}

// isFact reports whether an event is one of our own.
func isFact(e events.Event) bool {
	switch e.Data.(type) {
	case events.Fact, *events.OfferIssued, *events.WorkerHeld, *events.WorkerResumed:
		return true
	}
	return false
}

// appendFact waits for each: there is one for a mail.
func (t *Timeline) appendFact(ctx context.Context, m *nats.Msg, id string) (uint64, error) {
	var ack *jetstream.PubAck
	err := patiently(ctx, func(ctx context.Context) (err error) {
		ack, err = t.js.PublishMsg(ctx, m, jetstream.WithMsgID(id))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("appending a fact to the timeline: %w", err)
	}
	return ack.Sequence, nil
}
