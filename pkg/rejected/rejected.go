// Package rejected reads the events that could not be understood, off the stream REJECTED,
// says what is wrong with them, and publishes them again once the fault is fixed. `homing
// rejected` and the console show what it tells.
package rejected

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
)

// Unknown is the store of what came on a subject that names none.
const Unknown = "unknown"

// Stream is the stream of rejected events, and of warnings about others.
type Stream struct{ js jetstream.JetStream }

// New returns the stream.
func New(js jetstream.JetStream) *Stream { return &Stream{js} }

// open finds the stream.
func (s *Stream) open(ctx context.Context) (jetstream.Stream, error) {
	stream, err := s.js.Stream(ctx, bus.Rejected)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, errors.New("there is no stream REJECTED; `homing setup` makes it")
	}
	if err != nil {
		return nil, fmt.Errorf("stream REJECTED: %w", err)
	}
	return stream, nil
}

// Entry is a rejected event, without what it said.
type Entry struct {
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"` // of the rejection
	Subject  string    `json:"subject"`
	Store    string    `json:"store"` // Unknown where the subject has none
	Type     string    `json:"type"`  // empty where the subject has none
	Event    string    `json:"event"` // its id, as far as it could be read
	Source   string    `json:"source"`
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail"`
}

func entryOf(seq uint64, at time.Time, subject string, h nats.Header) Entry {
	e := Entry{Sequence: seq, Time: at.UTC(), Subject: h.Get(bus.HeaderSubject), Store: Unknown,
		Reason: subject[strings.LastIndexByte(subject, '.')+1:], Detail: h.Get(bus.HeaderDetail),
		Event: h.Get(bus.HeaderEvent), Source: h.Get(bus.HeaderSource)}
	if store, t, err := events.ParseSubject(e.Subject); err == nil {
		e.Store, e.Type = store, string(t)
	} else if parts := strings.Split(subject, "."); len(parts) == 3 {
		e.Store = parts[1] // no event: something that came back about an email, or a webhook
	}
	return e
}

func read(m jetstream.Msg, md *jetstream.MsgMetadata) Entry {
	return entryOf(md.Sequence.Stream, md.Timestamp, m.Subject(), m.Headers())
}

// Faults are what is wrong with the event, each as `homing validate` says it.
func (e Entry) Faults() []string { return strings.Split(e.Detail, " | ") }

var (
	fieldForm = regexp.MustCompile(`^([A-Za-z0-9_.\[\]-]+): `)
	listIndex = regexp.MustCompile(`\[\d+\]`)
)

// Field is the one that the reason is about, without places in lists:
// "order.items[].quantity"; empty where it is about no field.
func (e Entry) Field() string {
	if m := fieldForm.FindStringSubmatch(e.Detail); m != nil {
		return listIndex.ReplaceAllString(m[1], "[]")
	}
	return ""
}

// ForPerson says what somebody has to do about what is no event, and so is not replayed;
// "" of an event.
func (e Entry) ForPerson() string { return forPerson(e.Reason) }

func forPerson(reason string) string {
	switch events.Reason(reason) {
	case events.ReasonUnknownReport:
		return "it is a report about an email, for a person to read, and no event; if it says that the address does not exist, publish address.bounced"
	case events.ReasonUnreadableWebhook:
		return "it is a webhook that could not be read, for a person to read, and no event; make the webhook again as the page of your shop's system says, and bring over what was missed"
	case events.ReasonPrivacyRequest:
		return "it is a request for a person, and no event; do what it says"
	}
	return ""
}

// A Choice chooses rejected events.
type Choice struct {
	Store, Reason string  // empty: all
	Field         *string // see Entry.Field; nil: all
	Last          uint64  // up to this sequence; 0: up to the newest
	Recent        bool    // among the newest of all, which Groups tells apart
}

// Subject is what the messages of the choice are on, and perhaps others.
func (c Choice) Subject() string { return subject("rejected", c.Store, c.Reason) }

// Warned is the subject of the warnings about a store's events, for a reason; empty: all.
func Warned(store, reason string) string { return subject("warned", store, reason) }

