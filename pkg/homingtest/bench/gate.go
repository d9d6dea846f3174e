package main

import (
	"context"
	"fmt"
)

// The gate alone: of touches that are due, how many a second are judged and
// claimed, without wording, relay and timeline around it.

// callers are how many batches are being decided at a time, from row to row.
var callers = []int{1, 4, 8}

// gateAim is what share of the bare limit decisions should reach.
const gateAim = 0.6

// decided is what a child says of a stretch.
type decided struct {
	Seconds float64   `json:"seconds"`
	Value   int       `json:"value"`  // bytes of a customer as they are written
	Before  roundTrip `json:"before"` // reading, before the first claim
	Claims  roundTrip `json:"claims"`
}

// roundTrip counts round trips to Redis, and the commands in them.
type roundTrip struct {
	Trips    int `json:"trips"`
	Commands int `json:"commands"`
}

// runGate measures decisions beside the bare limit of scripts in Redis.
func (b *bench) runGate(ctx context.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	for _, n := range callers {
		what := fmt.Sprintf("%d decisions, %d callers of %d touches each", b.mails, n, gateBatch)
		b.progress("gate: %s", what)
		ours, err := b.gateRun(ctx, s, gateSpec{N: b.mails, Callers: n, Store: fmt.Sprintf("callers-%d", n)}, what)
		if err != nil {
			return err
		}
		each := float64(ours.Claims.Commands) / float64(max(1, ours.Claims.Trips))
		b.progress("gate: %.2f round trips a batch before the claims; %.1f claims in each of theirs, of %d bytes each",
			float64(ours.Before.Trips)*gateBatch/float64(b.mails), each, ours.Value)
		bare := gateSpec{N: b.mails, Callers: n, Store: fmt.Sprintf("bare-%d", n), Bare: ours.Value, Depth: max(1, int(each/float64(n)+0.5))}
		limit, err := b.gateRun(ctx, s, bare, what+", bare")
		if err != nil {
			return err
		}
		r := rowOf(partGate, what, perSecond, float64(b.mails)/ours.Seconds, float64(b.mails)/limit.Seconds)
		r.judge(fmt.Sprintf("≥ %.1f of bare", gateAim), r.Homing >= gateAim*r.Bare)
		b.report.add(r)
	}
	return nil
}

// gateRun has one child decide, or run bare scripts.
func (b *bench) gateRun(ctx context.Context, s *stack, spec gateSpec, what string) (d decided, err error) {
	spec.Redis = s.redis.ready.Addr
	c, err := spawn(ctx, taskGate, spec)
	if err != nil {
		return d, err
	}
	defer c.stop()
	name := "homing"
	if spec.Bare > 0 {
		name = "bare loop"
	}
	m := meterOf(map[string]int{taskRedis: s.redis.ready.PID, name: c.ready.PID})
	if err := b.profiles(c, "gate-"+spec.Store); err != nil {
		return d, err
	}
	if err := c.ask("run", &d); err != nil {
		return d, err
	}
	b.report.CPU = append(b.report.CPU, m.cost(partGate, what, spec.N))
	return d, c.stop()
}
