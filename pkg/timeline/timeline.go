// Package timeline appends to and reads the TIMELINE stream: what storefronts
// said and what Homing did about it, in one order. It is the durable truth; all
// that is in Redis is a projection of it.
package timeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/combine"
	"homing/pkg/customer"
)

// Timeline appends and reads entries. An entry's Sequence is its position, see
// bus.Partitions: of a timeline that is split over several streams, no two entries have
// the same, and of one bucket a later one has a higher.
type Timeline struct {
	js      jetstream.JetStream
	split   bus.Partitions
	streams []*bus.Publisher // by partition
	silent  []silence        // of partitions, where there are several
	// Skipped is told of entries that Read could not understand and left out; it
	// may be nil.
	Skipped func(sequence uint64, err error)
	// Appended is told whether the stream of a partition took what Append had for it:
	// nil, or why not; of several partitions at the same time. It may be nil.
	Appended func(partition int, err error)
}

// New returns a timeline, over as many streams as the installation has.
func New(js jetstream.JetStream) *Timeline {
	t := &Timeline{js: js, split: bus.PartitionsOf(js)}
	for range t.split.Count() {
		t.streams = append(t.streams, bus.NewPublisher(js))
	}
	t.silent = make([]silence, t.split.Count())
	return t
}

// A silence is noted when a stream did not answer an append in time. For some seconds
// nothing else waits for it: it would hold up the entries of others that come with it.
type silence struct {
	mu    sync.Mutex
	err   error
	until time.Time
}

const (
	patience  = time.Second
	silentFor = 5 * time.Second
)

// during does something with the stream, unless it has just been silent.
func (s *silence) during(do func() error) error {
	s.mu.Lock()
	err, until := s.err, s.until
	s.mu.Unlock()
	began := time.Now()
	if err != nil && began.Before(until) {
		return err
	}
	err = do()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err = nil; err != nil && time.Since(began) > patience {
		s.err, s.until = err, time.Now().Add(silentFor)
	}
	return err
}

var _ [customer.Buckets]struct{} = [bus.Buckets]struct{}{}

// Subject returns the subject of an entry: timeline.<store>.<bucket>.<entity>.<action>.
func Subject(k customer.Key, t events.Type) string {
	return "timeline." + k.Store + "." + strconv.Itoa(int(k.Bucket)) + "." + string(t)
}

// inBucket covers the subjects of all entries of a bucket.
func inBucket(store string, bucket uint8) string {
	return "timeline." + store + "." + strconv.Itoa(int(bucket)) + ".>"
}

// ofStore covers the subjects of all entries of a store.
func ofStore(store string) string { return "timeline." + store + ".>" }

// OfType covers the subjects of all entries of a type of a store; "*": of all stores.
func OfType(store string, t events.Type) string { return "timeline." + store + ".*." + string(t) }

// parseSubject is the inverse of Subject.
func parseSubject(s string) (store string, bucket uint8, err error) {
	p := strings.Split(s, ".")
	if len(p) != 5 || p[0] != "timeline" {
		return "", 0, fmt.Errorf("not a timeline subject: %s", s)
	}
	n, err := strconv.ParseUint(p[2], 10, 8)
	return p[1], uint8(n), err
}

// About returns the store and the type of an entry by its subject; of any other
// subject, nothing.
func About(subject string) (store string, t events.Type) {
	p := strings.SplitN(subject, ".", 4)
	if len(p) != 4 {
		return "", ""
	}
	return p[1], events.Type(p[3])
}

