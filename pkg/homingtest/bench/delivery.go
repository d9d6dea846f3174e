package main

import (
	"context"
	"fmt"
	"net/textproto"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/workers/thankyou"
)

// past is how long ago an order is placed whose thanks are due now.
const past = 31 * time.Minute

const (
	sentFacts      = "timeline.*.*.email.sent"
	uncertainFacts = "timeline.*.*.email.uncertain"
)

// deliveries are the sinks that mails are delivered to, each with servers of its
// own. go-mail, the bare limit, doesn't use CHUNKING. The aim of the far ones is a
// share of what the round trips of a mail allow: over 5 ms, two of them let 8
// connections carry 800 mails a second at most, and one lets them carry 1,600.
var deliveries = []struct {
	name  string
	sink  sinkSpec
	share int // of all emails, one in so many
	trips int // a mail takes, if that is what bounds it
	least float64
}{
	{"", sinkSpec{}, 1, 0, 0.85},
	{"-chunking", sinkSpec{Chunking: true}, 1, 0, 1},
	{"-far", sinkSpec{Far: true}, 10, 2, 0.9},
	{"-far-chunking", sinkSpec{Chunking: true, Far: true}, 10, 1, 1100. / 1600},
}

// runDelivery measures how fast touches that are due become mails.
// deliveryPeak is how much memory a process that delivers may take, in MiB.
const deliveryPeak = 80

func (b *bench) runDelivery(ctx context.Context) error {
	for _, d := range deliveries {
		ours, limit, what, err := b.deliver(ctx, d.name, d.sink, b.mails/d.share)
		if err != nil {
			return err
		}
		row := rowOf(partDelivery, what+", first to last", perSecond, ours.whole, limit.whole)
		if d.trips > 0 {
			most := connections / (float64(d.trips) * ours.trip.Seconds())
			row.judge(fmt.Sprintf("≥ %.2f of %s/s", d.least, thousands(most)), ours.whole >= d.least*most)
		} else {
			row.judge(fmt.Sprintf("≥ %.2f of bare", d.least), ours.whole >= d.least*limit.whole)
		}
		b.report.add(row)
		b.report.add(rowOf(partDelivery, what+", middle 80 %", perSecond, ours.middle, limit.middle))
		row = rowOf(partDelivery, what+", uncertain", percent, ours.uncertain, 0)
		row.judge("0 %", ours.uncertain == 0)
		b.report.add(row)
	}
	return nil
}

// percent is the unit of shares.
const percent = "%"

// deliver measures Homing, and then the bare loop, with one sink.
func (b *bench) deliver(ctx context.Context, name string, sink sinkSpec, n int) (ours delivered, limit pace, what string, err error) {
	s, err := newStack(ctx)
	if err != nil {
		return ours, limit, "", err
	}
	defer s.stop()
	b.report.Machine.know(s)
	if err := s.useSink(ctx, sink); err != nil {
		return ours, limit, "", err
	}
	if err := b.planDue(ctx, s, n); err != nil {
		return ours, limit, "", err
	}
	schedules, err := s.js.Stream(ctx, bus.ScheduleStream(thankyou.Name))
	if err != nil {
		return ours, limit, "", err
	}
	like, err := schedules.GetMsg(ctx, schedules.CachedInfo().State.FirstSeq)
	if err != nil {
		return ours, limit, "", fmt.Errorf("reading a due touch: %w", err)
	}
	b.progress("delivery%s: Homing sends %d emails", name, n)
	ours, err = b.homingDelivery(ctx, s, name, n)
	if err != nil {
		return ours, limit, "", err
	}
	b.progress("delivery%s: the bare loop sends as many of %d bytes", name, ours.size)
	if err := newBareDelivery(ctx, s, thankyou.Name, n, like); err != nil {
		return ours, limit, "", err
	}
	limit, err = b.bareDelivery(ctx, s, name, n, ours.size)
	what = fmt.Sprintf("%d due touches, emails of %.1f KB, %d connections", n, float64(ours.size)/1000, connections)
	if sink.Far {
		what += fmt.Sprintf(" over %.1f ms", ms(ours.trip))
	}
	if sink.Chunking {
		what += ", CHUNKING"
	}
	return ours, limit, what, err
}

