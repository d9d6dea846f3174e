package app

import (
	"context"
	"time"

	"homing/events"
	"homing/pkg/calendar"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/roster"
)

// audiencesJob tells who came into the audiences of a store and who left them, two hours
// after the statistics that say who belongs in a segment.
func (a *App) audiencesJob() calendar.Job {
	publish := calendar.ToStorefront(a.nc)
	told := func(ctx context.Context, es []events.Event) error {
		err := publish(ctx, es)
		if err == nil {
			for _, e := range es {
				a.calendarTold(e.Type)
			}
		}
		return err
	}
	return calendar.Job{Name: "audiences", At: 5 * time.Hour, Run: func(ctx context.Context, store string, night time.Time) error {
		names := a.o.Config.Stores[store].Audiences
		if len(names) == 0 {
			return nil
		}
		if err := a.statistics.Update(ctx, store); err != nil { // another process may have computed them
			return err
		}
		return roster.New(roster.Options{
			JS: a.js, Customers: a.customers, People: a.people, Publish: told, Now: func() time.Time { return a.o.Scale.Real(a.o.Scale.Now()) },
			In: a.inAudiences, Log: a.log.Named("audiences"),
		}).Tell(ctx, store, night, names)
	}}
}

func (a *App) inAudiences(store string, who *customer.Customer, names []string) ([]bool, error) {
	p := &programme.Person{Store: a.stores[store], Customer: who, Products: a.products(store),
		Address: func(email string) string { return a.identity.Address(store, email) }}
	return p.Audiences(names, a.o.Scale.Now())
}
