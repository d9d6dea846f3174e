package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// refoldAim is how many entries a second a refold should take, and refoldPeak in
// how much memory, in MiB.
const (
	refoldAim  = 30_000
	refoldPeak = 128
)

// runRefold measures how fast the timeline is folded into a Redis that lost
// everything.
func (b *bench) runRefold(ctx context.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	n, now := b.events, time.Now()
	b.progress("refold: taking %d orders in", n)
	if err := publish(ctx, s.js, n, func(i int) (*nats.Msg, error) { return message(order(i%max(1, n/10), i, 3, now)) }); err != nil {
		return err
	}
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesIntake})
	if err != nil {
		return err
	}
	defer h.child.stop()
	if err := until(ctx, "events to be taken in", n, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
		return err
	}
	if _, err := h.stop(); err != nil {
		return err
	}
	before, err := s.rdb.DBSize(ctx).Result()
	if err != nil {
		return err
	}
	if err := s.rdb.FlushAll(ctx).Err(); err != nil {
		return err
	}
	b.progress("refold: Homing folds them again")
	return b.refold(ctx, s, n, before)
}

// refold has a Homing process find Redis empty; it is ready once all is folded.
func (b *bench) refold(ctx context.Context, s *stack, n int, keys int64) error {
	m := meterOf(s.pids())
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesIntake, Later: true})
	if err != nil {
		return err
	}
	defer h.child.stop()
	m.pids["homing"] = h.ready.PID
	if err := b.profiles(h.child, partRefold); err != nil {
		return err
	}
	began := time.Now()
	if err := h.ask("ready", nil); err != nil {
		return err
	}
	took := time.Since(began)
	c := m.cost(partRefold, "an entry", n)
	b.report.CPU = append(b.report.CPU, c)
	after, err := s.rdb.DBSize(ctx).Result()
	if err != nil {
		return err
	}
	if after != keys {
		return broken("Redis holds %d keys after the refold, and held %d", after, keys)
	}
	u, err := h.stop()
	if err != nil {
		return err
	}
	bare, err := bareRead(ctx, s)
	if err != nil {
		return err
	}
	r := rowOf(partRefold, fmt.Sprintf("entries folded again, of %d; bare: entries read", n), perSecond, rate(n, took), bare)
	r.judge("≥ 30,000/s", r.Homing >= refoldAim)
	b.report.add(r)
	b.report.addPeakOf(partRefold, "a refold", u, refoldPeak)
	return nil
}

// bareRead reads the timeline from its first entry to its last, does nothing with it, and
// returns how many a second.
func bareRead(ctx context.Context, s *stack) (float64, error) {
	n, err := held(ctx, s, bus.Timeline, "")
	if err != nil {
		return 0, err
	}
	c, err := s.js.OrderedConsumer(ctx, bus.Timeline, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for got := 0; got < n; {
		batch, err := c.Fetch(min(bareBatch, n-got), jetstream.FetchMaxWait(stallAfter))
		if err != nil {
			return 0, err
		}
		before := got
		for range batch.Messages() {
			got++
		}
		if got == before {
			return 0, broken("%d of %d entries were read (%v)", got, n, batch.Error())
		}
	}
	return rate(n, time.Since(began)), nil
}