// useSink replaces the stack's sink with one of another kind.
func (s *stack) useSink(ctx context.Context, spec sinkSpec) error {
	if err := s.sink.stop(); err != nil {
		return err
	}
	var err error
	s.sink, err = spawn(ctx, taskSink, spec)
	return err
}

// distance is how long a sink takes to answer: the middle of some times.
func distance(addr string) (time.Duration, error) {
	c, err := textproto.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	took := make([]time.Duration, 21)
	for i := range took {
		start := time.Now() // the greeting is the first answer
		if _, _, err := c.ReadResponse(2); err != nil {
			return 0, err
		}
		took[i] = time.Since(start)
		if err := c.PrintfLine("NOOP"); err != nil {
			return 0, err
		}
	}
	slices.Sort(took)
	return took[len(took)/2], nil
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
	if err := until(ctx, "touches to be planned", 0, unplanned(ctx, s, thankyou.Name)); err != nil {
		return err
	}
	if err := exactly(ctx, s, bus.ScheduleStream(thankyou.Name), "due.>", n); err != nil {
		return err
	}
	_, err = h.stop()
	return err
}

// delivered is what became of n mails.
type delivered struct {
	pace
	size      int           // of a mail, in bytes
	uncertain float64       // of a hundred emails, those that may or may not have left
	trip      time.Duration // to the sink and back, while mails were sent
}

// homingDelivery has a Homing process deliver n due touches.
func (b *bench) homingDelivery(ctx context.Context, s *stack, name string, n int) (out delivered, err error) {
	if err := b.profiles(s.nats, partDelivery+name+"-nats"); err != nil {
		return out, err
	}
	m := meterOf(s.pids())
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesWorker})
	if err != nil {
		return out, err
	}
	defer h.child.stop()
	m.pids["homing"] = h.ready.PID
	if err := b.profiles(h.child, partDelivery+name); err != nil {
		return out, err
	}
	trip, err := distance(s.sink.ready.Addr)
	if err != nil {
		return out, err
	}
	if err := until(ctx, "mails", n, mailsTaken(s)); err != nil {
		return out, err
	}
	b.report.CPU = append(b.report.CPU, m.cost(partDelivery, "a mail"+name, n))
	mails, err := allSent(ctx, s, n)
	if err != nil {
		return out, err
	}
	var t tally
	if err := s.sink.ask("tally", &t); err != nil {
		return out, err
	}
	u, err := h.stop()
	if err != nil {
		return out, err
	}
	if name == "" {
		b.report.addPeakOf(partDelivery, "an email", u, deliveryPeak)
		b.report.addFlat(u, mails)
	}
	unknown, err := held(ctx, s, bus.Timeline, uncertainFacts)
	return delivered{mailPace(mails), int(t.Bytes) / n, 100 * float64(unknown) / float64(n), trip}, err
}

// allSent waits until nothing is due any more, and returns the mails. It fails
// unless each of n customers got exactly one, and n facts say so; a fact may say
// that a mail is uncertain.
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
	unknown, err := held(ctx, s, bus.Timeline, uncertainFacts)
	if err != nil {
		return nil, err
	}
	if err := exactly(ctx, s, bus.Timeline, sentFacts, n-unknown); err != nil {
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

func (b *bench) bareDelivery(ctx context.Context, s *stack, name string, n, size int) (pace, error) {
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
	if err := b.profiles(c, partDelivery+name+"-bare"); err != nil {
		return pace{}, err
	}
	if err := c.ask("run", nil); err != nil {
		return pace{}, err
	}
	b.report.CPU = append(b.report.CPU, m.cost(partDelivery, "a mail"+name+", bare", n))
	var mails []receipt
	if err := s.sink.ask("mails", &mails); err != nil {
		return pace{}, err
	}
	if len(mails) != n {
		return pace{}, broken("the bare loop sent %d emails, not %d", len(mails), n)
	}
	return mailPace(mails), exactly(ctx, s, bareStream, "", 0)
}

// The roles of a Homing process.
var (
	rolesIntake = []string{app.RoleIntake}
	rolesWorker = []string{thankyou.Name}
	rolesAll    = []string{app.RoleIntake, thankyou.Name}
)
