package schedule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/trace"
)

// overdue is how late a schedule may be before it counts as stuck.
const overdue = 2 * time.Minute

// Watchdog puts schedules that the server forgot back to work. nats-server
// forgets those that fell due while its storage was full; publishing one again
// unchanged makes it fire. It also moves what was planned by rules of a time zone that
// have changed since.
type Watchdog struct {
	JS     jetstream.JetStream
	Scale  clock.Scale
	Worker string
	// Partition is the part of the worker's schedules that it looks after; of one that is
	// not split there is 0.
	Partition int
	Log       *zap.Logger
}

// Run sweeps at once and then daily, until ctx ends.
func (w *Watchdog) Run(ctx context.Context) {
	for {
		n, err := w.Sweep(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			w.Log.Warn("cannot look for stuck schedules", zap.String("worker", w.Worker), zap.Error(err))
		case n > 0:
			w.Log.Warn("put stuck schedules back to work", zap.String("worker", w.Worker), zap.Int("schedules", n))
		}
		next := 24 * time.Hour
		if err != nil {
			next = time.Minute
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// Sweep publishes every overdue schedule again, and returns how many it found. What is
// for a time of day is moved to where that is by today's rules.
func (w *Watchdog) Sweep(ctx context.Context) (int, error) {
	n := 0
	ours := uint64(math.MaxUint64) // the first that the sweep wrote: from there on all is new
	err := pages(ctx, w.JS, bus.PartitionsOf(w.JS).Schedule(w.Worker, w.Partition), "schedule.>", func(msgs []*nats.Msg) error {
		for _, m := range msgs {
			seq, err := bus.SequenceOf(m)
			if err != nil {
				return err
			}
			if seq >= ours {
				return nil
			}
			late, moved := stuck(m, time.Now()), w.moved(m)
			if !late && !moved {
				continue
			}
			if late {
				n++
			}
			wrote, err := w.again(ctx, m, seq)
			if err != nil {
				return err
			}
			if wrote > 0 {
				ours = min(ours, wrote)
			}
		}
		return nil
	})
	return n, err
}

// stuck reports whether a schedule should have fired long ago.
func stuck(m *nats.Msg, now time.Time) bool {
	at, ok := strings.CutPrefix(m.Header.Get(jetstream.ScheduleHeader), "@at ")
	if !ok {
		return false
	}
	due, err := time.Parse(time.RFC3339Nano, at)
	return err == nil && now.Sub(due) > overdue
}

// moved changes a schedule whose time of day is at another instant by today's rules
// of its zone, and reports whether it did. What cannot be read is delivery's to judge.
func (w *Watchdog) moved(m *nats.Msg) bool {
	if !bytes.Contains(m.Data, []byte(`"zone":`)) {
		return false
	}
	t, err := Decode(m.Data)
	if err != nil {
		return false
	}
	today, changed := t.Today()
	if !changed {
		return false
	}
	today = today.In()
	data, err := json.Marshal(today)
	if err != nil {
		return false
	}
	m.Data = data
	m.Header.Set(jetstream.ScheduleHeader, at(w.Scale, today.Wake))
	w.Log.Info("the rules of a time zone have changed; an email keeps its time of day", zap.String("worker", w.Worker),
		zap.String("touch", today.ID()), zap.String("zone", today.Zone), zap.Time("was", t.Wake), zap.Time("is", today.Wake))
	return true
}

// again publishes a schedule, unless it was replaced since, and returns its new
// sequence; 0 if it was replaced.
func (w *Watchdog) again(ctx context.Context, m *nats.Msg, seq uint64) (uint64, error) {
	out := nats.NewMsg(m.Header.Get(jetstream.SubjectHeader))
	out.Data = m.Data
	for _, h := range []string{bus.HeaderTouch, jetstream.ScheduleHeader, jetstream.ScheduleTargetHeader} {
		out.Header.Set(h, m.Header.Get(h))
	}
	maps.Copy(out.Header, trace.Of(m.Header))
	ack, err := w.JS.PublishMsg(ctx, out, jetstream.WithExpectLastSequencePerSubject(seq))
	if apiErr, ok := errors.AsType[*jetstream.APIError](err); ok && apiErr.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}
