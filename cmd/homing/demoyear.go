package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/announcement"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/demoshop"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/pkg/statistics"
	"homing/pkg/timeline"
	"homing/workers"
)

// demoHoldout is how many customers of the demo get no marketing email, so that it can be
// seen what email does.
const demoHoldout = 0.2

// aheadOf is from when on what customers bought leads to emails about what is to come, such as
// reminders of what runs out.
const aheadOf = 90 * 24 * time.Hour

// mostDemoCustomers bounds what is made up in memory.
const mostDemoCustomers = 20_000

// tellYear fills an installation in which nothing happened yet with the demo's year, before
// Homing starts. It reports whether it did so.
func (p *program) tellYear(ctx context.Context, c *config.Config, s *devServers, customers int) (bool, error) {
	nc, err := s.nats.Connect()
	if err != nil {
		return false, err
	}
	defer nc.Close()
	plain, err := jetstream.New(nc)
	if err != nil {
		return false, err
	}
	js := bus.Split(plain, bus.Partitions(c.NATS.Partitions))
	if _, err := app.SetupStreams(ctx, c, js); err != nil {
		return false, err
	}
	t := timeline.New(js)
	if latest, err := t.Latest(ctx, 1); err != nil || slices.Max(latest) > 0 {
		return false, err // something happened here
	}
	if c.Installation.Holdout == 0 {
		c.Installation.Holdout = demoHoldout
	}
	began := time.Now()
	if !p.asJSON() {
		fmt.Fprintf(p.out, "Demo: making up a year of a shop with %s, which takes some seconds.\n", plural(customers, "customer"))
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // what a year is made of is soon gone
	year, past, err := demoshop.Year(ctx, c, demoStore(c), c.Secret.Reveal(), began, customers)
	if err != nil {
		return false, err
	}
	ahead, _ := slices.BinarySearchFunc(year[:past], began.Add(-aheadOf), func(e customer.Entry, at time.Time) int { return e.Event.Time.Compare(at) })
	all := func(workers.Kind) bool { return true }
	for _, part := range []struct {
		entries []customer.Entry
		over    func(workers.Kind) bool // for whom they lead to nothing
	}{{year[:ahead], all}, {year[ahead:past], func(k workers.Kind) bool { return !k.Ahead }}, {year[past:], nil}} {
		for batch := range slices.Chunk(part.entries, 2000) {
			if err := t.Append(ctx, batch); err != nil {
				return false, err
			}
		}
		if part.over != nil {
			if err := planFromHere(ctx, js, part.over); err != nil {
				return false, err
			}
		}
	}
	if !p.asJSON() {
		fmt.Fprintf(p.out, "Demo: %s, in %v.\n\n", plural(len(year), "event"), time.Since(began).Round(100*time.Millisecond))
	}
	return true, nil
}

// planFromHere has some workers not look at what is on the timeline already: it leads to
// nothing of theirs, and to see so for each entry takes longer than all the rest.
func planFromHere(ctx context.Context, js jetstream.JetStream, which func(workers.Kind) bool) error {
	n := bus.PartitionsOf(js)
	for p := range n.Count() {
		s, err := js.Stream(ctx, n.Timeline(p))
		if err != nil {
			return err
		}
		for _, k := range programme.Kinds {
			if programme.ByHand(k.Name) || !which(k) {
				continue
			}
			c, err := s.Consumer(ctx, n.Plan(k.Name, p))
			if err != nil {
				return err
			}
			from := c.CachedInfo().Config
			from.DeliverPolicy, from.OptStartTime, from.OptStartSeq = jetstream.DeliverNewPolicy, nil, 0
			if err := s.DeleteConsumer(ctx, from.Durable); err != nil {
				return err
			}
			if _, err := s.CreateConsumer(ctx, from); err != nil {
				return err
			}
		}
	}
	return nil
}

// demoAnnouncement is what the demo's shop tells its customers the day after tomorrow, so that
// there is something to see, pause and call off.
func demoAnnouncement(store string, now time.Time) announcement.Definition {
	day := now.AddDate(0, 0, 2)
	return announcement.Definition{
		ID: "new-teas", Store: store, Template: announcement.Worker + "/newsletter", Countries: []string{"GB", "IE"},
		At: announcement.When{Date: localtime.DateOf(day), Clock: 10 * 60},
	}
}

// announces switches announcements on, unless the configuration says something about them.
func announces(c *config.Config) error {
	if c.Workers[announcement.Worker].String() != "" {
		return nil
	}
	on, err := config.Parse("the demo", []byte("workers: {"+announcement.Worker+": {status: live}}"), nil, programme.WorkerNames())
	if err != nil {
		return err
	}
	live := on.Workers[announcement.Worker]
	if c.Workers == nil {
		c.Workers = map[string]config.Section{}
	}
	c.Workers[announcement.Worker] = live
	for id, s := range c.Stores {
		if s.Workers[announcement.Worker].String() == "" {
			if s.Workers = maps.Clone(s.Workers); s.Workers == nil {
				s.Workers = map[string]config.Section{}
			}
			s.Workers[announcement.Worker] = live
			c.Stores[id] = s
		}
	}
	return nil
}

// announceYear sends it off.
func announceYear(ctx context.Context, c *config.Config, js jetstream.JetStream, now time.Time) error {
	_, err := announcement.Entries{JS: js}.Create(ctx, demoAnnouncement(demoStore(c), now), now)
	if errors.Is(err, announcement.ErrUsed) {
		return nil
	}
	return err
}

// countYear has the statistics and numbers of the demo's year computed, which a night would.
func countYear(ctx context.Context, c *config.Config, js jetstream.JetStream) error {
	return statistics.Ask(ctx, js.Conn(), demoStore(c))
}
