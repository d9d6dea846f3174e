package app

import (
	"context"
	"errors"
	"slices"

	"homing/pkg/announcement"
	"homing/pkg/schedule"
)

// lookAtBucket reads what else is in the bucket of what is paused, whenever that changed.
func (a *App) lookAtBucket(ctx context.Context) error {
	return errors.Join(a.heardOfRedis(ctx), a.announcements.Read(ctx))
}

// runAnnouncements puts the touches of announcements on the schedule until ctx ends, if this
// process has their worker.
func (a *App) runAnnouncements(ctx context.Context) {
	if !slices.Contains(a.o.Roles, announcement.Worker) {
		return
	}
	p := announcement.NewPlanner(announcement.Options{
		Board: a.announcements, Entries: announcement.Entries{JS: a.js}, Stores: a.stores, Customers: a.customers, Facts: a.readTimeline(),
		Schedule: schedule.New(a.js, a.o.Scale), Recipients: a.recipients, Ready: a.hasTemplate, Scale: a.o.Scale,
		Planned: a.metrics.scheduled(announcement.Worker), Log: a.log.Named("announcements"),
	})
	a.running.Go(func() { p.Run(ctx) })
}

// recipients finds those of a store's customers.
func (a *App) recipients(_ context.Context, store string) (*announcement.Recipients, error) {
	return &announcement.Recipients{
		Store: a.stores[store], People: a.people.Unhurried(), Products: a.products(store),
		Address: func(email string) string { return a.identity.Address(store, email) },
	}, nil
}

// hasTemplate says why an announcement has no template to be made of.
func (a *App) hasTemplate(d *announcement.Definition) error {
	set := a.pages()
	if set == nil {
		return errors.New("there are no templates yet")
	}
	return a.stores[d.Store].Worker(announcement.Worker).CheckTemplate(set, d.Template)
}
