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

// allAim is how many times as much an order may cost with those workers on too that a shop
// must switch on.
const allAim = 2

// runWorkers measures what an order costs when the workers are on that are on unless a shop
// switches them off, and when all are: it is taken in, and every worker is asked what to plan
// for it. Nothing falls due in that time.
func (b *bench) runWorkers(ctx context.Context) error {
	usual, err := b.workersAt(ctx, 0, false)
	if err != nil {
		return err
	}
	usual.judge(fmt.Sprintf("≤ %d µs", workersAim), usual.Homing <= workersAim)
	b.report.add(usual)
	all, err := b.workersAt(ctx, 0, true)
	if err != nil {
		return err
	}
	all.Bare, all.Ratio = usual.Homing, usual.Homing/all.Homing
	all.judge(fmt.Sprintf("< %d × as much", allAim), all.Homing < allAim*usual.Homing)
	b.report.add(all)
	steady, err := b.workersAt(ctx, rates[0], false)
	if err != nil {
		return err
	}
	b.report.add(steady)
	return nil
}

// workersAt measures orders that come at a steady rate; 0: that wait in the stream. All: with
// those workers on that a shop must switch on.
func (b *bench) workersAt(ctx context.Context, perSecond int, all bool) (none row, err error) {
	s, err := newStack(ctx)
	if err != nil {
		return none, err
	}
	defer s.stop()
	b.report.Machine.know(s)
	spec := homingSpec{All: all}
	on, err := spec.workers()
	if err != nil {
		return none, err
	}
	spec.Roles = append([]string{app.RoleIntake}, on...)
	n, what, now := b.events/10, fmt.Sprintf("CPU an order, the %d workers on that usually are", len(on)), time.Now()
	if all {
		what = fmt.Sprintf("CPU an order, all %d workers on; next to the usual", len(on))
	}
	if perSecond > 0 {
		n, what = perSecond*int(b.latency.Seconds()), fmt.Sprintf("%s, %d/s", what, perSecond)
	}
	msgs, err := inTurn(n, func(i int) events.Event { return order(i%max(1, n/3), i, 3, now) })
	if err != nil {
		return none, err
	}
	b.progress("workers: Homing takes %d orders in, and all workers plan", n)
	if perSecond == 0 {
		if err := publish(ctx, s.js, n, func(i int) (*nats.Msg, error) { return msgs[i], nil }); err != nil {
			return none, err
		}
	}
	m := meterOf(s.pids())
	h, err := startHoming(ctx, s, spec)
	if err != nil {
		return none, err
	}
	defer h.child.stop()
	if err := errors.Join(b.profiles(h.child, partWorkers+strconv.Itoa(perSecond)), b.profiles(s.nats, partWorkers+strconv.Itoa(perSecond)+"-nats")); err != nil {
		return none, err
	}
	if perSecond > 0 {
		m = meterOf(m.pids)
		m.before["homing"] = cpu(h.ready.PID)
		if _, _, err := publishByClock(ctx, s, msgs, perSecond); err != nil {
			return none, err
		}
	}
	m.pids["homing"] = h.ready.PID
	if err := b.allPlanned(ctx, s, on, n); err != nil {
		return none, err
	}
	c := m.cost(partWorkers, what, n)
	b.report.CPU = append(b.report.CPU, c)
	u, err := h.stop()
	if err != nil {
		return none, err
	}
	b.report.addPeak(partWorkers, what, u)
	return row{Part: partWorkers, What: what, Unit: micros, Homing: c.Total}, nil
}

// allPlanned waits until n orders are taken in and every worker has planned.
func (b *bench) allPlanned(ctx context.Context, s *stack, workers []string, n int) error {
	if err := until(ctx, "events to be taken in", n, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
		return err
	}
	for _, w := range workers {
		if programme.ByHand(w) {
			continue // no event leads to it
		}
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
