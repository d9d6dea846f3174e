package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// crews are how many processes share the same work.
var crews = []int{1, 2, 4}

// runProcesses measures the same work by 1, 2 and 4 processes, each of which does
// everything: take orders in, plan, and deliver.
func (b *bench) runProcesses(ctx context.Context) error {
	one := 0.0
	for _, k := range crews {
		got, err := b.byProcesses(ctx, k)
		if err != nil {
			return fmt.Errorf("%d processes: %w", k, err)
		}
		if k == 1 {
			one = got.Homing
		} else {
			got.What += "; next to one"
			got.Bare = one
		}
		b.report.add(got)
	}
	return nil
}

// byProcesses has k processes make emails of orders that wait.
func (b *bench) byProcesses(ctx context.Context, k int) (row, error) {
	var none row
	s, err := newStack(ctx)
	if err != nil {
		return none, err
	}
	defer s.stop()
	b.report.Machine.know(s)
	n, at := b.shared, time.Now().Add(-past)
	b.progress("processes: %d of them make emails of %d orders", k, n)
	crew, err := startCrew(ctx, s, k)
	for _, h := range crew {
		defer h.child.stop()
	}
	if err != nil {
		return none, err
	}
	m := meterOf(s.pids())
	for i, h := range crew {
		m.add(fmt.Sprintf("homing %d", i+1), h.ready.PID)
	}
	began := time.Now()
	if err := publish(ctx, s.js, n, func(i int) (*nats.Msg, error) { return message(order(i, i, 3, at)) }); err != nil {
		return none, err
	}
	if err := until(ctx, "emails", n, mailsTaken(s)); err != nil {
		return none, err
	}
	took := time.Since(began)
	by := "one process"
	if k > 1 {
		by = fmt.Sprintf("%d processes", k)
	}
	what := fmt.Sprintf("%s orders to emails, by %s on %d cores", thousands(float64(n)), by, b.report.Machine.Cores)
	b.report.CPU = append(b.report.CPU, m.cost(partProcesses, what, n))
	if _, err := allSent(ctx, s, n); err != nil {
		return none, err
	}
	if k == 1 {
		if err := b.factBytes(ctx, s, n); err != nil {
			return none, err
		}
	}
	for _, h := range crew {
		u, err := h.stop()
		if err != nil {
			return none, err
		}
		if h == crew[0] {
			b.report.addPeak(partProcesses, what, u)
		}
	}
	return row{Part: partProcesses, What: what, Unit: perSecond, Homing: rate(n, took)}, nil
}

func startCrew(ctx context.Context, s *stack, k int) (crew []*homing, err error) {
	for range k {
		h, err := startHoming(ctx, s, homingSpec{Roles: rolesAll})
		if err != nil {
			return crew, err
		}
		crew = append(crew, h)
	}
	return crew, nil
}

// factBytes adds what an email with its order takes, and what it takes alone. It takes the
// emails off the timeline.
func (b *bench) factBytes(ctx context.Context, s *stack, n int) error {
	st, err := s.js.Stream(ctx, bus.Timeline)
	if err != nil {
		return err
	}
	used, err := usedMemory(ctx, s)
	if err != nil {
		return err
	}
	all := st.CachedInfo().State
	if err := st.Purge(ctx, jetstream.WithPurgeSubject("timeline.*.*.email.>")); err != nil {
		return err
	}
	left, err := st.Info(ctx)
	if err != nil {
		return err
	}
	if facts := all.Msgs - left.State.Msgs; facts != uint64(n) {
		return broken("the timeline has %d facts about %d emails", facts, n)
	}
	for _, r := range []struct {
		what  string
		bytes uint64
	}{
		{"Redis for a customer, an order and the email about it", uint64(used)},
		{"TIMELINE for an order and the email about it", all.Bytes},
		{"TIMELINE for the email alone", all.Bytes - left.State.Bytes},
	} {
		b.report.add(row{Part: partProcesses, What: r.what, Unit: bytesUnit, Homing: float64(r.bytes) / float64(n)})
	}
	return nil
}
