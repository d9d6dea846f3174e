package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
)

// rejected is the stream of events that were rejected.
type rejected struct {
	js     jetstream.JetStream
	stream jetstream.Stream
}

// rejectedEntry is one of them, without what it said.
type rejectedEntry struct {
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"` // of the rejection
	Subject  string    `json:"subject"`
	Store    string    `json:"store"` // "unknown" where the subject has none
	Type     string    `json:"type"`  // empty where the subject has none
	Event    string    `json:"event"` // its id, as far as it could be read
	Source   string    `json:"source"`
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail"`
}

func entryOf(seq uint64, at time.Time, subject string, h nats.Header) rejectedEntry {
	e := rejectedEntry{Sequence: seq, Time: at.UTC(), Subject: h.Get(bus.HeaderSubject), Store: "unknown",
		Reason: subject[strings.LastIndexByte(subject, '.')+1:], Detail: h.Get(bus.HeaderDetail),
		Event: h.Get(bus.HeaderEvent), Source: h.Get(bus.HeaderSource)}
	if store, t, err := events.ParseSubject(e.Subject); err == nil {
		e.Store, e.Type = store, string(t)
	} else if parts := strings.Split(subject, "."); len(parts) == 3 {
		e.Store = parts[1] // no event: something that came back about an email, or a webhook
	}
	return e
}

// forPerson says what somebody has to do about what is no event, and so is not replayed;
// "" of an event.
func (e rejectedEntry) forPerson() string {
	switch events.Reason(e.Reason) {
	case events.ReasonUnknownReport:
		return "it is a report about an email, for a person to read, and no event; if it says that the address does not exist, publish address.bounced"
	case events.ReasonUnreadableWebhook:
		return "it is a webhook that could not be read, for a person to read, and no event; make the webhook again as the page of your shop's system says, and bring over what was missed"
	case events.ReasonPrivacyRequest:
		return "it is a request for a person, and no event; do what it says"
	}
	return ""
}

// newest returns the newest entries whose subject matches, as read makes them of
// messages without payloads, newest first, and how many there are in all. limit 0 is
// all of them.
func newest[T any](ctx context.Context, r *rejected, subject string, limit int, read func(jetstream.Msg, *jetstream.MsgMetadata) T) ([]T, int, error) {
	out := []T{}
	total := 0
	err := r.headers(ctx, subject, func(m jetstream.Msg, md *jetstream.MsgMetadata) {
		total++
		out = append(out, read(m, md))
		if limit > 0 && len(out) >= 2*limit {
			out = slices.Clone(out[len(out)-limit:])
		}
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading REJECTED: %w", err)
	}
	if limit > 0 && len(out) > limit {
		out = out[len(out)-limit:]
	}
	slices.Reverse(out)
	return out, total, nil
}

// headers calls see with all messages that are there now, without payloads,
// the oldest first.
func (r *rejected) headers(ctx context.Context, subject string, see func(jetstream.Msg, *jetstream.MsgMetadata)) error {
	c, err := r.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: subject, AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true,
		MemoryStorage: true, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return err
	}
	name := c.CachedInfo().Name
	// One that is not deleted goes by itself a minute later.
	defer func() { _ = r.stream.DeleteConsumer(context.WithoutCancel(ctx), name) }()
	for left := int(c.CachedInfo().NumPending); left > 0; {
		batch, err := c.Fetch(min(left, 1000), jetstream.FetchMaxWait(10*time.Second))
		if err != nil {
			return err
		}
		n := 0
		for m := range batch.Messages() {
			md, err := m.Metadata()
			if err != nil {
				return err
			}
			n++
			see(m, md)
		}
		if err := batch.Error(); err != nil {
			return err
		}
		if n == 0 {
			return errors.New("the stream did not answer in time")
		}
		left -= n
	}
	return nil
}

// rejectedEvent is one of them, with all that it said.
type rejectedEvent struct {
	rejectedEntry
	headers nats.Header
	data    []byte
}

func (r *rejected) get(ctx context.Context, seq uint64) (*rejectedEvent, error) {
	m, err := r.stream.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("there is no rejected event %d (any more)", seq)
	}
	if err != nil {
		return nil, fmt.Errorf("reading REJECTED: %w", err)
	}
	return &rejectedEvent{entryOf(m.Sequence, m.Time, m.Subject, m.Header), m.Header, m.Data}, nil
}

