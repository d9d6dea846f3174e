package app

import (
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/asked"
	"homing/pkg/bus"
	"homing/pkg/codelist"
	"homing/pkg/delivery"
	"homing/pkg/email"
	"homing/pkg/intake"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/render"
	"homing/pkg/schedule"
	"homing/pkg/throughput"
	"homing/pkg/timeline"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/digest"
)

// RoleNames lists the roles there are.
func RoleNames() []string {
	return append([]string{RoleIntake, RoleCalendar, RoleGateway, RoleConsole}, programme.WorkerNames()...)
}

// openLoops makes the loops of this process's roles, and apart from them those
// that rest on the product statistics.
func (a *App) openLoops() (loops, waiting []*bus.Loop) {
	split := bus.PartitionsOf(a.js)
	if a.sendsDigests() {
		for p := range split.Count() { // few: whatever partitions are this process's
			loops = append(loops, a.dueLoop(split, digest.Kind, p))
		}
	}
	if slices.Contains(a.o.Roles, RoleIntake) {
		// Three calls: one waits for Redis, one for NATS, and one has something to do.
		// Larger batches are cheaper by little, and are held four times.
		loops = append(loops, a.loop(bus.IntakeConsumer, bus.Storefront, a.intake().Handle, 768, 3, nil))
		for _, p := range a.o.Partitions {
			loops = append(loops, a.loop(split.Erase(p), split.Timeline(p), a.eraser().Handle, 32, 1, nil))
		}
	}
	for _, p := range a.o.Partitions {
		more, later := a.openPartition(split, p)
		loops, waiting = append(loops, more...), append(waiting, later...)
	}
	return loops, waiting
}

// openPartition makes the loops of the workers of this process in one partition. Those of
// a partition have a desk and deliveries of their own: they wait for no other's streams.
func (a *App) openPartition(split bus.Partitions, p int) (loops, waiting []*bus.Loop) {
	desk := &schedule.Desk{Decode: a.decoder()}
	for _, k := range programme.Kinds {
		if !slices.Contains(a.o.Roles, k.Name) {
			continue
		}
		out := &loops
		if a.rests(k) {
			out = &waiting
		}
		if !k.ByHand {
			planner := a.planner(k)
			planner.Partition = p
			desk.Join(planner)
			*out = append(*out, a.loop(split.Plan(k.Name, p), split.Timeline(p), planner.Handle, 1024, 2, nil))
		}
		*out = append(*out, a.dueLoop(split, k, p))
	}
	return loops, waiting
}

// dueLoop is the loop of what falls due of a worker in one partition.
func (a *App) dueLoop(split bus.Partitions, k workers.Kind, p int) *bus.Loop {
	return a.loop(split.Due(k.Name, p), split.Schedule(k.Name, p), a.delivery(k.Name).Handle, dueBatch, dueParallel, a.pausedEverywhere(k.Name))
}

func (a *App) loop(name, stream string, h bus.Handler, batch, parallel int, paused func() (bool, <-chan struct{})) *bus.Loop {
	l := bus.NewLoop(bus.LoopOptions{
		Name: name, Consumer: bus.Consumer(a.js, stream, name), Handler: h, Reject: bus.RejectTo(a.js),
		Missing: func(ctx context.Context) error {
			changes, err := a.Setup(ctx)
			a.tellChanges(changes, a.log.Warn, " again")
			return err
		},
		PullFor: a.o.PullFor, Paused: paused,
		Batch: batch, Parallel: parallel, Log: a.log.Named("loop"), Down: func(error) { a.metrics.waits.WithLabelValues(name).Inc() },
	})
	a.metrics.watch(name, l)
	return l
}

func (a *App) intake() *intake.Intake {
	return intake.New(intake.Options{
		Identity: a.identity, Customers: a.customers.Unhurried(), Timeline: a.timeline(), Stores: programme.StoreNames(a.o.Config), Scopes: programme.Scopes(a.o.Config),
		Business: a.o.Scale.Business, Confirm: a.o.Config.Confirming(),
		Took: a.metrics.took(), Aged: a.metrics.times.aged,
		Rejected: func(x intake.Rejection) {
			a.metrics.rejected.WithLabelValues(string(x.Reason)).Inc()
			a.metrics.events.WithLabelValues(a.metrics.knownType(x.Type), turnedDown).Inc()
			a.rejections.add(x)
		},
		Strays: a.strays, Clicks: a.clicks, People: a.people.Unhurried(), Codes: a.customers.Unhurried(), PassOn: a.passOn,
		Links: linkRules{a}, Warned: a.warn, Unhappy: a.o.Config.Unhappy, Trace: a.tracer,
	})
}

// passOn reports whether a worker of a store gives customers codes to pass on.
func (a *App) passOn(store string) bool {
	return slices.ContainsFunc(a.stores[store].Workers, func(w *programme.Worker) bool {
		return w.Settings.Status != workers.Off && slices.ContainsFunc(w.Emails(), func(s touch.Step) bool { return s.Offer != nil && s.Offer.Personal })
	})
}

func (a *App) planner(k workers.Kind) *schedule.Planner {
	p := &schedule.Planner{
		People: a.people.Unhurried(), Schedule: schedule.New(a.js, a.o.Scale), Timeline: a.timeline(),
		Overlook: overlook(k), Address: a.identity.Address, Mailbox: a.identity.AddressKey, Scale: a.o.Scale, Products: a.products,
		Planned: a.metrics.scheduled(k.Name), Took: a.metrics.times.planned(k.Name), Trace: a.tracer,
	}
	p.Workers, p.Zones = programme.Planning(a.stores, k.Name)
	return p
}

