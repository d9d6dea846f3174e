package installation

import (
	"context"
	"fmt"

	"homing/pkg/announcement"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Announcements are those of the installation.
func (i *Installation) Announcements() announcement.Entries {
	return announcement.Entries{JS: i.o.JS}
}

// Audience counts whom an announcement would go to if it were planned now. seen is told
// now and then how many customers it has looked at.
func (i *Installation) Audience(ctx context.Context, d announcement.Definition, seen func(n int)) (announcement.Counts, error) {
	var c announcement.Counts
	now := i.o.Scale.Now()
	products, _ := i.products(ctx, d.Store) // what cannot be found out without them says so
	r := &announcement.Recipients{Store: i.stores[d.Store], People: i.people, Products: products, Now: now,
		Address: func(email string) string { return i.identity.Address(d.Store, email) }}
	if _, err := r.For(&announcement.Announcement{Definition: d, Sent: now}); err != nil {
		return c, err
	}
	err := i.customers.Scan(ctx, d.Store, func(batch []customer.Record) error {
		_, err := r.Of(ctx, batch, &c)
		seen(c.Customers)
		return err
	})
	if err != nil {
		return c, fmt.Errorf("counting the customers of store %s: %w", d.Store, err)
	}
	return c, nil
}

// AnnouncementPending counts the touches of an announcement that are pending: on the schedule, and
// fallen due.
func (i *Installation) AnnouncementPending(ctx context.Context, d *announcement.Definition) (scheduled, due int, err error) {
	return i.schedule.Count(ctx, announcement.Worker, d.Store, d.Step(), d.ID)
}

// AnnouncementHeld counts those that are on the schedule again because they were held, by
// reason; see schedule.Held.
func (i *Installation) AnnouncementHeld(ctx context.Context, d *announcement.Definition) (map[reason.Reason]int, error) {
	return i.schedule.Held(ctx, announcement.Worker, d.Store, d.Step(), d.ID)
}

// Outcomes counts what became of the touches of an announcement so far, exactly.
func (i *Installation) Outcomes(ctx context.Context, a *announcement.Announcement, seen func(n int)) (*announcement.Outcomes, error) {
	return announcement.Count(ctx, i.customers, i.timeline, a, i.o.Scale, seen)
}

// occasions says what people decided about the announcements that some touches are of.
func (i *Installation) occasions(ctx context.Context) (touch.Occasions, error) {
	all, err := i.Announcements().All(ctx)
	if err != nil {
		return nil, err
	}
	return announcement.Occasions(all, i.o.Scale.Now), nil
}