// document is the event for a program: the payload as JSON where it is some.
func (e *rejectedEvent) document() any {
	doc := struct {
		rejectedEntry
		Headers nats.Header     `json:"headers"`
		Payload json.RawMessage `json:"payload,omitempty"`
		Raw     []byte          `json:"payload_base64,omitempty"`
	}{e.rejectedEntry, e.headers, nil, nil}
	if json.Valid(e.data) && utf8.Valid(e.data) {
		doc.Payload = e.data
	} else {
		doc.Raw = e.data
	}
	return doc
}

// text is the event for a person. What came from outside is shown without
// what would steer a terminal.
func (e *rejectedEvent) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "sequence  %d\n", e.Sequence)
	if at := e.Time.Format(time.RFC3339); e.Subject == "" {
		fmt.Fprintf(&b, "warned    %s\n", at)
	} else {
		fmt.Fprintf(&b, "rejected  %s\nsubject   %s\n", at, printable(e.Subject))
	}
	fmt.Fprintf(&b, "reason    %s\n          %s\n\n", e.Reason, printable(e.Detail))
	for _, name := range slices.Sorted(maps.Keys(e.headers)) {
		if name == bus.HeaderDetail || name == bus.HeaderSubject || strings.HasPrefix(name, "Nats-") {
			continue // said above, or the stream's own
		}
		for _, v := range e.headers[name] {
			fmt.Fprintf(&b, "%s: %s\n", printable(name), printable(v))
		}
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, e.data, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(e.data)
	}
	fmt.Fprintf(&b, "\n%s\n", printable(pretty.String()))
	return b.Bytes()
}

// printable replaces all control and formatting characters but line breaks and tabs.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// chosen are the sequences to replay, the oldest first.
func (r *rejected) chosen(ctx context.Context, f *rejectedFlags, args []string) ([]uint64, error) {
	var seqs []uint64
	for _, arg := range args {
		seq, err := sequence(arg)
		if err != nil {
			return nil, err
		}
		seqs = append(seqs, seq)
	}
	if !f.all {
		return seqs, nil
	}
	err := r.headers(ctx, f.subject(), func(m jetstream.Msg, md *jetstream.MsgMetadata) {
		if e := entryOf(md.Sequence.Stream, md.Timestamp, m.Subject(), m.Headers()); e.forPerson() == "" {
			seqs = append(seqs, md.Sequence.Stream)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("reading REJECTED: %w", err)
	}
	return seqs, nil
}

// replay publishes an event again, as it came, and removes it once the stream
// has it. Interrupted between the two it does so twice: the message's id is
// known to the stream for a while, and the event's to Homing for ever.
func (r *rejected) replay(ctx context.Context, seq uint64, dryRun bool) (replayed, error) {
	out := replayed{Sequence: seq}
	e, err := r.get(ctx, seq)
	if err != nil {
		return out, err
	}
	out.Subject, out.Reason = e.Subject, e.Reason
	if e.Subject == "" {
		return out, errors.New("it is a warning about an event that was taken in; there is nothing to publish again")
	}
	if what := e.forPerson(); what != "" {
		return out, errors.New(what)
	}
	if !strings.HasPrefix(e.Subject, "storefront.") {
		return out, fmt.Errorf("it stood on %s, which is Homing's own; only what storefronts publish is replayed", printable(e.Subject))
	}
	if dryRun {
		return out, nil
	}
	m := nats.NewMsg(e.Subject)
	m.Data = e.data
	for name, values := range e.headers {
		if !ours(name) {
			m.Header[name] = values
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ack, err := r.js.PublishMsg(ctx, m, jetstream.WithMsgID(fmt.Sprintf("replay-%d-%d", seq, e.Time.UnixNano())))
	if err != nil {
		return out, publishError(e.Subject, err)
	}
	out.NewSequence = ack.Sequence
	if err := r.stream.DeleteMsg(ctx, seq); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return out, fmt.Errorf("published to %s, but not removed from the list: %w", e.Subject, err)
	}
	return out, nil
}

// ours tells the headers that Homing and NATS set on a rejected event from
// those it came with.
func ours(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "homing-") || strings.HasPrefix(name, "nats-")
}
