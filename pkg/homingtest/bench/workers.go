package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/programme"
)

// workersAim is how much CPU time an order may take when every worker plans, in
// µs of all processes together.
const workersAim = 900

// runWorkers measures what an order costs when all workers are on: it is taken in,
// and every worker is asked what to plan for it. Nothing falls due in that time.
func (b *bench) runWorkers(ctx context.Context) error {
	for _, perSecond := range []int{0, rates[0]} {
		if err := b.workersAt(ctx, perSecond); err != nil {
			return err
		}
	}
	return nil
}

// workersAt measures orders that come at a steady rate; 0: that wait in the stream.
func (b *bench) workersAt(ctx context.Context, perSecond int) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	n, what, now := b.events/10, "CPU an order, all six workers on", time.Now()
	if perSecond > 0 {
		n, what = perSecond*int(b.latency.Seconds()), fmt.Sprintf("%s, %d/s", what, perSecond)
	}
	msgs, err := inTurn(n, func(i int) events.Event { return order(i%max(1, n/3), i, 3, now) })
	if err != nil {
		return err
	}
	b.progress("workers: Homing takes %d orders in, and all workers plan", n)
	if perSecond == 0 {
		if err := publish(ctx, s.js, n, func(i int) (*nats.Msg, error) { return msgs[i], nil }); err != nil {
			return err
		}
	}
	m := meterOf(s.pids())
	h, err := startHoming(ctx, s, homingSpec{Roles: append([]string{app.RoleIntake}, programme.WorkerNames()...)})
	if err != nil {
		return err
	}
	defer h.child.stop()
	if err := errors.Join(b.profiles(h.child, partWorkers+strconv.Itoa(perSecond)), b.profiles(s.nats, partWorkers+strconv.Itoa(perSecond)+"-nats")); err != nil {
		return err
	}
	if perSecond > 0 {
		m = meterOf(m.pids)
		m.before["homing"] = cpu(h.ready.PID)
		if _, _, err := publishByClock(ctx, s, msgs, perSecond); err != nil {
			return err
		}
	}
	m.pids["homing"] = h.ready.PID
	if err := b.allPlanned(ctx, s, n); err != nil {
		return err
	}
	c := m.cost(partWorkers, what, n)
	b.report.CPU = append(b.report.CPU, c)
	r := row{Part: partWorkers, What: what, Unit: micros, Homing: c.Total}
	if perSecond == 0 {
		r.judge(fmt.Sprintf("≤ %d µs", workersAim), c.Total <= workersAim)
	}
	b.report.add(r)
	u, err := h.stop()
	if err != nil {
		return err
	}
	b.report.addPeak(partWorkers, what, u)
	return nil
}

// allPlanned waits until n orders are taken in and every worker has planned.
func (b *bench) allPlanned(ctx context.Context, s *stack, n int) error {
	if err := until(ctx, "events to be taken in", n, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
		return err
	}
	for _, w := range programme.WorkerNames() {
		if err := until(ctx, "touches of "+w+" to be planned", 0, unplanned(ctx, s, w)); err != nil {
			return err
		}
	}
	return exactly(ctx, s, bus.Timeline, placedEntries, n)
}

// unplanned returns how many entries a worker has still to plan, as a negative
// number.
func unplanned(ctx context.Context, s *stack, worker string) func() (int, error) {
	return func() (int, error) {
		c, err := s.js.Consumer(ctx, bus.Timeline, bus.PlanConsumer(worker))
		if err != nil {
			return 0, err
		}
		info := c.CachedInfo()
		return -int(info.NumPending) - info.NumAckPending, nil
	}
}
