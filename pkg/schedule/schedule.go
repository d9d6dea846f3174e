// Package schedule plans touches and keeps them until they fall due. The store
// of record is JetStream message scheduling, one subject a touch: planning again
// replaces. Nothing relies on a replacement having worked: a due message is only
// a wake-up, and delivery decides again.
package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/combine"
	"homing/pkg/touch"
)

// Schedule keeps pending touches.
type Schedule struct {
	js      jetstream.JetStream
	split   bus.Partitions
	scale   clock.Scale
	streams *bus.Publisher
	reads   *bus.Reader
	looks   combine.Combiner[*look]
}

// New returns a schedule. Touches are due in the scale's business time.
func New(js jetstream.JetStream, scale clock.Scale) *Schedule {
	s := &Schedule{js: js, split: bus.PartitionsOf(js), scale: scale, streams: bus.NewPublisher(js), reads: bus.NewReader(js)}
	s.looks.Flush = s.lookAll
	return s
}

// Subject returns the subject of a pending touch, which names it, too.
func Subject(t touch.Touch) string { return subject(1, t) }

// DueSubject returns the subject of a touch that fell due.
func DueSubject(t touch.Touch) string { return dueSubject(1, t) }

// Where the streams are split, a subject has the number of the partition before all else.

// named is what a touch is called: what its subject says, and less to make.
type named struct{ store, token, worker, step, occasion string }

func nameOf(t *touch.Touch) named {
	return named{t.Customer.Store, t.Customer.Token, t.Worker, t.Step, t.Occasion}
}

func subject(split bus.Partitions, t touch.Touch) string {
	return split.Under("schedule", split.Of(t.Customer.Bucket)) + "." + t.Customer.Store + "." + t.Customer.Token + "." + t.Worker + "." + t.Step + "." + t.Occasion
}

func dueSubject(split bus.Partitions, t touch.Touch) string {
	return split.Under("due", split.Of(t.Customer.Bucket)) + "." + t.Worker + "." + t.Customer.Store + "." + t.Customer.Token + "." + t.Step + "." + t.Occasion
}

func (s *Schedule) subject(t touch.Touch) string    { return subject(s.split, t) }
func (s *Schedule) dueSubject(t touch.Touch) string { return dueSubject(s.split, t) }

// partition is the one that has a bucket's touches.
func (s *Schedule) partition(bucket uint8) int { return s.split.Of(bucket) }

// stream is where a worker's touches of a customer are, and in which partition.
func (s *Schedule) stream(worker string, bucket uint8) (name string, p int) {
	p = s.split.Of(bucket)
	return s.split.Schedule(worker, p), p
}

// Put schedules touches for their Wake times, all at once, and waits until all
// of them are stored. What is due already goes straight to the due subject, purging
// an older schedule of the same touch with the same message.
func (s *Schedule) Put(ctx context.Context, ts []touch.Touch) error {
	msgs, now := make([]*nats.Msg, len(ts)), s.scale.Now()
	for i := range ts {
		var err error
		if msgs[i], err = s.message(ts[i], now); err != nil {
			return err
		}
	}
	return s.publish(ctx, msgs, func(i int) uint8 { return ts[i].Customer.Bucket })
}

// errReplaced says that what a better time was for has been planned otherwise since.
var errReplaced = errors.New("a pending touch was replaced")

// put is Put for plans, of which one that only brings a better time fails with
// errReplaced if what it was made for has been replaced since.
func (s *Schedule) put(ctx context.Context, plans []carried) error {
	msgs := make([]*nats.Msg, len(plans))
	now := s.scale.Now()
	for i, p := range plans {
		var err error
		if msgs[i], err = s.message(p.Touch, now); err != nil {
			return err
		}
		if p.bare {
			p.expect(s, msgs[i])
		}
	}
	return s.publish(ctx, msgs, func(i int) uint8 { return plans[i].Customer.Bucket })
}

// publish publishes messages to the streams of their customers' buckets.
func (s *Schedule) publish(ctx context.Context, msgs []*nats.Msg, bucket func(i int) uint8) error {
	of := make([][]*nats.Msg, s.split.Count()) // by partition
	for i, m := range msgs {
		p := s.split.Of(bucket(i))
		of[p] = append(of[p], m)
	}
	for p, msgs := range of {
		_, err := s.streams.Publish(ctx, msgs)
		if replaced(err) {
			return errReplaced
		}
		if err != nil {
			return s.split.In(p, fmt.Errorf("scheduling: %w", err))
		}
	}
	return nil
}

func replaced(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// expect has the server refuse a message unless the last one of a subject is that of a
// sequence; 0: there is none.
func expect(m *nats.Msg, subject string, sequence uint64) {
	m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(sequence, 10)}
	if subject != m.Subject {
		m.Header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{subject}
	}
}

func (s *Schedule) message(t touch.Touch, now time.Time) (*nats.Msg, error) {
	t = t.In()
	body, err := t.Encode()
	if err != nil {
		return nil, fmt.Errorf("touch %s: %w", t.ID(), err)
	}
	subject, due, h := s.subject(t), s.dueSubject(t), make(nats.Header, 4+len(t.Trace))
	maps.Copy(h, t.Trace) // NATS keeps them when the schedule fires
	if !t.Wake.After(now) {
		v := []string{t.ID(), subject, "purge"}
		h[bus.HeaderTouch], h[jetstream.SchedulerHeader], h[jetstream.ScheduleNextHeader] = v[0:1:1], v[1:2:2], v[2:3:3]
		return &nats.Msg{Subject: due, Data: body, Header: h}, nil
	}
	// The server adds a rollup where there is none, which costs it more than all else about
	// the headers.
	v := []string{t.ID(), at(s.scale, t.Wake), due, jetstream.MsgRollupSubject}
	h[bus.HeaderTouch], h[jetstream.ScheduleHeader], h[jetstream.ScheduleTargetHeader], h[jetstream.MsgRollup] = v[0:1:1], v[1:2:2], v[2:3:3], v[3:4:4]
	return &nats.Msg{Subject: subject, Data: body, Header: h}, nil
}

// at is the schedule for a time. In nanoseconds: nats.go's own option truncates to the
// second, which is early.
func at(scale clock.Scale, t time.Time) string {
	return "@at " + scale.Real(t).UTC().Format(time.RFC3339Nano)
}

// Decode reads a touch from its due message.
func Decode(data []byte) (touch.Touch, error) {
	var t touch.Touch
	if err := json.Unmarshal(data, &t); err != nil {
		return t, fmt.Errorf("touch: %w", err)
	}
	if t.Worker == "" || t.Step == "" || t.Customer.Token == "" || t.Occasion == "" {
		return t, errors.New("touch: worker, step, customer and occasion are required")
	}
	if t.Snapshot == nil {
		t.Snapshot = &touch.Snapshot{}
	}
	return t, nil
}
