package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"homing/events"
	"homing/pkg/bus"
)

// intakeRow is one kind of event to take in.
type intakeRow struct {
	name string // of its profile
	what string
	n    int
	make func(i int) events.Event
	aim  float64 // events a second; 0: none
}

// runIntake measures how fast events that wait in the stream are taken in.
func (b *bench) runIntake(ctx context.Context) error {
	now := time.Now()
	people := max(1, b.events/10)
	rows := []intakeRow{{
		name: "intake", what: "orders of 3 items", n: b.events, aim: 30_000,
		make: func(i int) events.Event { return order(i%people, i, 3, now) },
	}, {
		name: "intake-real", what: "orders of 19 items", n: b.real,
		make: func(i int) events.Event { return order(i%max(1, b.real/3), i, 19, now) },
	}, {
		name: "intake-new", what: "orders of 3 items, each of a new customer with id and address", n: b.real,
		make: func(i int) events.Event { return order(i, i, 3, now) },
	}}
	if b.orders != "" {
		orders, err := readOrders(b.orders)
		if err != nil {
			return err
		}
		rows[1].what = "real orders"
		rows[1].make = func(i int) events.Event { return repeated(orders, i, now) }
	}
	for _, r := range rows {
		if err := b.intake(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", r.what, err)
		}
	}
	return nil
}

func (b *bench) intake(ctx context.Context, r intakeRow) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	b.progress("intake: publishing %d %s", r.n, r.what)
	size := 0
	if err := publish(ctx, s.js, r.n, func(i int) (*nats.Msg, error) {
		m, err := message(r.make(i))
		size += len(m.Data)
		return m, err
	}); err != nil {
		return err
	}
	what := fmt.Sprintf("%s, %d bytes", r.what, size/r.n)
	b.progress("intake: Homing takes them in")
	ours, err := b.homingIntake(ctx, s, r, what)
	if err != nil {
		return err
	}
	took := b.report.CPU[len(b.report.CPU)-1].Total
	b.progress("intake: the bare loop passes them on")
	limit, err := b.bareIntake(ctx, s, r.n, what)
	if err != nil {
		return err
	}
	row := row{Part: partIntake, What: what + ", first to last", Unit: perSecond, Homing: ours.whole, Bare: limit.whole}
	if r.aim > 0 {
		row.judge(fmt.Sprintf("≥ %s/s", thousands(r.aim)), ours.whole >= r.aim)
	}
	b.report.add(row)
	b.report.add(rowOf(partIntake, what+", middle 80 %", perSecond, ours.middle, limit.middle))
	least := b.report.CPU[len(b.report.CPU)-1].Total
	share := rowOf(partIntake, what+", CPU an event", micros, took, least)
	if share.Ratio = least / max(took, 1e-9); r.aim > 0 {
		share.judge(fmt.Sprintf("≥ %.1f of bare", cpuAim), share.Ratio >= cpuAim)
	}
	b.report.add(share)
	return nil
}

// placedEntries are the orders on the timeline: who is who is there, too.
const placedEntries = "timeline.*.*.order.placed"

// cpuAim is what share of the CPU time of taking an event in the bare loop, which
// cannot be done without, should be; intakePeak is in how much memory, in MiB.
const (
	cpuAim     = 0.5
	intakePeak = 120
)

// homingIntake has a Homing process take n waiting events in.
func (b *bench) homingIntake(ctx context.Context, s *stack, r intakeRow, what string) (pace, error) {
	if err := b.profiles(s.nats, r.name+"-nats"); err != nil {
		return pace{}, err
	}
	m := meterOf(s.pids())
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesIntake})
	if err != nil {
		return pace{}, err
	}
	defer h.child.stop()
	m.pids["homing"] = h.ready.PID
	if err := b.profiles(h.child, r.name); err != nil {
		return pace{}, err
	}
	if err := until(ctx, "events to be taken in", r.n, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
		return pace{}, err
	}
	end := time.Now()
	b.report.CPU = append(b.report.CPU, m.cost(partIntake, what, r.n))
	quiet(ctx)
	if err := exactly(ctx, s, bus.Timeline, placedEntries, r.n); err != nil {
		return pace{}, err
	}
	if err := noneRejected(ctx, s); err != nil {
		return pace{}, err
	}
	u, err := h.stop()
	if err != nil {
		return pace{}, err
	}
	b.report.addPeakOf(partIntake, what, u, intakePeak)
	return streamPace(ctx, s, bus.Timeline, r.n, end)
}

// bareIntake has the bare loop pass the same n events on.
func (b *bench) bareIntake(ctx context.Context, s *stack, n int, what string) (pace, error) {
	if err := newBareIntake(ctx, s); err != nil {
		return pace{}, err
	}
	m := meterOf(s.pids())
	c, err := spawn(ctx, taskBareIntake, bareSpec{NATS: s.nats.ready.Addr, N: n, Stream: bus.Storefront, Durable: "bare"})
	if err != nil {
		return pace{}, err
	}
	defer c.stop()
	m.pids["bare loop"] = c.ready.PID
	if err := c.ask("run", nil); err != nil {
		return pace{}, err
	}
	if err := until(ctx, "the bare loop's acks", n, acked(ctx, s, bus.Storefront, "bare")); err != nil {
		return pace{}, err
	}
	end := time.Now()
	b.report.CPU = append(b.report.CPU, m.cost(partIntake, what+", bare", n))
	if err := exactly(ctx, s, bareStream, "", n); err != nil {
		return pace{}, err
	}
	return streamPace(ctx, s, bareStream, n, end)
}

// pids are the servers' processes, by what they are called in the report.
func (s *stack) pids() map[string]int {
	return map[string]int{taskNATS: s.nats.ready.PID, taskRedis: s.redis.ready.PID, taskSink: s.sink.ready.PID}
}