// overlook leaves out what a worker can see at a glance that it does not concern.
func overlook(k workers.Kind) func(jetstream.Msg) bool {
	if k.Overlooks == nil {
		return nil
	}
	return func(m jetstream.Msg) bool {
		_, t := timeline.About(m.Subject())
		return k.Overlooks(t, m.Data())
	}
}

// leaving returns how a worker's emails leave, by store. Its deliveries in all partitions
// share it.
func (a *App) leaving(worker string) map[string]delivery.Route {
	routes, ok := a.leave[worker]
	if ok {
		return routes
	}
	routes = map[string]delivery.Route{}
	for id := range a.routes {
		if by := a.stores[id].Worker(worker).Policy.Channel; by != "" {
			routes[id] = a.byChannel(id, by, worker)
			continue
		}
		routes[id] = delivery.Route{Channel: a.email(id), Connections: a.o.Config.Stores[id].SMTP.Connections, Rate: a.rate(id, worker)}
	}
	a.metrics.worker(worker)
	a.metrics.thirst(worker, routes)
	a.metrics.permits(worker, routes)
	a.leave[worker] = routes
	return routes
}

func (a *App) delivery(worker string) *delivery.Delivery {
	d := delivery.New(delivery.Options{
		Stores: a.stores, Routes: a.leaving(worker), Customers: a.customers, People: a.people, Timeline: a.timeline(), Schedule: schedule.New(a.js, a.o.Scale),
		Products: a.products, Codes: codelist.New(a.js), Address: a.identity.Address, Mailbox: a.identity.AddressKey, Code: a.identity.Code, Take: a.intake().Take,
		Scale: a.o.Scale, Doubt: a.doubt, Log: a.log.Named("delivery"), InFlight: bus.MostInFlight(dueBatch, dueParallel),
		Keep:    a.keep(),
		Decided: a.metrics.decided(worker), Times: a.metrics.times.deliveries(worker), Trace: a.tracer,
		Held:  func(why reason.Reason, _ error) { a.metrics.holds.WithLabelValues(worker, string(why)).Inc() },
		Holds: holds{a.controls.Watch(worker, a.sending(worker)), a}, Clicks: a.waiting, Occasions: a.announcements.Of, Asked: asked.New(a.rdb, a.identity),
	})
	a.sends = append(a.sends, d)
	return d
}

// How many due touches a loop hands over at a time, and how many times at once.
const (
	dueBatch    = 192
	dueParallel = 1
)

// email is the email channel of a store.
func (a *App) email(store string) *email.Channel {
	r, o := a.routes[store], a.looks(store)
	o.DKIM, o.Relay, o.ReturnPath, o.Report, o.Answered = r.dkim, r.relay, a.returnPath(store), a.reportHeader(store), a.metrics.answered(r.relay.Addr())
	return email.New(o)
}

// looks is what the emails of a store are made of, as far as it can be seen in them.
func (a *App) looks(store string) email.Options {
	o := email.Options{
		Store: a.stores[store], Templates: a.templates, Unsubscribe: a.unsubscribeURL, Preferences: a.preferencesURL,
		Confirm: a.confirmURL, View: a.viewURL, Answer: a.answerURL, Leads: a.leads(store),
	}
	if a.js != nil { // a composer has none
		o.Digest = func(now time.Time) (*render.Digest, []mailer.Picture, error) {
			return a.digests.of(store, now, func() (*render.Digest, []mailer.Picture, error) {
				return DigestOf(context.Background(), a.js, a.o.Config, a.stores[store], a.o.Scale, now)
			})
		}
	}
	if a.statistics != nil { // a composer has none
		o.Shop = func() email.Shop {
			return email.Shop(a.statistics.Shop(store))
		}
	}
	return o
}

// sending are the stores in which a worker sends, unless it is paused.
func (a *App) sending(worker string) []string {
	var out []string
	for id, s := range a.stores {
		if status := s.Worker(worker).Settings.Status; status == workers.Live || status == workers.Shadow {
			out = append(out, id)
		}
	}
	return out
}

// rate returns the throughput of a worker in a store. Workers do not share it:
// so each gets its part of the relay, however many of another's emails wait.
func (a *App) rate(store, worker string) *throughput.Throughput {
	c := a.o.Config.Stores[store].Pacing.Throughput
	return a.throughput(store, worker, throughput.Options{
		Relay: a.routes[store].relay.Addr(), PerSecond: c.PerSecond, Burst: c.Burst, PerDomain: c.PerDomain,
		WarmUp: throughput.WarmUp{Start: c.WarmUp.Start.At(0, time.UTC), PerDay: c.WarmUp.PerDay}, Now: a.o.Scale.Now,
		Trouble: a.routes[store].relay.Trouble(),
	})
}

// throughput returns the throughput of a worker in a store, by options that do not say yet
// what the worker sends.
func (a *App) throughput(store, worker string, o throughput.Options) *throughput.Throughput {
	steps := a.stores[store].Worker(worker).Steps
	for _, step := range steps {
		o.Mixed = o.Mixed || step.Class != steps[0].Class
	}
	return throughput.New(a.rdb, o)
}

func (a *App) watchdogs() []*schedule.Watchdog {
	var out []*schedule.Watchdog
	watch := func(worker string, p int) {
		out = append(out, &schedule.Watchdog{JS: a.js, Scale: a.o.Scale, Worker: worker, Partition: p, Log: a.log.Named("schedule")})
	}
	for _, k := range programme.Kinds {
		if !slices.Contains(a.o.Roles, k.Name) {
			continue
		}
		for _, p := range a.o.Partitions {
			watch(k.Name, p)
		}
	}
	if a.sendsDigests() {
		for p := range bus.PartitionsOf(a.js).Count() {
			watch(digest.Name, p)
		}
	}
	return out
}
