// Package timeline appends to and reads the TIMELINE stream: what storefronts
// said and what Homing did about it, in one order. It is the durable truth; all
// that stands in Redis is a projection of it.
package timeline

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
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

// Append puts entries on the timeline, all at once, waits until all of them
// stand there, and sets their sequences.
func (t *Timeline) Append(ctx context.Context, entries []customer.Entry) error {
	acks := make([]jetstream.PubAckFuture, len(entries))
	for i, e := range entries {
		data, err := events.Encode(e.Event)
		if err != nil {
			return err
		}
		subject := Subject(e.Key, e.Event.Type)
		m := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{bus.HeaderCustomer: {e.Key.Token}}}
		acks[i], err = t.js.PublishMsgAsync(m, jetstream.WithMsgID(messageID(e.Event, subject, data)), jetstream.WithStallWait(bus.AckTimeout))
		if err != nil {
			return fmt.Errorf("appending to the timeline: %w", err)
		}
	}
	sequences, err := bus.Await(ctx, acks)
	if err != nil {
		return fmt.Errorf("appending to the timeline: %w", err)
	}
	for i, seq := range sequences {
		entries[i].Sequence = seq
	}
	return nil
}

// messageID is what the stream knows a copy by, within two minutes. A fact is
// known by its touch and outcome. Anything else by all it says, so that only a
// true copy is taken for one: shops do reuse event ids.
func messageID(e events.Event, subject string, data []byte) string {
	if _, ok := e.Data.(events.Fact); ok || e.Type == events.TypeOfferIssued {
		return e.ID
	}
	h := sha256.New()
	h.Write([]byte(subject))
	h.Write(data)
	var sum [sha256.Size]byte
	return base64.RawURLEncoding.EncodeToString(h.Sum(sum[:0])[:16])
}
