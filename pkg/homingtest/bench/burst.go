package main

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/timeline"
	"homing/workers/thankyou"
)

// runBurst measures events that all come within one second, while Homing is at work.
func (b *bench) runBurst(ctx context.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesAll})
	if err != nil {
		return err
	}
	defer h.child.stop()
	n := b.burst
	msgs, err := inTurn(n, func(i int) events.Event { return order(i, i, 3, time.Now()) })
	if err != nil {
		return err
	}
	b.progress("burst: %d orders within a second", n)
	m := meterOf(s.pids())
	m.add("homing", h.ready.PID)
	start, late, err := publishByClock(ctx, s, msgs, n)
	if err != nil {
		return err
	}
	if err := until(ctx, "events to be taken in", n, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
		return err
	}
	if err := until(ctx, "touches to be planned", 0, unplanned(ctx, s, thankyou.Name)); err != nil {
		return err
	}
	what := thousands(float64(n)) + " orders of new customers in a second"
	b.report.CPU = append(b.report.CPU, m.cost(partBurst, what, n))
	if err := exactly(ctx, s, bus.Timeline, placedEntries, n); err != nil {
		return err
	}
	if err := noneRejected(ctx, s); err != nil {
		return err
	}
	if err := exactly(ctx, s, bus.ScheduleStream(thankyou.Name), "", n); err != nil {
		return err
	}
	age, last, err := ages(ctx, s, n, start)
	if err != nil {
		return err
	}
	planned, err := stored(ctx, s, bus.ScheduleStream(thankyou.Name), n)
	if err != nil {
		return err
	}
	u, err := h.stop()
	if err != nil {
		return err
	}
	b.progress("burst: the bare loop passes them on")
	limit, err := b.bareIntake(ctx, s, n, what)
	if err != nil {
		return err
	}
	slices.Sort(late)
	bare := float64(n) / limit.whole
	b.report.add(row{Part: partBurst, What: what + ", published within", Unit: seconds, Homing: 1 + late[len(late)-1]/1000})
	for _, r := range []struct {
		what string
		at   time.Time
	}{{"all taken in after", last}, {"all planned after", planned}} {
		w := rowOf(partBurst, what+", "+r.what, seconds, r.at.Sub(start).Seconds(), bare)
		w.Ratio = bare / max(w.Homing, 1e-9) // of times: more is better
		b.report.add(w)
	}
	b.addPercentiles(partBurst, "their age when they are on the timeline,", age)
	b.report.addPeak(partBurst, what, u)
	return nil
}

// ages returns how many ms after its time each of n orders came on the timeline, and
// when the last one did.
func ages(ctx context.Context, s *stack, n int, start time.Time) (age []float64, last time.Time, err error) {
	c, err := s.js.OrderedConsumer(ctx, bus.Timeline, jetstream.OrderedConsumerConfig{FilterSubjects: []string{placedEntries}})
	if err != nil {
		return nil, last, err
	}
	tl := timeline.New(s.js)
	for len(age) < n {
		batch, err := c.Fetch(min(bareBatch, n-len(age)), jetstream.FetchMaxWait(stallAfter))
		if err != nil {
			return nil, last, err
		}
		got := len(age)
		for m := range batch.Messages() {
			e, err := tl.Decode(m)
			if err != nil {
				return nil, last, err
			}
			md, err := m.Metadata()
			if err != nil {
				return nil, last, err
			}
			number, err := strconv.Atoi(e.Event.Data.(*events.OrderPlaced).Order.ID)
			if err != nil {
				return nil, last, err
			}
			age, last = append(age, ms(md.Timestamp.Sub(start.Add(when(number-firstOrder, n))))), md.Timestamp
		}
		if err := batch.Error(); err != nil || len(age) == got {
			return nil, last, broken("%d of %d entries were read (%v)", len(age), n, err)
		}
	}
	return age, last, nil
}

// addPercentiles adds rows for the middle, the 99th of a hundred, and the last.
func (b *bench) addPercentiles(part, what string, values []float64) {
	slices.Sort(values)
	for _, p := range []struct {
		name  string
		share float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"max", 1}} {
		b.report.add(row{Part: part, What: what + " " + p.name, Unit: millis, Homing: percentile(values, p.share)})
	}
}