func subject(of, store, reason string) string {
	for _, part := range []string{store, reason} {
		if part == "" {
			part = "*"
		}
		of += "." + part
	}
	return of
}

// read returns what a message is, and whether it is chosen.
func (c Choice) read(m jetstream.Msg, md *jetstream.MsgMetadata) (Entry, bool) {
	e := read(m, md)
	return e, (c.Field == nil || *c.Field == e.Field()) && (c.Last == 0 || e.Sequence <= c.Last)
}

// Newest returns the newest of those chosen, newest first, and how many there are in all;
// limit 0 is all of them.
func (s *Stream) Newest(ctx context.Context, c Choice, limit int) ([]Entry, int, error) {
	if c.Field == nil && c.Last > 0 && limit > 0 {
		return s.upTo(ctx, c, limit)
	}
	from, err := s.from(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	return latest(ctx, s, c.Subject(), span{from, c.Last}, limit, c.read)
}

// upTo is Newest of all events of a subject up to one: the server counts them, and what is
// read is near the end.
func (s *Stream) upTo(ctx context.Context, c Choice, limit int) ([]Entry, int, error) {
	all, err := s.count(ctx, c.Subject(), 0)
	if err != nil {
		return nil, 0, err
	}
	after, err := s.count(ctx, c.Subject(), c.Last+1)
	if err != nil {
		return nil, 0, err
	}
	for window := uint64(toldApart); ; window *= 4 {
		in := span{c.Last - min(c.Last, window) + 1, c.Last}
		out, _, err := latest(ctx, s, c.Subject(), in, limit, c.read)
		if err != nil || len(out) == limit || in.from == 1 {
			return out, max(all-after, len(out)), err
		}
	}
}

// from is the sequence from which on a choice is looked for; 0: from the first.
func (s *Stream) from(ctx context.Context, c Choice) (uint64, error) {
	if !c.Recent {
		return 0, nil
	}
	stream, err := s.open(ctx)
	if err != nil {
		return 0, err
	}
	return recent(stream.CachedInfo()), nil
}

// Latest returns the newest messages of a subject, as see makes them of messages without
// payloads, newest first, and how many there are in all: what see says no to counts for
// nothing. limit 0 is all of them.
func Latest[T any](ctx context.Context, s *Stream, subject string, limit int, see func(jetstream.Msg, *jetstream.MsgMetadata) (T, bool)) ([]T, int, error) {
	return latest(ctx, s, subject, span{}, limit, see)
}

func latest[T any](ctx context.Context, s *Stream, subject string, in span, limit int, see func(jetstream.Msg, *jetstream.MsgMetadata) (T, bool)) ([]T, int, error) {
	out := []T{}
	total := 0
	err := s.headers(ctx, subject, in, func(m jetstream.Msg, md *jetstream.MsgMetadata) {
		x, ok := see(m, md)
		if !ok {
			return
		}
		total++
		out = append(out, x)
		if limit > 0 && len(out) >= 2*limit {
			out = slices.Clone(out[len(out)-limit:])
		}
	})
	if err != nil {
		return nil, 0, err
	}
	if limit > 0 && len(out) > limit {
		out = out[len(out)-limit:]
	}
	slices.Reverse(out)
	return out, total, nil
}

// Choose returns the sequences of all events that are chosen, the oldest first: of those
// that can be replayed.
func (s *Stream) Choose(ctx context.Context, c Choice) ([]uint64, error) {
	from, err := s.from(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []uint64
	err = s.headers(ctx, c.Subject(), span{from, c.Last}, func(m jetstream.Msg, md *jetstream.MsgMetadata) {
		if e, ok := c.read(m, md); ok && e.ForPerson() == "" {
			out = append(out, e.Sequence)
		}
	})
	return out, err
}

// A span is a part of the stream, by sequences; 0: from the first, to the last.
type span struct{ from, to uint64 }

// consumer makes one of the messages of a subject from a sequence on, without payloads. One
// that is not deleted goes by itself a minute later.
func (s *Stream) consumer(ctx context.Context, subject string, from uint64) (c jetstream.Consumer, end func(), err error) {
	stream, err := s.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	o := jetstream.ConsumerConfig{
		FilterSubject: subject, AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true,
		MemoryStorage: true, InactiveThreshold: time.Minute,
	}
	if from > 0 {
		o.DeliverPolicy, o.OptStartSeq = jetstream.DeliverByStartSequencePolicy, from
	}
	c, err = stream.CreateConsumer(ctx, o)
	if err != nil {
		return nil, nil, fmt.Errorf("reading REJECTED: %w", err)
	}
	return c, func() { bus.Leave(ctx, s.js, bus.Rejected, c) }, nil
}

// count is how many messages of a subject there are from a sequence on: the server counts.
func (s *Stream) count(ctx context.Context, subject string, from uint64) (int, error) {
	c, end, err := s.consumer(ctx, subject, from)
	if err != nil {
		return 0, err
	}
	defer end()
	return int(c.CachedInfo().NumPending), nil
}

// CountSince is how many events of a store were rejected since a time, which is real time;
// the server counts.
func (s *Stream) CountSince(ctx context.Context, store string, since time.Time) (int, error) {
	stream, err := s.open(ctx)
	if err != nil {
		return 0, err
	}
	c, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: Choice{Store: store}.Subject(), AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true,
		MemoryStorage: true, InactiveThreshold: time.Minute, DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
	})
	if err != nil {
		return 0, fmt.Errorf("counting REJECTED: %w", err)
	}
	defer bus.Leave(ctx, s.js, bus.Rejected, c)
	return int(c.CachedInfo().NumPending), nil
}

