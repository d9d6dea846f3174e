package schedule

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// PendingTouch is a touch that is pending.
type PendingTouch struct {
	Touch touch.Touch
	Due   bool // it fell due, and is not decided yet; else it is on the schedule
}

// OfCustomer returns the pending touches of a worker for one customer, the first
// to be looked at first.
func (s *Schedule) OfCustomer(ctx context.Context, worker string, k customer.Key) ([]PendingTouch, error) {
	stream, p := s.stream(worker, k.Bucket)
	msgs, err := bus.DirectGet(ctx, s.js, stream, map[string]any{"multi_last": s.subjectsOf(worker, k)})
	if err != nil {
		return nil, s.split.In(p, err)
	}
	var out found
	for _, m := range msgs {
		p, err := read(m)
		if err != nil {
			return nil, err
		}
		out.add(p)
	}
	slices.SortFunc(out, func(a, b PendingTouch) int { return a.Touch.Wake.Compare(b.Touch.Wake) })
	return out, nil
}

// found are the pending touches of a customer, each once.
type found []PendingTouch

// add takes one more. A touch that is just firing, or put back, is in both places: it is due.
func (f *found) add(p PendingTouch) {
	if i := slices.IndexFunc(*f, func(o PendingTouch) bool { return o.Touch.ID() == p.Touch.ID() }); i < 0 {
		*f = append(*f, p)
	} else if p.Due {
		(*f)[i] = p
	}
}

// read reads a pending touch from its message.
func read(m *nats.Msg) (PendingTouch, error) {
	t, err := Decode(m.Data)
	return PendingTouch{Touch: t, Due: fellDue(m)}, err
}

func fellDue(m *nats.Msg) bool {
	return strings.HasPrefix(m.Header.Get(jetstream.SubjectHeader), "due.")
}

// Place is where a pending touch is, without what it displays.
type Place struct {
	Store string
	Token string    // the customer's
	Step  string    // of the worker
	Wake  time.Time // when it is looked at; the zero time: it fell due already
}

// Walk calls fn with all pending touches of a worker, some at a time, in no order
// that matters. What is planned or decided in the meantime may be seen or not.
func (s *Schedule) Walk(ctx context.Context, worker string, fn func([]Place) error) error {
	for _, stream := range s.split.Schedules(worker) {
		err := pages(ctx, s.js, stream, ">", func(msgs []*nats.Msg) error {
			places := make([]Place, 0, len(msgs))
			for _, m := range msgs {
				if p, ok := s.place(m); ok {
					places = append(places, p)
				}
			}
			return fn(places)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// place reads where a touch is off its subject and header: its body is large.
func (s *Schedule) place(m *nats.Msg) (Place, bool) {
	part := strings.Split(m.Header.Get(jetstream.SubjectHeader), ".")
	if s.split.Count() > 1 && len(part) == 7 {
		part = slices.Delete(part, 1, 2) // the partition
	}
	if len(part) != 6 {
		return Place{}, false
	}
	if part[0] == "due" {
		return Place{Store: part[2], Token: part[3], Step: part[4]}, true
	}
	at, ok := strings.CutPrefix(m.Header.Get(jetstream.ScheduleHeader), "@at ")
	if !ok {
		return Place{}, false
	}
	wake, err := time.Parse(time.RFC3339Nano, at)
	return Place{Store: part[1], Token: part[2], Step: part[4], Wake: s.scale.Business(wake)}, err == nil
}

// Touches calls fn with all pending touches of a worker, as they were put, some at a time,
// in the order in which they were. What is planned or decided in the meantime may be seen
// or not, and what is put back may be seen twice.
func (s *Schedule) Touches(ctx context.Context, worker string, fn func([]touch.Touch) error) error {
	for _, stream := range s.split.Schedules(worker) {
		err := pages(ctx, s.js, stream, ">", func(msgs []*nats.Msg) error {
			out := make([]touch.Touch, len(msgs))
			for i, m := range msgs {
				t, err := Decode(m.Data)
				if err != nil {
					return err
				}
				out[i] = t
			}
			return fn(out)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