// Append puts entries on the timeline, all at once, waits until the stream has all
// of them, and sets their sequences. Where the timeline is split, an entry with a sequence
// is on it even if Append returns an error: a stream that is away holds up no other.
//
// Only a fact has an id, such as its touch and outcome, and is stored once however
// often it is told within two minutes. An event that is taken in again after a
// lost acknowledgement is stored twice: to spare that, each would have to be hashed
// here and remembered by the server, 3 µs of an event on either side. The same goes
// for the fact that an id named a mailbox, which nearly every new customer leads to.
// Folding and planning give the same twice; copies are left out where people see
// entries.
func (t *Timeline) Append(ctx context.Context, entries []customer.Entry) error {
	if t.split.Count() == 1 {
		return t.append(ctx, 0, entries)
	}
	parts := make([][]int, t.split.Count()) // which entries
	for i, e := range entries {
		p := t.split.Of(e.Key.Bucket)
		parts[p] = append(parts[p], i)
	}
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for p, of := range parts {
		if len(of) == 0 {
			continue
		}
		wg.Go(func() {
			some := make([]customer.Entry, len(of))
			for n, i := range of {
				some[n] = entries[i]
			}
			errs[p] = t.split.In(p, t.silent[p].during(func() error { return t.append(ctx, p, some) }))
			for n, i := range of {
				if errs[p] == nil {
					entries[i].Sequence = some[n].Sequence
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// append appends entries of one partition.
func (t *Timeline) append(ctx context.Context, p int, entries []customer.Entry) error {
	b := outgoing.Get()
	defer b.free()
	for i, e := range entries {
		if err := b.add(i, e); err != nil {
			return err
		}
	}
	facts, others := b.messages()
	what := "facts "
	err := patiently(ctx, func(ctx context.Context) error { return t.publish(ctx, p, facts, b.facts, entries) })
	if err == nil {
		what, err = "", t.publish(ctx, p, others, b.others, entries)
	}
	if t.Appended != nil && (err == nil || ctx.Err() == nil) { // a caller that gave up says nothing of the stream
		t.Appended(p, err)
	}
	if err != nil {
		return fmt.Errorf("appending %sto the timeline: %w", what, err)
	}
	return nil
}

// publish publishes messages and sets the sequences of the entries they are of.
func (t *Timeline) publish(ctx context.Context, p int, msgs []*nats.Msg, of []int, entries []customer.Entry) error {
	sequences, err := t.streams[p].Publish(ctx, msgs)
	for n, seq := range sequences {
		entries[of[n]].Sequence = t.split.Position(p, seq)
	}
	return err
}

// batch are entries on their way out. A batch is used again, with its buffers: the
// connection copies what it is given.
type batch struct {
	bodies        []byte
	ends          []int // of the bodies
	msgs          []*nats.Msg
	facts, others []int // which entries are facts, and which are not
	traced        bool  // some of its messages have, or had, headers of a trace
}

var outgoing = combine.Spare[batch]{New: func() *batch { return new(batch) }}

// mostKept bounds the bytes that are kept to be used again.
const mostKept = 4 << 20

func (b *batch) free() {
	if cap(b.bodies) <= mostKept {
		b.bodies, b.ends, b.facts, b.others = b.bodies[:0], b.ends[:0], b.facts[:0], b.others[:0]
		outgoing.Put(b)
	}
}

// add encodes the i-th entry.
func (b *batch) add(i int, e customer.Entry) (err error) {
	if b.bodies, err = events.Append(b.bodies, e.Event); err != nil {
		return err
	}
	b.ends = append(b.ends, len(b.bodies))
	if i == len(b.msgs) {
		b.msgs = append(b.msgs, &nats.Msg{Header: nats.Header{bus.HeaderCustomer: {""}}})
	}
	m := b.msgs[i]
	m.Subject = Subject(e.Key, e.Event.Type)
	m.Header[bus.HeaderCustomer][0] = e.Key.Token
	if e.Event.Type.IsFact() && e.Event.Type != events.TypePersonLinked {
		m.Header[jetstream.MsgIDHeader] = []string{e.Event.ID}
		b.facts = append(b.facts, i)
	} else {
		delete(m.Header, jetstream.MsgIDHeader)
		b.others = append(b.others, i)
	}
	if e.Trace != nil || b.traced {
		b.trace(m, e)
	}
	return nil
}

// trace gives a message the headers of its entry's trace, and takes those of an earlier one away.
func (b *batch) trace(m *nats.Msg, e customer.Entry) {
	b.traced = true
	maps.DeleteFunc(m.Header, func(name string, _ []string) bool { return name != bus.HeaderCustomer && name != jetstream.MsgIDHeader })
	maps.Copy(m.Header, e.Trace)
}

// messages returns the messages of the facts, and the others.
func (b *batch) messages() (facts, others []*nats.Msg) {
	from := 0
	for i, end := range b.ends {
		b.msgs[i].Data = b.bodies[from:end:end]
		from = end
	}
	if len(b.facts) == 0 {
		return nil, b.msgs[:len(b.ends)]
	}
	for _, i := range b.facts {
		facts = append(facts, b.msgs[i])
	}
	for _, i := range b.others {
		others = append(others, b.msgs[i])
	}
	return facts, others
}
