package app

import (
	"context"
	"slices"

	"homing/events"
	"homing/pkg/calendar"
)

// RoleCalendar is the role that turns dates into events, and runs what is done
// once a day.
const RoleCalendar = "calendar"

// dailyJobs lists what some replica of the calendar does once a day for each store.
func (a *App) dailyJobs() []calendar.Job {
	return []calendar.Job{a.productsJob(), a.erasureJob()}
}

// runCalendar runs the calendar until ctx ends, if that is a role of this process.
func (a *App) runCalendar(ctx context.Context) {
	if !slices.Contains(a.o.Roles, RoleCalendar) {
		return
	}
	for store := range a.stores {
		a.metrics.leftOver.WithLabelValues(store)
	}
	c := calendar.New(calendar.Options{
		Stores: a.calendarStores(), Jobs: a.dailyJobs(),
		CatchUp: a.o.Config.Calendar.CatchUp, DailyLimit: a.o.Config.Calendar.DailyLimit,
		Customers: a.customers, People: a.people, Redis: a.rdb, Publish: calendar.ToStorefront(a.nc), Scale: a.o.Scale, Log: a.log.Named("calendar"),
		Told:     func(t events.Type) { a.metrics.calendar.WithLabelValues(string(t)).Inc() },
		LeftOver: func(store string, n int) { a.metrics.leftOver.WithLabelValues(store).Add(float64(n)) },
	})
	a.running.Go(func() { c.Run(ctx) })
}

// calendarStores says what each store's workers want to be told, unless they are off.
func (a *App) calendarStores() map[string]calendar.Settings {
	out := map[string]calendar.Settings{}
	for id, s := range a.stores {
		set := calendar.Settings{Zone: s.Zone}
		if lead := s.WantsBirthdays(); lead != nil {
			set.Birthdays = &calendar.Birthdays{Lead: *lead}
		}
		if l := s.WantsLapses(); l != nil {
			set.Lapses = &calendar.Lapses{Days: l.Days, Times: l.TimesOwnInterval}
		}
		out[id] = set
	}
	return out
}
