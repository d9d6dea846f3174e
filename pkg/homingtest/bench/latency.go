package main

import (
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

// eventsPerSecond is the steady rate at which mails are timed.
const eventsPerSecond = 200

// runLatency measures how long it takes from an event to the mail it leads to,
// when that is due at once. Events are published by the clock, whether or not
// the ones before have become mails, and the time counts from when each ought
// to have been published.
func (b *bench) runLatency(ctx context.Context) error {
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
	if err := b.profiles(h.child, partLatency); err != nil {
		return err
	}
	warm := 2 * eventsPerSecond
	n := warm + int(b.latency.Seconds()*eventsPerSecond)
	b.progress("latency: %d events at %d a second", n, eventsPerSecond)
	start, late, err := publishByClock(ctx, s, n)
	if err != nil {
		return err
	}
	if err := until(ctx, "mails", n, mailsTaken(s)); err != nil {
		return err
	}
	mails, err := allSent(ctx, s, n)
	if err != nil {
		return err
	}
	u, err := h.stop()
	if err != nil {
		return err
	}
	took := make([]float64, 0, n)
	for _, m := range mails {
		if m.Who >= warm {
			took = append(took, ms(time.Unix(0, m.At).Sub(start.Add(when(m.Who)))))
		}
	}
	b.addLatency(took, late[warm:])
	b.report.addPeak(partLatency, "200 events a second", u)
	return nil
}

// when is how long after the start the i-th event is published.
func when(i int) time.Duration { return time.Duration(i) * time.Second / eventsPerSecond }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// publishByClock publishes one order of each of n customers. late is by how many
// ms each missed its time.
func publishByClock(ctx context.Context, s *stack, n int) (start time.Time, late []float64, err error) {
	msgs := make([]*nats.Msg, n)
	for i := range msgs {
		if msgs[i], err = message(order(i, i, 3, time.Now().Add(-past))); err != nil {
			return start, nil, err
		}
	}
	acks := newAcks()
	start = time.Now().Add(200 * time.Millisecond).Round(0) // the sink reads the wall clock too
	for i, m := range msgs {
		select {
		case <-ctx.Done():
			return start, nil, ctx.Err()
		case <-time.After(time.Until(start.Add(when(i)))):
		}
		late = append(late, ms(time.Since(start.Add(when(i)))))
		if err := acks.send(s.js, m); err != nil {
			return start, nil, err
		}
	}
	return start, late, acks.wait(ctx)
}

func (b *bench) addLatency(took, late []float64) {
	slices.Sort(took)
	slices.Sort(late)
	for _, p := range []struct {
		name  string
		share float64
		aim   string
		below float64
	}{{"p50", 0.5, "< 8 ms", 8}, {"p90", 0.9, "", 0}, {"p99", 0.99, "< 30 ms", 30}, {"max", 1, "", 0}} {
		r := row{Part: partLatency, What: "event → mail, " + p.name, Unit: millis, Homing: percentile(took, p.share)}
		if p.aim != "" {
			r.judge(p.aim, r.Homing < p.below)
		}
		b.report.add(r)
	}
	b.report.add(row{Part: partLatency, What: "of it the publisher's own delay, p99", Unit: millis, Homing: percentile(late, 0.99)})
}
