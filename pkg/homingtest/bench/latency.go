package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"homing/events"
)

// rates are the steady rates, in events a second, at which emails are timed.
var rates = []int{200, 1000}

// busyMail is how much CPU time an email may take at 200 events a second, from
// its event on, in ms of all processes together.
const busyMail = 3.5

// runLatency measures how long it takes from an event to the mail it leads to,
// when that is due at once. Events are published by the clock, whether or not
// the ones before have become mails, and the time counts from when each ought
// to have been published.
func (b *bench) runLatency(ctx context.Context) error {
	for _, perSecond := range rates {
		if err := b.latencyAt(ctx, perSecond); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) latencyAt(ctx context.Context, perSecond int) error {
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
	if err := b.profiles(h.child, fmt.Sprintf("%s-%d", partLatency, perSecond)); err != nil {
		return err
	}
	warm := 2 * perSecond
	n := warm + int(b.latency.Seconds()*float64(perSecond))
	b.progress("latency: %d events at %d a second", n, perSecond)
	msgs, err := inTurn(n, func(i int) events.Event { return order(i, i, 3, time.Now().Add(-past)) })
	if err != nil {
		return err
	}
	m := meterOf(s.pids())
	m.add("homing", h.ready.PID)
	start, late, err := publishByClock(ctx, s, msgs, perSecond)
	if err != nil {
		return err
	}
	if err := until(ctx, "mails", n, mailsTaken(s)); err != nil {
		return err
	}
	b.addMailCost(m.cost(partLatency, fmt.Sprintf("an event to its email, %d/s", perSecond), n), perSecond)
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
			took = append(took, ms(time.Unix(0, m.At).Sub(start.Add(when(m.Who, perSecond)))))
		}
	}
	b.addLatency(took, late[warm:], perSecond)
	b.report.addPeak(partLatency, fmt.Sprintf("%d events a second", perSecond), u)
	return nil
}

// when is how long after the start the i-th event is published.
func when(i, perSecond int) time.Duration {
	return time.Duration(i) * time.Second / time.Duration(perSecond)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// inTurn returns n events as messages.
func inTurn(n int, of func(i int) events.Event) ([]*nats.Msg, error) {
	msgs := make([]*nats.Msg, n)
	for i := range msgs {
		var err error
		if msgs[i], err = message(of(i)); err != nil {
			return nil, err
		}
	}
	return msgs, nil
}

// publishByClock publishes messages at a steady rate. late is by how many ms each
// missed its time.
func publishByClock(ctx context.Context, s *stack, msgs []*nats.Msg, perSecond int) (start time.Time, late []float64, err error) {
	acks := newAcks()
	start = time.Now().Add(200 * time.Millisecond).Round(0) // the sink reads the wall clock too
	for i, m := range msgs {
		due := start.Add(when(i, perSecond))
		select {
		case <-ctx.Done():
			return start, nil, ctx.Err()
		case <-time.After(time.Until(due)):
		}
		late = append(late, ms(time.Since(due)))
		if err := acks.send(s.js, m); err != nil {
			return start, nil, err
		}
	}
	return start, late, acks.wait(ctx)
}

// addMailCost adds what an email cost on its way from the event, where that has an
// aim.
func (b *bench) addMailCost(c cost, perSecond int) {
	b.report.CPU = append(b.report.CPU, c)
	if perSecond != rates[0] {
		return
	}
	r := row{Part: partLatency, What: fmt.Sprintf("CPU an event to its email, %d/s", perSecond), Unit: millis, Homing: c.Total / 1000}
	r.judge(fmt.Sprintf("≤ %.1f ms", busyMail), r.Homing <= busyMail)
	b.report.add(r)
}

// latencyAims are the p50 and p99 aimed at, in ms, by the rate.
var latencyAims = map[int][2]float64{200: {4, 14}, 1000: {15, 50}}

func (b *bench) addLatency(took, late []float64, perSecond int) {
	slices.Sort(took)
	slices.Sort(late)
	aims := latencyAims[perSecond]
	for _, p := range []struct {
		name       string
		share, aim float64
	}{{"p50", 0.5, aims[0]}, {"p90", 0.9, 0}, {"p99", 0.99, aims[1]}, {"max", 1, 0}} {
		r := row{Part: partLatency, What: fmt.Sprintf("event → mail, %s", p.name), Unit: millis, Homing: percentile(took, p.share)}
		if perSecond != rates[0] {
			r.What += fmt.Sprintf(", %d/s", perSecond)
		}
		if p.aim != 0 {
			r.judge(fmt.Sprintf("≤ %.0f ms", p.aim), r.Homing <= p.aim)
		}
		b.report.add(r)
	}
	b.report.add(row{Part: partLatency, What: fmt.Sprintf("of it the publisher's own delay, p99, %d/s", perSecond), Unit: millis,
		Homing: percentile(late, 0.99)})
}
