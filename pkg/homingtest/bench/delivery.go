package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/workers/thankyou"
)

// past is how long ago an order is placed whose thanks are due now.
const past = 31 * time.Minute

const sentFacts = "timeline.*.*.email.sent"

// runDelivery measures how fast touches that are due become mails.
func (b *bench) runDelivery(ctx context.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	n := b.mails
	if err := b.planDue(ctx, s, n); err != nil {
		return err
	}
	schedules, err := s.js.Stream(ctx, bus.ScheduleStream(thankyou.Name))
	if err != nil {
		return err
	}
	like, err := schedules.GetMsg(ctx, schedules.CachedInfo().State.FirstSeq)
	if err != nil {
		return fmt.Errorf("reading a due touch: %w", err)
	}
	b.progress("delivery: Homing sends %d mails", n)
	ours, size, err := b.homingDelivery(ctx, s, n)
	if err != nil {
		return err
	}
	b.progress("delivery: the bare loop sends as many of %d bytes", size)
	if err := newBareDelivery(ctx, s, thankyou.Name, n, like); err != nil {
		return err
	}
	limit, err := b.bareDelivery(ctx, s, n, size)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d due touches, mails of %.1f KB, %d connections", n, float64(size)/1000, connections)
	row := rowOf(partDelivery, what+", first to last", perSecond, ours.whole, limit.whole)
	row.judge("≥ 0.5 of bare", ours.whole >= 0.5*limit.whole)
	b.report.add(row)
	b.report.add(rowOf(partDelivery, what+", middle 80 %", perSecond, ours.middle, limit.middle))
	return nil
}

// planDue makes n touches of n customers that are due and wait to be delivered.
func (b *bench) planDue(ctx context.Context, s *stack, n int) error {
	b.progress("delivery: planning %d touches", n)
	at := time.Now().Add(-past)
	if err := publish(ctx, s.js, n, func(i int) (*nats.Msg, error) { return message(order(i, i, 3, at)) }); err != nil {
		return err
	}
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesAll, Paused: true})
	if err != nil {
		return err
	}
	defer h.child.stop()
	if err := until(ctx, "events to be taken in", n, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
		return err
	}
	if err := until(ctx, "touches to be planned", n, acked(ctx, s, bus.Timeline, bus.PlanConsumer(thankyou.Name))); err != nil {
		return err
	}
	if err := exactly(ctx, s, bus.ScheduleStream(thankyou.Name), "due.>", n); err != nil {
		return err
	}
	_, err = h.stop()
	return err
}

// homingDelivery has a Homing process deliver n due touches; size is that of a
// mail.
func (b *bench) homingDelivery(ctx context.Context, s *stack, n int) (p pace, size int, err error) {
	if err := b.profiles(s.nats, partDelivery+"-nats"); err != nil {
		return p, 0, err
	}
	m := meterOf(s.pids())
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesWorker})
	if err != nil {
		return p, 0, err
	}
	defer h.child.stop()
	m.pids["homing"] = h.ready.PID
	if err := b.profiles(h.child, partDelivery); err != nil {
		return p, 0, err
	}
	if err := until(ctx, "mails", n, mailsTaken(s)); err != nil {
		return p, 0, err
	}
	b.report.CPU = append(b.report.CPU, m.cost(partDelivery, "a mail", n))
	mails, err := allSent(ctx, s, n)
	if err != nil {
		return p, 0, err
	}
	var t tally
	if err := s.sink.ask("tally", &t); err != nil {
		return p, 0, err
	}
	u, err := h.stop()
	if err != nil {
		return p, 0, err
	}
	b.report.addPeak(partDelivery, "a mail", u)
	b.report.addFlat(u, mails)
	return mailPace(mails), int(t.Bytes) / n, nil
}

// allSent waits until nothing is due any more, and returns the mails. It fails
// unless each of n customers got exactly one, and n facts say so.
func allSent(ctx context.Context, s *stack, n int) ([]receipt, error) {
	if err := until(ctx, "due touches to be done with", 0, func() (int, error) {
		left, err := held(ctx, s, bus.ScheduleStream(thankyou.Name), "")
		return -left, err
	}); err != nil {
		return nil, err
	}
	quiet(ctx)
	var mails []receipt
	if err := s.sink.ask("mails", &mails); err != nil {
		return nil, err
	}
	if err := eachOnce(mails, n); err != nil {
		return nil, err
	}
	if err := exactly(ctx, s, bus.Timeline, sentFacts, n); err != nil {
		return nil, err
	}
	return mails, exactly(ctx, s, bus.Timeline, "timeline.*.*.email.>", n)
}

func mailsTaken(s *stack) func() (int, error) {
	return func() (int, error) {
		var t tally
		err := s.sink.ask("tally", &t)
		return t.Mails, err
	}
}

func (b *bench) bareDelivery(ctx context.Context, s *stack, n, size int) (pace, error) {
	if err := s.sink.ask("forget", nil); err != nil {
		return pace{}, err
	}
	m := meterOf(s.pids())
	c, err := spawn(ctx, taskBareDelivery, bareSpec{
		NATS: s.nats.ready.Addr, SMTP: s.sink.ready.Addr, N: n, Size: size, Stream: bareStream, Durable: "bare",
	})
	if err != nil {
		return pace{}, err
	}
	defer c.stop()
	m.pids["bare loop"] = c.ready.PID
	if err := b.profiles(c, partDelivery+"-bare"); err != nil {
		return pace{}, err
	}
	if err := c.ask("run", nil); err != nil {
		return pace{}, err
	}
	b.report.CPU = append(b.report.CPU, m.cost(partDelivery, "a mail, bare", n))
	var mails []receipt
	if err := s.sink.ask("mails", &mails); err != nil {
		return pace{}, err
	}
	if len(mails) != n {
		return pace{}, broken("the bare loop sent %d mails, not %d", len(mails), n)
	}
	return mailPace(mails), exactly(ctx, s, bareStream, "", 0)
}

// The roles of a Homing process.
var (
	rolesIntake = []string{app.RoleIntake}
	rolesWorker = []string{thankyou.Name}
	rolesAll    = []string{app.RoleIntake, thankyou.Name}
)
