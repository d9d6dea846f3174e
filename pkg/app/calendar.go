package app

import (
	"context"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/calendar"
	"homing/pkg/foresight"
	"homing/pkg/programme"
	"homing/workers"
)

// RoleCalendar is the role that turns dates into events, and runs what is done
// once a day.
const RoleCalendar = "calendar"

// dailyJobs lists what some replica of the calendar does once a day for each store.
func (a *App) dailyJobs() []calendar.Job {
	jobs := []calendar.Job{a.productsJob(), a.numbersJob(), a.erasureJob()}
	if slices.ContainsFunc(programme.StoreNames(a.o.Config), func(store string) bool { return len(a.o.Config.Stores[store].Audiences) > 0 }) {
		jobs = append(jobs, a.audiencesJob())
	}
	return jobs
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
		Told:     a.calendarTold,
		LeftOver: func(store string, n int) { a.metrics.leftOver.WithLabelValues(store).Add(float64(n)) },
	})
	a.running.Go(func() { c.Run(ctx) })
}

// calendarTold counts what the calendar, or a night's work, told.
func (a *App) calendarTold(t events.Type) { a.metrics.calendar.WithLabelValues(string(t)).Inc() }

// calendarStores says what each store's workers want to be told, unless they are off.
func (a *App) calendarStores() map[string]calendar.Settings {
	out := map[string]calendar.Settings{}
	for id, s := range a.stores {
		set := calendar.Settings{Zone: s.Zone}
		if lead := s.WantsBirthdays(); lead != nil {
			set.Birthdays = &calendar.Birthdays{Lead: *lead}
		}
		if l := s.WantsLapses(); l != nil {
			set.Lapses = a.lapses(id, *l)
		}
		out[id] = set
	}
	return out
}

// lapses says when a store's customers have lapsed: by its rule, and by who came back so
// far, as the product statistics of the night know it.
func (a *App) lapses(store string, rule workers.Lapse) *calendar.Lapses {
	return &calendar.Lapses{
		Soonest: rule.After(foresight.Lapse{}, 1),
		Rule: func(ctx context.Context) (calendar.LapseRule, error) {
			if err := a.statistics.Update(ctx, store); err != nil {
				return calendar.LapseRule{}, err
			}
			known := a.statistics.Of(store).ComesBack()
			return calendar.LapseRule{Latest: rule.Latest(known), After: func(orders int) time.Duration { return rule.After(known, orders) }}, nil
		},
	}
}