// headers calls see with all messages of a subject that are in a span now, without payloads,
// the oldest first.
func (s *Stream) headers(ctx context.Context, subject string, in span, see func(jetstream.Msg, *jetstream.MsgMetadata)) error {
	c, end, err := s.consumer(ctx, subject, in.from)
	if err != nil {
		return err
	}
	defer end()
	last := uint64(0)
	for left := int(c.CachedInfo().NumPending); left > 0 && (in.to == 0 || last < in.to); {
		n, err := fetch(c, min(left, 1000), func(m jetstream.Msg, md *jetstream.MsgMetadata) {
			if last = md.Sequence.Stream; in.to == 0 || last <= in.to {
				see(m, md)
			}
		})
		if err != nil {
			return fmt.Errorf("reading REJECTED: %w", err)
		}
		left -= n
	}
	return nil
}

// fetch calls see with the next messages, of which there are so many.
func fetch(c jetstream.Consumer, most int, see func(jetstream.Msg, *jetstream.MsgMetadata)) (n int, err error) {
	batch, err := c.Fetch(most, jetstream.FetchMaxWait(10*time.Second))
	if err != nil {
		return 0, err
	}
	for m := range batch.Messages() {
		md, err := m.Metadata()
		if err != nil {
			return 0, err
		}
		n++
		see(m, md)
	}
	if err := batch.Error(); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, errors.New("the stream did not answer in time")
	}
	return n, nil
}

// Event is a rejected event, with all that it said.
type Event struct {
	Entry
	Headers nats.Header
	Data    []byte
}

// ErrGone is wrapped if an event is not there, or not any more.
var ErrGone = errors.New("it is not there (any more)")

// Get returns one.
func (s *Stream) Get(ctx context.Context, seq uint64) (*Event, error) {
	stream, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	return get(ctx, stream, seq)
}

// Events returns several, but for those that are gone.
func (s *Stream) Events(ctx context.Context, seqs []uint64) ([]*Event, error) {
	stream, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	var out []*Event
	for _, seq := range seqs {
		e, err := get(ctx, stream, seq)
		if errors.Is(err, ErrGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func get(ctx context.Context, stream jetstream.Stream, seq uint64) (*Event, error) {
	m, err := stream.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("there is no rejected event %d: %w", seq, ErrGone)
	}
	if err != nil {
		return nil, fmt.Errorf("reading REJECTED: %w", err)
	}
	return &Event{entryOf(m.Sequence, m.Time, m.Subject, m.Header), m.Header, m.Data}, nil
}
