package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"homing/events"
	"homing/pkg/announcement"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/projection"
)

// planningAim is how many recipients of an announcement are to be planned a second.
const planningAim = 20_000

// rolesAnnounce is all that an announcement needs.
var rolesAnnounce = []string{announcement.Worker}

// runAnnouncement measures how fast an announcement is put on the schedule, whether it gets
// slower while it goes on, and what memory that takes.
func (b *bench) runAnnouncement(ctx context.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	if err := b.fillWithCustomers(ctx, s, b.crowd); err != nil {
		return err
	}
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesAnnounce, Announce: true})
	if err != nil {
		return err
	}
	defer h.child.stop()
	if err := b.profiles(h.child, partAnnouncement); err != nil {
		return err
	}
	if err := b.profiles(s.nats, partAnnouncement+"-nats"); err != nil {
		return err
	}
	b.progress("announcement: %d recipients are put on the schedule", b.crowd)
	m := meterOf(s.pids())
	m.add("homing", h.ready.PID)
	f := watchForest(map[string]int{"homing": h.ready.PID, "nats": s.nats.ready.PID, "redis": s.redis.ready.PID})
	tomorrow := time.Now().UTC().Add(time.Hour)
	d := newsletter()
	d.Zone, d.At = "UTC", announcement.When{Date: localtime.DateOf(tomorrow), Clock: localtime.ClockOf(tomorrow)}
	began := time.Now()
	steps, err := planned(ctx, s, d, b.crowd)
	took := time.Since(began)
	used := f.stop()
	if err != nil {
		return err
	}
	what := thousands(float64(b.crowd)) + " recipients of an announcement"
	b.report.CPU = append(b.report.CPU, m.cost(partAnnouncement, what+", each put on the schedule", b.crowd))
	if err := exactly(ctx, s, bus.ScheduleStream(announcement.Worker), "", b.crowd); err != nil {
		return err
	}
	r := row{Part: partAnnouncement, What: what + ", put on the schedule", Unit: perSecond, Homing: rate(b.crowd, took)}
	r.judge(fmt.Sprintf("≥ %s/s", thousands(planningAim)), r.Homing >= planningAim)
	b.report.add(r)
	r = row{Part: partAnnouncement, What: what + ", each tenth a second", Unit: perSecond, Series: steps, Homing: steps[len(steps)-1]}
	b.report.add(r)
	for _, name := range used.names() {
		r := row{Part: partAnnouncement, What: what + ", memory of " + name + " at first and after each quarter", Unit: mebibytes, Series: used.quarters(name)}
		r.Homing = r.Series[len(r.Series)-1]
		if name == "homing" {
			r.judge("flat", r.Homing <= flatness*r.Series[1])
		}
		b.report.add(r)
	}
	if _, err := h.stop(); err != nil {
		return err
	}
	return nil
}

// newsletter is an announcement to everybody, at once.
func newsletter() announcement.Definition {
	return announcement.Definition{ID: "spring", Store: storeID, Template: announcement.Worker + "/newsletter"}
}

// planned sends an announcement off, waits until all of its n recipients are on the
// schedule, and returns how many a second were in each tenth of them, by what its entry says.
func planned(ctx context.Context, s *stack, d announcement.Definition, n int) ([]float64, error) {
	entries := announcement.Entries{JS: s.js}
	if _, err := entries.Create(ctx, d, time.Now()); err != nil {
		return nil, err
	}
	type mark struct {
		at   time.Time
		done int
	}
	marks := []mark{{time.Now(), 0}}
	err := until(ctx, "recipients to be planned", n+1, func() (int, error) {
		select { // a look costs the server something, too
		case <-ctx.Done():
		case <-time.After(min(200*time.Millisecond, time.Duration(n)*2*time.Microsecond)):
		}
		a, err := entries.Get(ctx, d.Store, d.ID)
		if err != nil {
			return 0, err
		}
		if a.Problem != "" {
			return 0, broken("the announcement waits: %s", a.Problem)
		}
		if a.Walk.Planned > marks[len(marks)-1].done {
			marks = append(marks, mark{time.Now(), a.Walk.Planned})
		}
		if a.Planned.IsZero() {
			return a.Walk.Planned, nil
		}
		if a.Walk.Planned != n {
			return 0, broken("%d of %d were planned; left out: %v", a.Walk.Planned, n, a.Walk.Left)
		}
		return n + 1, nil
	})
	if err != nil {
		return nil, err
	}
	// when so many were done, between two marks
	when := func(done float64) time.Time {
		i := max(1, slices.IndexFunc(marks, func(m mark) bool { return float64(m.done) >= done }))
		x, y := marks[i-1], marks[i]
		share := (done - float64(x.done)) / float64(y.done-x.done)
		return x.at.Add(time.Duration(share * float64(y.at.Sub(x.at))))
	}
	steps := make([]float64, 10)
	for i := range steps {
		tenth := float64(n) / 10
		steps[i] = tenth / when(float64(i+1)*tenth).Sub(when(float64(i)*tenth)).Seconds()
	}
	return steps, nil
}

// fillWithCustomers folds n customers into Redis, as intake does, without the timeline
// behind it: each said yes to email, and ordered once.
func (b *bench) fillWithCustomers(ctx context.Context, s *stack, n int) error {
	b.progress("%s: %d customers are put into Redis", partAnnouncement, n)
	id, err := customer.NewIdentity(benchSecret)
	if err != nil {
		return err
	}
	into := projection.New(s.rdb, nil)
	at := time.Now().Add(-60 * 24 * time.Hour)
	g, folding := errgroup.WithContext(ctx)
	g.SetLimit(2)
	const batch = 500
	for from := 0; from < n && folding.Err() == nil; from += batch {
		g.Go(func() error {
			var es []customer.Entry
			for who := from; who < min(n, from+batch); who++ {
				e := order(who, who, 3, at)
				c := &e.Data.(*events.OrderPlaced).Customer
				c.LastName, c.TimeZone = "Fletcher", "Europe/London"
				c.Consent = &events.Consent{Email: events.Subscribed, Confirmed: true, At: &at}
				es = append(es, customer.Entry{Key: id.Key(storeID, c.ID), Event: e})
			}
			return into.Fold(folding, es)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	found, err := countCustomers(ctx, s)
	if err == nil && found != n {
		err = broken("Redis has %d customers, not %d", found, n)
	}
	return err
}
