package main

import (
	"context"
	"fmt"
)

// The gate alone: of touches that are due, how many a second are judged and
// claimed, without wording, relay and timeline around it.

// callers are how many batches are being decided at a time, from row to row.
var callers = []int{1, 4, 8}

// gateAim is what share of the bare limit decisions should reach: as many callers,
// each with one claim under way, against each with one script under way.
const gateAim = 0.6

// gateSenders is how many touches of a batch delivery has under way at a time.
const gateSenders = 24

// decided is what a child says of a stretch.
type decided struct {
	Seconds float64   `json:"seconds"`
	Before  roundTrip `json:"before"` // reading, before the first claim
	Claims  roundTrip `json:"claims"`
}

// roundTrip counts round trips to Redis, and the reads or the scripts in them.
type roundTrip struct {
	Trips    int `json:"trips"`
	Commands int `json:"commands"`
}

// runGate measures decisions next to the bare limit of scripts in Redis.
func (b *bench) runGate(ctx context.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	for _, n := range callers {
		if err := b.gateRow(ctx, s, gateSpec{Callers: n, Senders: 1}); err != nil {
			return err
		}
	}
	for _, n := range callers {
		if err := b.gateRow(ctx, s, gateSpec{Callers: n, Senders: gateSenders}); err != nil {
			return err
		}
	}
	return nil
}

// gateRow measures so many callers, and next to them as many that run a bare
// script: one at a time like them, or else in pipelines as long as those that the
// claims of many senders came together in.
func (b *bench) gateRow(ctx context.Context, s *stack, spec gateSpec) error {
	spec.N, spec.Store = b.mails, fmt.Sprintf("callers-%d-%d", spec.Callers, spec.Senders)
	what := fmt.Sprintf("%d callers, %d claims at a time", spec.Callers, spec.Callers*spec.Senders)
	b.progress("gate: %s", what)
	ours, bytes, err := b.gateRun(ctx, s, spec, what)
	if err != nil {
		return err
	}
	each := float64(ours.Claims.Commands) / float64(max(1, ours.Claims.Trips))
	b.progress("gate: %.2f round trips for a batch of %d before the claims; %.1f claims in each of theirs, of %d bytes each",
		float64(ours.Before.Trips)*gateBatch/float64(b.mails), gateBatch, each, bytes)
	spec.Bare, spec.Depth, spec.Store = bytes, 1, "bare-"+spec.Store
	if spec.Senders > 1 {
		spec.Depth = max(1, int(each/float64(spec.Callers)+0.5))
	}
	limit, _, err := b.gateRun(ctx, s, spec, what+", bare")
	if err != nil {
		return err
	}
	r := rowOf(partGate, what, perSecond, float64(b.mails)/ours.Seconds, float64(b.mails)/limit.Seconds)
	if spec.Senders == 1 {
		r.judge(fmt.Sprintf("≥ %.1f of bare", gateAim), r.Homing >= gateAim*r.Bare)
	}
	b.report.add(r)
	return nil
}

// gateRun has one child decide, or run bare scripts. It returns of how many bytes
// a customer is who was decided about.
func (b *bench) gateRun(ctx context.Context, s *stack, spec gateSpec, what string) (d decided, bytes int, err error) {
	spec.Redis = s.redis.ready.Addr
	c, err := spawn(ctx, taskGate, spec)
	if err != nil {
		return d, 0, err
	}
	defer c.stop()
	name := "homing"
	if spec.Bare > 0 {
		name = "bare loop"
	}
	m := meterOf(map[string]int{taskRedis: s.redis.ready.PID, name: c.ready.PID})
	if err := b.profiles(c, "gate-"+spec.Store); err != nil {
		return d, 0, err
	}
	if err := c.ask("run", &d); err != nil {
		return d, 0, err
	}
	b.report.CPU = append(b.report.CPU, m.cost(partGate, what, spec.N))
	if spec.Bare == 0 {
		if err := c.ask("audit", &bytes); err != nil {
			return d, 0, err
		}
	}
	return d, bytes, c.stop()
}
